//! What a row found, against what was promised.

use std::fmt;

/// What is promised of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    bound: Bound,
    /// What must be reached.
    target: f64,
    /// What would be better still.
    stretch: Option<f64>,
}

/// Which side of the target is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    AtLeast,
    AtMost,
}

impl Goal {
    /// As much as possible, and this at least.
    #[must_use]
    pub fn at_least(target: f64) -> Goal {
        Goal {
            bound: Bound::AtLeast,
            target,
            stretch: None,
        }
    }

    /// As little as possible, and this at most.
    #[must_use]
    pub fn at_most(target: f64) -> Goal {
        Goal {
            bound: Bound::AtMost,
            ..Goal::at_least(target)
        }
    }

    /// With what would be better still.
    #[must_use]
    pub fn with_stretch(self, stretch: f64) -> Goal {
        Goal {
            stretch: Some(stretch),
            ..self
        }
    }
}

/// A figure: one ratio for each pair of measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    name: &'static str,
    goal: Goal,
    ratios: Vec<f64>,
}

impl Figure {
    /// The ratios of a row, or of a part of it, by its name such as `1` or `10a`.
    ///
    /// # Panics
    /// Without a ratio.
    #[must_use]
    pub fn new(name: &'static str, goal: Goal, mut ratios: Vec<f64>) -> Figure {
        assert!(!ratios.is_empty(), "row {name} was not measured");
        ratios.sort_by(f64::total_cmp);
        Figure { name, goal, ratios }
    }

    /// The median of the ratios.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let middle = self.ratios.len() / 2;
        if self.ratios.len().is_multiple_of(2) {
            (self.ratios[middle - 1] + self.ratios[middle]) / 2.0
        } else {
            self.ratios[middle]
        }
    }

    /// Whether what was promised is reached.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        match self.goal.bound {
            Bound::AtLeast => self.ratio() >= self.goal.target,
            Bound::AtMost => self.ratio() <= self.goal.target,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, line: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.ratios[0], self.ratios[self.ratios.len() - 1]);
        write!(
            line,
            "row {}: {:.2} ({least:.2}–{most:.2}) target {:.2} stretch ",
            self.name,
            self.ratio(),
            self.goal.target
        )?;
        match self.goal.stretch {
            Some(stretch) => write!(line, "{stretch:.2}"),
            None => write!(line, "none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(goal: Goal, ratios: &[f64]) -> Figure {
        Figure::new("1", goal, ratios.to_vec())
    }

    #[test]
    fn the_median_counts_and_the_spread_is_shown() {
        let goal = Goal::at_least(0.6).with_stretch(0.85);
        let figure = figure(goal, &[0.9, 0.5, 0.7]);
        assert_eq!(
            figure.to_string(),
            "row 1: 0.70 (0.50–0.90) target 0.60 stretch 0.85"
        );
        assert!(figure.is_reached());
    }

    #[test]
    fn which_side_is_good_depends_on_the_goal() {
        assert!(!figure(Goal::at_least(0.6), &[0.5]).is_reached());
        assert!(figure(Goal::at_most(0.6), &[0.5, 0.6]).is_reached());
    }
}

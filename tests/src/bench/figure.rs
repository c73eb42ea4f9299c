//! What a row found, against what was promised.

use std::fmt;

/// Which side of the target is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// As much as possible.
    AtLeast,
    /// As little as possible.
    AtMost,
}

/// What is promised of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Which side of the target is good.
    pub bound: Bound,
    /// What must be reached.
    pub target: f64,
    /// What would be better still.
    pub stretch: Option<f64>,
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

    fn figure(bound: Bound, ratios: &[f64]) -> Figure {
        let goal = Goal {
            bound,
            target: 0.6,
            stretch: Some(0.85),
        };
        Figure::new("1", goal, ratios.to_vec())
    }

    #[test]
    fn the_median_counts_and_the_spread_is_shown() {
        let figure = figure(Bound::AtLeast, &[0.9, 0.5, 0.7]);
        assert_eq!(
            figure.to_string(),
            "row 1: 0.70 (0.50–0.90) target 0.60 stretch 0.85"
        );
        assert!(figure.is_reached());
    }

    #[test]
    fn which_side_is_good_depends_on_the_goal() {
        assert!(!figure(Bound::AtLeast, &[0.5]).is_reached());
        assert!(figure(Bound::AtMost, &[0.5, 0.6]).is_reached());
    }
}

//! Two things measured in alternation, A B A B, so that what disturbs one disturbs the other.

use std::time::{Duration, Instant};

use super::cpu;

/// Fewer pairs say nothing about the spread.
pub(super) const PAIRS: usize = 5;

/// Work that was done, and what it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// How much: transfers, transactions, updates.
    pub(super) count: u64,
    pub(super) wall: Duration,
    /// CPU time of everybody who took part.
    pub(super) cpu: Duration,
}

/// One side of a comparison.
pub(super) struct Side<'s> {
    pub(super) name: &'s str,
    pub(super) run: Box<dyn FnMut() -> Sample + 's>,
}

impl Sample {
    /// Measures work that this process does.
    pub(super) fn of(count: u64, work: impl FnOnce()) -> Sample {
        let (started, cpu) = (Instant::now(), cpu::own());
        work();
        Sample {
            count,
            wall: started.elapsed(),
            cpu: cpu::own() - cpu,
        }
    }

    /// Two pieces of work, done one after the other for the same things.
    pub(super) fn and(self, other: Sample) -> Sample {
        Sample {
            count: self.count,
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }

    /// The same work, counted in smaller pieces.
    pub(super) fn times(self, pieces: u64) -> Sample {
        Sample {
            count: self.count * pieces,
            ..self
        }
    }

    pub(super) fn per_second(&self) -> f64 {
        self.count as f64 / self.wall.as_secs_f64()
    }

    pub(super) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count as f64
    }

    /// One line for people.
    pub(super) fn words(&self, name: &str) -> String {
        format!(
            "{name} {:.0}/s ({:.1} µs of wall, {:.1} µs of CPU each)",
            self.per_second(),
            1e6 / self.per_second(),
            self.cpu_micros()
        )
    }
}

/// Runs both sides in turn, after one pair that is not counted, and answers the ratios of their rates.
pub(super) fn alternate(pairs: usize, mut ours: Side<'_>, mut other: Side<'_>) -> Vec<f64> {
    (0..=pairs)
        .filter_map(|pair| {
            let (one, two) = ((ours.run)(), (other.run)());
            let ratio = one.per_second() / two.per_second();
            let name = match pair {
                0 => "warm-up".to_owned(),
                _ => format!("pair {pair}"),
            };
            println!(
                "  {name}: {} · {} · ratio {ratio:.2}",
                one.words(ours.name),
                two.words(other.name)
            );
            (pair > 0).then_some(ratio)
        })
        .collect()
}

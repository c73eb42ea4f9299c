//! Row 16: seconds of `scripts/localnet` on the embedded engine, after the build: from nothing to a block at each of
//! four departments, and down and up again.

use super::Row;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::localnet::Localnet;
use crate::engine::Engine;

pub(super) const ROW: Row = Row {
    number: 16,
    title: "seconds of scripts/localnet after the build: founding and first blocks (a), down and up again (b)",
    measure,
};

fn measure() -> Vec<Figure> {
    let (first, again): (Vec<f64>, Vec<f64>) = (0..PAIRS)
        .map(|_| {
            let localnet = Localnet::new(Engine::Embedded);
            let first = localnet.up().as_secs_f64();
            let (down, up) = (localnet.down().as_secs_f64(), localnet.up().as_secs_f64());
            println!("  founded and up {first:.1} s, down {down:.1} s, up again {up:.1} s");
            (first, down + up)
        })
        .unzip();
    vec![
        Figure::new("16a", Goal::at_most(5.0), first),
        Figure::new("16b", Goal::at_most(3.0), again),
    ]
}

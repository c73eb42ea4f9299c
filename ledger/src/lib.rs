//! Polity.

pub mod merkle;

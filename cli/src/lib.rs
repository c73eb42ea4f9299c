//! Polity.

//! How long the seeded and repeated trials run.

/// Set to anything by `scripts/test --deep`.
const VARIABLE: &str = "POLITY_DEEP";

/// So many rounds in the short form, or in the long one where that is asked for.
pub fn rounds(short: usize, deep: usize) -> usize {
    match std::env::var_os(VARIABLE) {
        Some(_) => deep,
        None => short,
    }
}

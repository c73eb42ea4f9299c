//! Separation of duties: what nobody may hold, or do, together.

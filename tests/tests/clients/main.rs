//! Clients that know nothing of us speak with networks of ours, on either engine.

mod answers;
mod light;
mod programs;
mod shape;

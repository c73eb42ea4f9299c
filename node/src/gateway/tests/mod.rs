//! The gateway over a real socket, before a small ledger and a small engine.

mod bad_input;
mod broadcasts;
mod comet_forwarding;
mod cors;
mod golden;
mod limits;
mod operator;
mod server;
mod tls;
mod websockets;
mod wire;

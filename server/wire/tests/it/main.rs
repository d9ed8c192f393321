//! The contract from outside: every message and every rule as the pinned vectors have it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod control_vectors;
mod hex;
mod lane_vectors;
mod left_out;
mod messages;
mod route_vectors;
mod sockets_control_vectors;
mod sockets_vectors;
mod vectors;

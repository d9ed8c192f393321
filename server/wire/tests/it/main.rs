//! The contract from outside: every message and every rule as the pinned vectors have it.

mod control_vectors;
mod left_out;
mod route_vectors;
mod vectors;

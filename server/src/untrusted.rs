//! Every parser that the network reaches, as a function of bytes that checks what must hold whatever they are.
//!
//! The property tests of `tests/untrusted.rs` call them in every `cargo test`, the fuzzers of `server/fuzz` for as long as
//! one likes (`cargo xtask fuzz`). Each returns when all is well, and panics when it is not.
//!
//! - `control`: control messages, both ways, and what they do to a session;
//! - `frames`: WebSocket frames, in whatever pieces they arrive;
//! - `headers`: who is calling, from where, and whether that is admitted;
//! - `lane`: datagrams of a lane, and reports of what came on it;
//! - `query`: the target and the resume token of `/relay?…`;
//! - `sockets`: requests and datagrams of `/sockets`, and what they do to two sessions that share a loopback.
//!
//! The head of a request is hyper's to parse; `tests/attacks.rs` sends it to a running host.

mod control;
mod frames;
mod headers;
mod lane;
mod query;
mod sockets;

pub use control::control;
pub use frames::frames;
pub use headers::headers;
pub use lane::lane;
pub use query::query;
pub use sockets::sockets;

/// Refusals go to the log and to terminals: nothing in them may move a cursor or begin a new line.
fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

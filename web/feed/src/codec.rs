//! Control messages between JSON and the types of [`wire::control`]: what the reading and the writing of all of them share.
//!
//! The types are the contract and their serde form is the host's; here is the same form once more, small enough for a
//! page. The tests of each module hold the two against each other.

mod events;
mod fields;
mod hello;
mod lab;
mod write;

#[cfg(feature = "samples")]
pub mod samples;

pub use events::{events, write_event};
pub use fields::{Fields, Unreadable, read};
pub use hello::{hello, options};
pub use lab::{impairment, lab, only, read_lab, read_rules, rules, rules_object};
pub use write::Object;

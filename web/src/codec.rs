//! Control messages between JSON and the types of [`wire::control`].
//!
//! The types are the contract and their serde form is the host's; here is the same form once more, small enough for a
//! page. The tests hold the two against each other.

mod decode;
mod encode;
mod fields;

pub use decode::decode;
pub(crate) use decode::events;
pub use encode::encode;
pub(crate) use fields::Fields;
pub use fields::Unreadable;
pub(crate) use fields::read;

#[cfg(test)]
mod tests;

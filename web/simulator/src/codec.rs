//! Control messages between JSON and the types of [`wire::control`], as a host sees them: it reads what clients write.

mod client;
mod host;

pub use client::read;
pub use host::write;

#[cfg(test)]
mod tests;

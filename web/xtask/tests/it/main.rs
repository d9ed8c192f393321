//! The xtask as a program, and the documents that it keeps.

mod ci;
mod crates;
mod documents;
mod left_out;
mod machines;

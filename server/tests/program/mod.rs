//! Programs as their users run them: our own binary, and strangers' ones.

// Each test program uses a part of this.
#![allow(unused_imports)]

pub(crate) use test_support::program::{Finished, Program, strangers};
pub(crate) use test_support::{PATIENCE, has};

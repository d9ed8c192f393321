//! What the xtask makes in release, as somebody gets it. `cargo verify` runs these with the feature `builds`.

#[cfg(unix)]
mod demo;
mod dist;

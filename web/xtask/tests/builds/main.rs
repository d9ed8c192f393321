//! What the xtask makes in release, as somebody gets it. `cargo verify` runs these with the feature `builds`, and the packages with
//! `packages`.

#[cfg(unix)]
mod demo;
mod dist;
#[cfg(all(unix, feature = "packages"))]
mod packages;
#[cfg(unix)]
mod started;
mod workflows;

//! Has the host built again when `cargo xtask bundle` made another bundle. It runs no cargo: the bundle is made before.

fn main() {
    // Without a bundle, cargo's own rule is the right one: it looks at every file of the package, and so sees a new one.
    if std::path::Path::new("bundle").is_dir() {
        println!("cargo::rerun-if-changed=bundle");
        println!("cargo::rerun-if-changed=build.rs");
    }
}

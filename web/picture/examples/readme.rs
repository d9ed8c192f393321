//! Draws the picture of the README: `cargo xtask picture` records a run and calls this.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("run");
    let trace = std::fs::read_to_string(folder.join("run.json"))?;
    for (name, width) in udp_echo_picture::document::FILES {
        let path = folder.join(name);
        std::fs::write(&path, udp_echo_picture::document::document(&trace, width)?)?;
        println!("{}", path.display());
    }
    Ok(())
}

//! The chunk `runs` of `<udp-echo>`: whole runs as the core has written them, to be shown again or saved. The core asks the
//! loader for it, and calls the functions below.
//!
//! - [`replayed`]: a host that repeats what was recorded, over the wire protocol ([`player`], [`trace`]);
//! - [`save`]: a run as a capture ([`mod@capture`]).

use js_sys::Function;
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::dom;
use wasm_bindgen::prelude::*;

pub mod player;

pub mod trace;

pub mod capture;

#[cfg(test)]
mod rehearsal;

pub use player::Player;

/// Begins to show a recorded run.
///
/// # Errors
/// The name of the field that is missing or of another kind.
#[wasm_bindgen]
pub fn replayed(trace: &str, tell: Function) -> Result<Player, JsValue> {
    let recording = trace::read(trace)?;
    Ok(Player::new(recording, Tell::new(tell)))
}

/// Gives the reader a capture of a run, as a file.
#[wasm_bindgen]
pub fn save(trace: &str, application: &str) {
    if let Ok(file) = capture::capture(trace, application) {
        dom::download("udp-echo.pcapng", &file);
    }
}

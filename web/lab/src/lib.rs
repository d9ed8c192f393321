//! The chunk `lab` of `<udp-echo>`: what only the views `lab` and `full`, a simulated host, a recording or a capture
//! need. The core asks the loader for it, and calls the functions below.
//!
//! - [`simulated`] and [`replayed`]: hosts that need no network, over the wire protocol ([`host`]);
//! - [`link()`]: the attributes of a link ([`attributes`]);
//! - [`save`]: a run as a capture ([`mod@capture`]);
//! - [`panel()`]: the lab's [`bench`], drawn from a feed.

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod codec;
pub mod trace;
pub mod words;

pub mod attributes;
pub mod bench;
pub mod capture;

pub mod host;
pub mod panel;

#[cfg(test)]
mod rehearsal;

pub use host::Host;
pub use panel::Panel;

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(&place, Act::new(act))
}

/// A simulated host, which says hello at once. The same seed, a number of 64 bits as text, gives the same fates.
#[wasm_bindgen]
pub fn simulated(seed: &str, tell: Function) -> Host {
    Host::simulated(seed.parse().unwrap_or_default(), tell)
}

/// Begins to show a recorded run.
///
/// # Errors
/// The name of the field that is missing or of another kind.
#[wasm_bindgen]
pub fn replayed(trace: &str, tell: Function) -> Result<Host, JsValue> {
    let recording = trace::read(trace)?;
    Ok(Host::replayed(recording, tell))
}

/// Reads the attributes of a link, an object of JSON, and asks for it.
#[wasm_bindgen]
pub fn link(attributes: &str, act: Function) {
    let act = Act::new(act);
    let (up, down) = attributes::read(attributes, |complaint| act.tell("complain", complaint));
    act.tell("control", codec::lab(&up, &down, None));
}

/// Gives the reader a capture of a run, as a file.
#[wasm_bindgen]
pub fn save(trace: &str, application: &str) {
    if let Ok(file) = capture::capture(trace, application) {
        dom::download("udp-echo.pcapng", &file);
    }
}

//! The chunk `lab` of `<udp-echo>`: the [`bench`] at which a reader sets the session's own link and server, drawn from a
//! feed by [`panel()`].

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod bench;
pub mod panel;
pub mod words;

pub use panel::Panel;

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(&place, Act::new(act))
}

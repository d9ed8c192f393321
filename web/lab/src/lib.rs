//! The chunk `lab` of `<udp-echo>`: where a reader sets the session's own link and server, and sees the effect.
//!
//! - [`mod@bench`]: what is set, and the messages that ask the host for it, pure;
//! - [`sliders`]: the four numbers that a reader changes first, pure;
//! - [`effect`]: what became of the newest datagrams, pure;
//! - [`words`]: the words of the panel;
//! - [`mod@panel`]: puts it on the page, from a feed.

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod bench;
pub mod effect;
pub mod panel;
pub mod sliders;
pub mod words;

pub use panel::Panel;

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(&place, Act::new(act))
}

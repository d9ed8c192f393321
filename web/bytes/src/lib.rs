//! The chunk `bytes` of `<udp-echo>`: the bytes of a datagram, and the ruler of its size. Loaded by `view="full"` only.
//!
//! - [`notation`]: what is wrong with a message, and where; [`hex`] and [`escaped`]: the two notations it is written in;
//! - [`editor`]: the message while it is written;
//! - [`size`]: the ruler's scale and marks, fragments and their odds;
//! - [`stage`] and [`header`]: a datagram as it was sent and as it came back, and the eight bytes in front;
//! - [`mod@dump`]: rows of hex and text;
//! - [`address`]: where from and where to;
//! - [`lines`]: literals and commands to copy;
//! - [`state`]: all of it together, pure, in [`words`];
//! - [`mod@panel`]: puts it on the page.
//!
//! For tests and styles, inside the shadow root, beside parts: each remark has `data-sign` (`turned`, `cut`), each mark of
//! the ruler a button with `data-size`, each line to copy a button with `data-copy`.

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod notation;

pub mod escaped;
pub mod hex;

pub mod editor;
pub mod size;

pub mod address;
pub mod header;
pub mod stage;

pub mod dump;
pub mod lines;

pub mod state;
pub mod words;

pub mod panel;

pub use panel::Panel;

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(&place, Act::new(act))
}

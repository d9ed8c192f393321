//! The chunk `picture` of `<udp-echo>`: the space-time diagram with its steps, and the strips below it.
//!
//! Browser, relay and server stand side by side, and time runs downwards. The slope of a stroke is delay. Strokes that cross
//! are reordering, a fork is a duplicate, a stroke that ends in a cross is a loss. A dotted bracket is a wait without an answer.
//!
//! From a run to a picture, all of it pure:
//!
//! - [`sketch`]: strokes, signs and waits, at times;
//! - [`scale`]: which time stands at which height, and the ruler;
//! - [`layout`]: lines and texts with heights, none of which covers another;
//! - [`steps`]: the run as single steps;
//! - [`frame`]: which part of it is looked at;
//! - [`strips`]: round trips and the books;
//! - [`words`]: all of that as words;
//! - [`drawing`]: all of that as shapes;
//! - `document`: a recorded run as a file, for documents; not in a page's module;
//! - [`panel()`]: puts it on the page, from a feed.

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod sketch;

pub mod layout;
pub mod scale;

pub mod frame;
pub mod steps;

pub mod strips;

pub mod words;

pub mod drawing;

#[cfg(not(target_arch = "wasm32"))]
pub mod document;

pub mod panel;

pub use panel::Panel;

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(&place, Act::new(act))
}

#[cfg(test)]
mod tests;

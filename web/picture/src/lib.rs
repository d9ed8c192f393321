//! The chunk `picture` of `<udp-echo>`: the space-time diagram with its steps, and the strips below it.
//!
//! Relay and server stand side by side, and time runs downwards; a strip beside the relay shows what comes from the browser and
//! what goes to it. The slope of a stroke is delay. Strokes that cross are reordering, a fork is a duplicate, a stroke that ends
//! in a cross is a loss, a bar on a lane is a wait in the link's queue. A dotted bracket is a wait without an answer.
//!
//! From a run to a picture, all of it pure:
//!
//! - [`way`]: when a datagram was where, and how long flights take;
//! - [`sketch`]: strokes, signs and waits, at times;
//! - [`scale`]: which time stands at which height, and the ruler;
//! - [`picture`]: lines and texts with heights;
//! - [`labels`]: where its words stand, so that none covers another;
//! - [`layout`]: from a sketch to a picture;
//! - [`steps`]: the run as single steps;
//! - [`frame`]: which part of it is looked at;
//! - [`strips`]: round trips and fates;
//! - [`words`]: all of that as words;
//! - [`drawing`]: all of that as shapes;
//! - `document`: a recorded run as a file, for documents; not in a page's module;
//! - [`panel()`]: puts it on the page, from a feed.

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod sketch;
pub mod way;

pub mod labels;
pub mod layout;
pub mod picture;
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

//! The chunk `motion` of `<udp-echo>`: a dot for each datagram travels browser – relay – server and back, in slow motion. Loaded
//! after the first datagram has ended, so that it delays no echo.
//!
//! From a run to a moment of the film, all of it pure:
//!
//! - [`course`]: where each copy went between relay and server, at times of the host's clock;
//! - [`film`]: those courses in slow motion, the hops of the browser added, and [`Film::frame`](film::Film::frame): where every dot
//!   is at a time;
//! - [`moments`]: what happens in a film, and when;
//! - [`player`]: which datagrams are shown, when the film begins and when it rests;
//! - [`words`]: all of that as sentences;
//! - [`mod@panel`]: puts it on the page, from a feed.
//!
//! Only the host's clock is to scale. What lies between browser and relay takes the same time in every film, and the panel says so.

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod course;
pub mod film;
pub mod moments;
pub mod panel;
pub mod player;
pub mod words;

pub use panel::Panel;

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(&place, Act::new(act))
}

#[cfg(test)]
mod tests;

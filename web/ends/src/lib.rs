//! The chunk `ends` of `<udp-echo>`: what a reader sees of an element with a role, which is a UDP program of the page's own. The
//! chunk `sockets` runs the program, and tells what there is to show. The datagrams of a program of `<udp-run>` are drawn here, too:
//! its record (`www/run/udp-run-record.js`) tells what there is of them.
//!
//! - [`shown`]: what is told;
//! - [`ladder`]: the picture of both ends, pure;
//! - [`words`]: the words of the frame;
//! - [`mod@panel`]: puts all of it on the page, and turns what the reader does into acts.
//!
//! | act | value | |
//! |---|---|---|
//! | `start`, `stop` | | of a server |
//! | `port` | number | has a server bind this one; 0 any |
//! | `buffer`, `empty` | true or false | what a server answers |
//! | `draft` | text | what stands in a client's field |
//! | `send` | | sends it |
//! | `connect` | true or false | whether a client connects before it sends |
//! | `retry`, `simulate`, `clear` | | as in the core |
//! | `pick` | number, as text | a datagram of a program of `<udp-run>`: its bytes are wanted |

use js_sys::Function;
use udp_echo_feed::chunk::Act;
use wasm_bindgen::prelude::*;
use web_sys::Element;

pub mod ladder;
pub mod panel;
pub mod shown;
pub mod words;

pub use panel::{Panel, Program};

/// Begins to draw in a place.
#[wasm_bindgen]
pub fn panel(place: Element, act: Function) -> Panel {
    Panel::new(place, Act::new(act))
}

/// Begins to draw the datagrams of a program in a place.
#[wasm_bindgen]
pub fn program(place: &Element, act: Function) -> Program {
    Program::new(place, Act::new(act))
}

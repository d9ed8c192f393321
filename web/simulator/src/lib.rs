//! The chunk `simulator` of `<udp-echo>`: what a session without a network needs, and one with a link of its own, in whatever
//! view. The core asks the loader for it, and calls the functions below.
//!
//! - [`simulated`]: a host that needs no network, over the wire protocol ([`host`], [`codec`]);
//! - [`link()`]: the attributes of a link ([`attributes`]).

use js_sys::Function;
use udp_echo_feed::chunk::{Act, Tell};
use wasm_bindgen::prelude::*;

pub mod host;

pub mod codec;

pub mod attributes;

pub use host::Host;

/// A simulated host, which says hello at once. The same seed, a number of 64 bits as text, gives the same fates.
#[wasm_bindgen]
pub fn simulated(seed: &str, tell: Function) -> Host {
    Host::new(seed.parse().unwrap_or_default(), Tell::new(tell))
}

/// Reads the attributes of a link, an object of JSON, and asks for it.
#[wasm_bindgen]
pub fn link(attributes: &str, act: Function) {
    let act = Act::new(act);
    let (up, down) = attributes::read(attributes, |complaint| act.tell("complain", complaint));
    act.tell("control", udp_echo_feed::codec::lab(&up, &down, None));
}

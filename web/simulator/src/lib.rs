//! The chunk `simulator` of `<udp-echo>`: the host that needs no network, for sessions without a live one, in whatever view. The
//! core asks the loader for it, and calls [`simulated`]; host and core speak the wire protocol ([`host`]).

use js_sys::Function;
use udp_echo_feed::chunk::Tell;
use wasm_bindgen::prelude::*;

pub mod host;

pub use host::Host;

/// A simulated host, which says hello at once. The same seed, a number of 64 bits as text, gives the same fates.
#[wasm_bindgen]
pub fn simulated(seed: &str, tell: Function) -> Host {
    Host::new(seed.parse().unwrap_or_default(), Tell::new(tell))
}

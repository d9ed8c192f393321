//! The chunk `machine` of `<udp-echo>`: the host of `/sockets` that needs no network, for sessions without a live one. Who needs it
//! asks the loader for it, and calls [`simulated_sockets`]; both sides speak the protocol of `/sockets` ([`host`]).

use js_sys::Function;
use udp_echo_feed::chunk::Tell;
use wasm_bindgen::prelude::*;

pub mod host;

pub use host::{Host, Time};

/// A session on this page's simulated machine, which says hello at once: on a loopback of its own, on that of the session with
/// this token, or, for `page`, on the one that the elements and the programs of the page have in common. The seed, a number of 64 bits as text, gives the same losses; that of the first session draws the machine's
/// addresses and ports, too.
///
/// # Errors
/// No running session of this page has the token.
#[wasm_bindgen]
pub fn simulated_sockets(seed: &str, loopback: &str, tell: Function) -> Result<Host, JsValue> {
    Host::new(seed.parse().unwrap_or_default(), loopback, Tell::new(tell))
}

/// Takes the time of this page's machine into the page's hands: it stands still until the page lets it go on. `told` is called when
/// something comes to be due meanwhile. The seed is that of the first session, if there is none yet.
#[wasm_bindgen]
pub fn hold_time(seed: &str, told: Function) -> Time {
    Time::hold(seed.parse().unwrap_or_default(), told)
}

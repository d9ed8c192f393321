//! Why a relay lets nobody in, as far as it can be found out.
//!
//! A script never learns why a WebSocket failed. The loader asks what else may know: the host's `/relay.json`, the
//! browser's policies, a second handshake. `judge` in `www/element/udp-echo-why.js` does that, and this is its answer.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The loader's function that finds out why there is no session at a relay, for the connection with this number. It is
    /// asynchronous, and throws nothing.
    #[derive(Debug)]
    pub type Explain;

    #[wasm_bindgen(method, js_name = call)]
    /// Asks; the answer comes to the widget's `explained`, if there is one.
    pub fn explain(this: &Explain, that: &JsValue, relay: &str, connection: u32);
}

/// Why no session can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// A short name of the cause, which does not change.
    pub code: String,
    /// A sentence.
    pub why: String,
    /// What would change it; empty when there is nothing to add.
    pub setting: String,
}

impl Verdict {
    /// Whether it is over by itself in a while: then it is worth trying again.
    pub fn is_passing(&self) -> bool {
        self.code == "busy"
    }
}

//! Hosts that need no network. They are sent what a WebSocket would be sent, and answer with what one would bring.

use bytes::Bytes;
use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::codec;
use crate::trace::Recording;
use replayed::Replayed;
use simulated::Simulated;

mod replayed;
mod simulated;

/// A host of one session.
#[wasm_bindgen]
pub struct Host(Kind);

enum Kind {
    Simulated(Simulated),
    Replayed(#[expect(dead_code, reason = "it lives as long as the session does")] Replayed),
}

#[wasm_bindgen]
impl Host {
    /// Takes a control message as text, or a datagram as bytes.
    pub fn send(&self, data: JsValue) {
        // A recording hears nothing.
        let Kind::Simulated(host) = &self.0 else {
            return;
        };
        match data.as_string() {
            // What a live host would end the session for does not come from the core.
            Some(text) => drop(codec::read(&text).map(|message| host.control(&message))),
            None => host.datagram(Bytes::from(Uint8Array::new(&data).to_vec())),
        }
    }
}

impl Host {
    /// See [`crate::simulated`].
    pub(crate) fn simulated(seed: u64, tell: Function) -> Self {
        Self(Kind::Simulated(Simulated::new(seed, Tell(tell))))
    }

    /// See [`crate::replayed`].
    pub(crate) fn replayed(recording: Recording, tell: Function) -> Self {
        Self(Kind::Replayed(Replayed::new(recording, Tell(tell))))
    }
}

/// The way to the core: a message, the time at which it came when that is not now, and whether it is the client's own.
struct Tell(Function);

impl Tell {
    fn control(&self, text: &str, at: Option<f64>) {
        self.tell(&JsValue::from_str(text), at, false);
    }

    fn datagram(&self, bytes: &[u8], at: Option<f64>, is_sent: bool) {
        self.tell(&Uint8Array::from(bytes), at, is_sent);
    }

    fn tell(&self, data: &JsValue, at: Option<f64>, is_sent: bool) {
        // It only puts it into a queue, and throws nothing.
        let _ = self
            .0
            .call3(&JsValue::NULL, data, &at.into(), &is_sent.into());
    }
}

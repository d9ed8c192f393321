//! What a panel says to the core.
//!
//! | act | value | |
//! |---|---|---|
//! | `select` | number or null | the reader picked a datagram |
//! | `send` | bytes or nothing | sends them, or what stands in the composer |
//! | `draft` | bytes | puts them into the composer |
//! | `control` | JSON text | a message for the host; a lab and rules are asked for again in every session |
//! | `pause` | true or false | holds the picture, or lets it go on |
//! | `step` | -1 or 1 | to an older or a newer datagram |
//! | `announce` | text | for screen readers |

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

/// The way to the core.
#[derive(Debug, Clone)]
pub struct Act(Function);

#[wasm_bindgen]
extern "C" {
    /// A function of the core's. It only puts things into a queue, and throws nothing.
    type Queue;
    #[wasm_bindgen(method)]
    fn call(this: &Queue, that: &JsValue, name: &str, value: &JsValue);
}

impl Act {
    /// The function that the core gave.
    pub fn new(function: Function) -> Self {
        Self(function)
    }

    /// Tells the core, which does it later: nothing changes under the caller's feet.
    pub fn tell(&self, name: &str, value: impl Into<JsValue>) {
        let queue: &Queue = self.0.unchecked_ref();
        queue.call(&JsValue::NULL, name, &value.into());
    }
}

/// The way to the core of a stand-in for a host: a message, the time at which it came when that is not now, and whether it is
/// the client's own.
#[derive(Debug)]
pub struct Tell(Function);

impl Tell {
    /// The function that the core gave.
    pub fn new(function: Function) -> Self {
        Self(function)
    }

    /// A control message of the host.
    pub fn control(&self, text: &str, at: Option<f64>) {
        self.tell(&JsValue::from_str(text), at, false);
    }

    /// A datagram of the host, or one that its client sent.
    pub fn datagram(&self, bytes: &[u8], at: Option<f64>, is_sent: bool) {
        self.tell(&Uint8Array::from(bytes), at, is_sent);
    }

    fn tell(&self, data: &JsValue, at: Option<f64>, is_sent: bool) {
        // It only puts it into a queue, and throws nothing.
        let _ = self
            .0
            .call3(&JsValue::NULL, data, &at.into(), &is_sent.into());
    }
}

//! What a session can talk to: a live host over a WebSocket, or another that obeys the same rules.

use bytes::Bytes;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};
use wire::control::ClientMessage;

use crate::codec;
use crate::dom::Listener;
use crate::session::Event;

mod replayed;
mod simulated;

pub use replayed::Replayed;
pub use simulated::Simulated;

/// The other end of a session. What it says comes as [`Event`]s; dropping it ends the session there.
pub trait Host {
    /// Sends one datagram, unchanged. Zero bytes are a datagram like any other.
    fn send(&self, payload: &Bytes);
    /// Sends one control message.
    fn control(&self, message: &ClientMessage);
    /// Bytes that were handed over and have not left yet.
    fn buffered(&self) -> u32;
}

/// A live host.
pub struct Live {
    socket: WebSocket,
    listeners: Vec<Listener>,
}

impl Live {
    /// Begins to connect. Whether it worked comes as an event.
    ///
    /// # Errors
    /// The browser's own words when it will not even try: a bad address, or `ws:` from a page of `https:`.
    pub fn connect(url: &str, tell: impl Fn(Event) + Clone + 'static) -> Result<Self, String> {
        let socket = WebSocket::new(url).map_err(|error| reason_of(&error))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_message = {
            let tell = tell.clone();
            move |event: web_sys::Event| {
                if let Some(event) = message(event.unchecked_ref()) {
                    tell(event);
                }
            }
        };
        let on_close = move |event: web_sys::Event| {
            let event: &CloseEvent = event.unchecked_ref();
            tell(Event::Closed(event.code(), event.reason()));
        };
        Ok(Self {
            listeners: vec![
                Listener::new(&socket, "message", Box::new(on_message)),
                Listener::new(&socket, "close", Box::new(on_close)),
            ],
            socket,
        })
    }
}

impl Host for Live {
    fn send(&self, payload: &Bytes) {
        // It fails only while connecting, when nothing is sent yet; a closing socket drops silently, as UDP would.
        let _ = self.socket.send_with_u8_array(payload);
    }

    fn control(&self, message: &ClientMessage) {
        // As above.
        let _ = self.socket.send_with_str(&codec::encode(message));
    }

    fn buffered(&self) -> u32 {
        self.socket.buffered_amount()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The listeners go first: closing must not tell a session that has moved on.
        self.listeners.clear();
        let _ = self.socket.close();
    }
}

/// What a message says; `None` for control messages of a later version, which are not for us.
fn message(event: &MessageEvent) -> Option<Event> {
    let data = event.data();
    let Some(text) = data.as_string() else {
        return Some(Event::Datagram(js_sys::Uint8Array::new(&data).to_vec()));
    };
    match codec::decode(&text) {
        Ok(message) => message.map(Event::Control),
        Err(field) => Some(Event::Unreadable(field)),
    }
}

/// What a thrown value says.
pub fn reason_of(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_default(),
    }
}

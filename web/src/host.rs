//! What a session talks to: a host over a WebSocket, or one that a chunk brings, which is sent the same messages and
//! answers with them.

use js_sys::Uint8Array;
use udp_echo_feed::codec;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};
use wire::control::{ClientMessage, HostMessage};

use crate::chunk::{Chunk, Port};
use crate::dom::Listener;
use crate::inbox::Sender;
use crate::input::Input;
use crate::session::Event;

/// Called with a message of the host: text or bytes; with the time at which it came, when that is not now; and whether the
/// bytes are none of the host's but what its client sent (a recording has both).
pub type Tell = Closure<dyn FnMut(JsValue, Option<f64>, bool)>;

/// The other end of a session. Dropping it ends the session there.
pub enum Host {
    /// A live one.
    Live(WebSocket, Vec<Listener>),
    /// One that needs no network, and how it tells what it says.
    Chunk(Port, Tell),
}

impl Host {
    /// Begins to connect, with a second lane where there is the chunk for it. Whether it worked comes as an event of the connection
    /// with this number.
    ///
    /// # Errors
    /// The browser's own words when it will not even try: a bad address, or `ws:` from a page of `https:`.
    pub fn connect(
        url: &str,
        lane: Option<(&Chunk, &str)>,
        connection: u32,
        inbox: &Sender<Input>,
    ) -> Result<Self, String> {
        let socket = match lane {
            Some((chunk, lane)) => chunk.lane(url, lane),
            None => WebSocket::new(url),
        };
        let socket = socket.map_err(|error| reason_of(&error))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let messages = inbox.clone();
        let on_message = move |event: web_sys::Event| {
            let event: &MessageEvent = event.unchecked_ref();
            read(&event.data(), &|event| {
                messages.send(Input::Host(connection, None, event));
            });
        };
        let closes = inbox.clone();
        let on_close = move |event: web_sys::Event| {
            let event: &CloseEvent = event.unchecked_ref();
            let event = Event::Closed(event.code(), event.reason());
            closes.send(Input::Host(connection, None, event));
        };
        let listeners = vec![
            Listener::new(&socket, "message", Box::new(on_message)),
            Listener::new(&socket, "close", Box::new(on_close)),
        ];
        Ok(Self::Live(socket, listeners))
    }

    /// Sends one datagram, unchanged. Zero bytes are a datagram like any other.
    pub fn send(&self, payload: &[u8]) {
        match self {
            // It fails only while connecting, when nothing is sent yet; a closing socket drops silently, as UDP would.
            Self::Live(socket, _) => drop(socket.send_with_u8_array(payload)),
            Self::Chunk(port, _) => port.send(&Uint8Array::from(payload)),
        }
    }

    /// Sends one control message.
    pub fn control(&self, message: &ClientMessage) {
        let message = codec::to_string(message);
        match self {
            // As above.
            Self::Live(socket, _) => drop(socket.send_with_str(&message)),
            Self::Chunk(port, _) => port.send(&JsValue::from_str(&message)),
        }
    }

    /// Bytes that were handed over and have not left yet.
    pub fn buffered(&self) -> u32 {
        match self {
            Self::Live(socket, _) => socket.buffered_amount(),
            Self::Chunk(..) => 0,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        match self {
            Self::Live(socket, listeners) => {
                // The listeners go first: closing must not tell a session that has moved on.
                listeners.clear();
                let _ = socket.close();
            }
            Self::Chunk(port, _) => port.free(),
        }
    }
}

/// Reads what a host says, for the session; some of it is for the page around the element too, as it is written: answers to
/// what it asked, and what others did.
pub(crate) fn read(data: &JsValue, tell: &dyn Fn(Event)) {
    let Some(text) = data.as_string() else {
        return tell(Event::Datagram(Uint8Array::new(data).to_vec()));
    };
    match codec::host_message(&text) {
        Ok(Some(message)) => {
            let is_told = matches!(
                message,
                HostMessage::Server(_)
                    | HostMessage::Stream(_)
                    | HostMessage::Visitor(_)
                    | HostMessage::Capture(_)
                    | HostMessage::Notice(_)
            );
            tell(Event::Control(message));
            if is_told {
                tell(Event::Told(text));
            }
        }
        // Of a later version.
        Ok(None) => {}
        Err(field) => tell(Event::Unreadable(field)),
    }
}

/// What a thrown value says.
pub(crate) fn reason_of(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_default(),
    }
}

//! The other end of a session: a host over a WebSocket, or the one that a page simulates. Dropping it ends the session there.

use js_sys::{Function, Uint8Array};
use udp_echo_feed::dom::Listener;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::net;

/// What the other end says.
#[derive(Debug)]
pub enum Said {
    /// A control message.
    Text(String),
    /// A datagram with its header.
    Binary(Vec<u8>),
    /// It ended, with these words.
    Closed(String),
}

#[wasm_bindgen]
extern "C" {
    /// The chunk `machine`.
    #[derive(Debug, Clone)]
    pub type Simulator;

    /// A session on the machine that this page simulates; `tell` is called with what its host says.
    #[wasm_bindgen(method, js_name = simulated_sockets)]
    fn simulated_sockets(
        this: &Simulator,
        seed: &str,
        loopback: &str,
        tell: &Function,
    ) -> Simulated;

    /// Such a session.
    #[derive(Debug)]
    type Simulated;
    #[wasm_bindgen(method)]
    fn send(this: &Simulated, data: &JsValue);
    #[wasm_bindgen(method)]
    fn free(this: &Simulated);
}

/// A session's other end.
pub struct Port(End);

enum End {
    Live(WebSocket, Vec<Listener>),
    Simulated(Simulated, #[allow(dead_code)] Closure<dyn FnMut(JsValue)>),
}

impl Port {
    /// Begins to connect to a host.
    ///
    /// # Errors
    /// The browser's own words when it will not even try.
    pub fn connect(url: &str, tell: impl Fn(Said) + Clone + 'static) -> Result<Self, String> {
        let socket = WebSocket::new(url).map_err(|error| {
            let error: Option<&js_sys::Error> = error.dyn_ref();
            error.map_or_else(String::new, |error| error.message().into())
        })?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let told = tell.clone();
        let on_message = move |event: web_sys::Event| {
            let event: &MessageEvent = event.unchecked_ref();
            told(read(&event.data()));
        };
        let on_close = move |event: web_sys::Event| {
            let event: &CloseEvent = event.unchecked_ref();
            tell(Said::Closed(event.reason()));
        };
        let listeners = vec![
            Listener::new(&socket, "message", Box::new(on_message)),
            Listener::new(&socket, "close", Box::new(on_close)),
        ];
        Ok(Self(End::Live(socket, listeners)))
    }

    /// Takes a session on the simulated machine, on the loopback that the page's elements and programs have in common.
    pub fn simulate(simulator: &Simulator, seed: &str, tell: impl Fn(Said) + 'static) -> Self {
        let tell: Closure<dyn FnMut(JsValue)> = Closure::new(move |data| tell(read(&data)));
        let session = simulator.simulated_sockets(seed, "page", tell.as_ref().unchecked_ref());
        Self(End::Simulated(session, tell))
    }

    /// Hands something to the host.
    pub fn send(&self, effect: &net::Effect) {
        match (&self.0, effect) {
            // It fails only while connecting, when nothing is sent yet; a closing socket drops silently, as UDP would.
            (End::Live(socket, _), net::Effect::Message(message)) => {
                drop(socket.send_with_u8_array(message));
            }
            (End::Live(socket, _), net::Effect::Request(request)) => {
                drop(socket.send_with_str(request));
            }
            (End::Simulated(session, _), net::Effect::Message(message)) => {
                session.send(&Uint8Array::from(&message[..]));
            }
            (End::Simulated(session, _), net::Effect::Request(request)) => {
                session.send(&JsValue::from_str(request));
            }
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        match &mut self.0 {
            End::Live(socket, listeners) => {
                // The listeners go first: closing must not tell a session that has moved on.
                listeners.clear();
                let _ = socket.close();
            }
            End::Simulated(session, _) => session.free(),
        }
    }
}

fn read(data: &JsValue) -> Said {
    match data.as_string() {
        Some(text) => Said::Text(text),
        None => Said::Binary(Uint8Array::new(data).to_vec()),
    }
}

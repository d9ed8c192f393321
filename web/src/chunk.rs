//! The chunks: wasm modules beside this one, which the loader fetches when one is needed.
//!
//! `picture` has the space-time diagram and the strips; `lab` has the lab's panel; `bytes` has the bytes and the
//! sizes; `motion` has the dots that travel the way; `simulator` has the host that needs no network; `runs` shows a run again, or saves it;
//! `lane`, which is JavaScript alone, has the second lane of a session. Nothing is shared with them but what passes through these functions.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{Element, WebSocket};

#[wasm_bindgen]
extern "C" {
    /// A chunk: what its JavaScript half exports.
    #[derive(Debug, Clone)]
    pub type Chunk;

    /// Begins to draw in a place. `act` is called with the name of an act and its value.
    #[wasm_bindgen(method)]
    pub fn panel(this: &Chunk, place: &Element, act: &Function) -> Panel;

    /// Of `simulator`: a simulated host. `tell` is called with what it says.
    #[wasm_bindgen(method)]
    pub fn simulated(this: &Chunk, seed: &str, tell: &Function) -> Port;

    /// Of `runs`: a recording; what is wrong with it is thrown.
    #[wasm_bindgen(method, catch)]
    pub fn replayed(this: &Chunk, trace: &str, tell: &Function) -> Result<Port, JsValue>;

    /// Of `runs`: gives the reader a capture of a run, for a file.
    #[wasm_bindgen(method)]
    pub fn save(this: &Chunk, trace: &str, application: &str);

    /// Of `lane`: a WebSocket whose datagrams may take another lane. What comes by that, it tells as if it had come by itself; and
    /// which lane datagrams take, as if the host had sent a notice.
    #[wasm_bindgen(method, catch)]
    pub fn lane(this: &Chunk, url: &str, lane: &str) -> Result<WebSocket, JsValue>;

    /// What a chunk draws.
    #[derive(Debug)]
    pub type Panel;

    /// Shows what there is now.
    #[wasm_bindgen(method)]
    pub fn show(this: &Panel, feed: &str);

    /// Ends it.
    #[wasm_bindgen(method)]
    pub fn free(this: &Panel);

    /// A host of a chunk.
    #[derive(Debug)]
    pub type Port;

    /// Sends a control message or a datagram.
    #[wasm_bindgen(method)]
    pub fn send(this: &Port, data: &JsValue);

    /// Ends it.
    #[wasm_bindgen(method, js_name = free)]
    pub fn free(this: &Port);
}

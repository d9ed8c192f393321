//! The browser client: the inside of the custom element `<udp-echo>`.
//!
//! From the wire to the page:
//!
//! - [`json`] and [`codec`]: control messages as the types of `wire`;
//! - [`policy`]: what a host says to pages that may not connect;
//! - [`session`]: the state of one widget, pure;
//! - [`view`]: what a reader sees of it, pure, in [`words`];
//! - [`picture`]: the space-time diagram as strokes, pure;
//! - [`ui`]: puts a view on the page and turns what the reader does into events;
//! - [`host`]: the other end of a session;
//! - [`app`]: the task that joins them all, through an [`inbox`];
//! - [`dom`]: listeners, timers and frames that end when they are dropped.
//!
//! `www/udp-echo.js` defines the element and forwards its callbacks to [`Widget`]: a Rust type cannot extend
//! `HTMLElement`.
//!
//! For tests and styles, inside the shadow root: `[part=widget]` has `data-state`; each row `data-number` and
//! `data-fate`; each transcript `data-transcript` (`client`, `server`) and each of its lines `data-kind` and, when it is
//! about a datagram, `data-number`; each number of the sum `data-count`.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, ShadowRoot};

pub mod codec;
pub mod json;
pub mod policy;

pub mod session;

pub mod picture;
pub mod view;
pub mod words;

pub mod app;
pub mod dom;
pub mod host;
pub mod inbox;
pub mod ui;

use app::{App, Input};
use inbox::{Receiver, Sender};
use session::Session;

/// A third of the size of the standard library's allocator, and faster.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The inside of one `<udp-echo>` element.
///
/// It holds nothing of the page: an element that was taken out and forgotten is collected, and this with it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Widget {
    base: String,
    /// The session while no task has it. Passing it through a channel makes the next task wait for the last one's end.
    parked: (Sender<Session>, Rc<Receiver<Session>>),
    task: Option<Sender<Input>>,
}

#[wasm_bindgen]
impl Widget {
    /// An element that has not been on a page yet. `base` is the address of the loader, `seed` any number.
    #[wasm_bindgen(constructor)]
    pub fn new(base: String, seed: f64) -> Self {
        let (park, parked) = inbox::channel();
        park.send(Session::new(seed.to_bits()));
        Self {
            base,
            parked: (park, Rc::new(parked)),
            task: None,
        }
    }

    /// The element is on a page and was seen.
    pub fn connected(&mut self, element: HtmlElement, root: ShadowRoot) {
        if self.task.is_some() {
            return;
        }
        let (inbox, inputs) = inbox::channel();
        self.task = Some(inbox.clone());
        let base = self.base.clone();
        let (park, parked) = (self.parked.0.clone(), Rc::clone(&self.parked.1));
        spawn_local(async move {
            let session = parked.next().await;
            park.send(App::run(element, root, base, session, (inbox, &inputs)).await);
        });
    }

    /// The element left the page.
    pub fn disconnected(&mut self) {
        if let Some(task) = self.task.take() {
            task.send(Input::Left);
        }
    }

    /// An attribute of the element changed.
    pub fn changed(&self) {
        if let Some(task) = &self.task {
            task.send(Input::Changed);
        }
    }
}

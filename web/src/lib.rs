//! The browser client: the inside of the custom element `<udp-echo>`.
//!
//! From the wire to the page:
//!
//! - [`settings`]: the attributes as values;
//! - [`relay`]: where the relay is; [`policy`]: why it lets nobody in;
//! - [`session`]: the state of one widget, pure; what happened comes out as the events of the element;
//! - [`trace`]: a run as JSON, to be shown again where there is no host; [`feeder`]: what the panels of the chunks are told;
//! - [`view`]: what a reader sees of it, pure, in [`words`];
//! - [`ui`]: puts a view on the page and turns what the reader does into events;
//! - [`input`]: what comes to the task of a widget;
//! - [`host`]: the other end of a session;
//! - [`chunk`]: the modules that are loaded when something needs them, `web/picture`, `web/lab`, `web/bytes` and `web/motion`;
//! - [`app`]: the task that joins them all, through an [`inbox`];
//! - [`dom`]: listeners, timers and frames that end when they are dropped.
//!
//! `www/element/udp-echo.js` defines the element and forwards its callbacks to [`Widget`]: a Rust type cannot extend
//! `HTMLElement`.
//!
//! For tests and styles, inside the shadow root: `[part=widget]` has `data-state`, and `data-host-gone` and
//! `data-server-down` while that is so; each row `data-number` and `data-fate`; each transcript `data-transcript`
//! (`client`, `server`, `link`) and each of its lines `data-kind` and, when it is
//! about a datagram, `data-number`; each number of the sum `data-count`.

use std::cell::Cell;
use std::rc::Rc;

use udp_echo_feed::codec::Request;
use udp_echo_feed::datagram::Payload;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

pub mod settings;

pub mod session;

pub mod feeder;
pub mod trace;

pub mod view;
pub mod words;

pub mod app;
pub mod chunk;
pub mod host;
pub use udp_echo_feed::{dom, inbox, policy, relay};
pub mod input;
pub mod ui;

use app::{App, Dispatch, Load};
use dom::Clock;
use inbox::Sender;
use input::Input;
use policy::{Explain, Verdict};
use session::{Direction, Event, Session};
use settings::{MAX_BURST, Pace};

/// The inside of one `<udp-echo>` element.
///
/// It holds nothing of the page: an element that was taken out and forgotten is collected, and this with it.
#[wasm_bindgen]
pub struct Widget {
    root: String,
    /// The session while no task has it.
    parked: Rc<Cell<Option<Session>>>,
    task: Option<Sender<Input>>,
}

#[wasm_bindgen]
impl Widget {
    /// An element that has not been on a page yet. `root` is the folder in which a host has
    /// everything, by the address of its loader; `seed` any number.
    #[wasm_bindgen(constructor)]
    pub fn new(root: String, seed: f64) -> Self {
        Self {
            root,
            parked: Rc::new(Cell::new(Some(Session::new(seed.to_bits())))),
            task: None,
        }
    }

    /// The element is on a page and was seen. The widget is drawn inside `frame`; `dispatch` is called with the name and
    /// the detail, as JSON, of each event that the element is to dispatch; `load` with the name of a chunk,
    /// which comes to [`Self::loaded`]; `explain` with the address of a relay at which no session began, and a number, and
    /// the answer comes to [`Self::explained`].
    pub fn connected(
        &mut self,
        element: HtmlElement,
        frame: Element,
        dispatch: Dispatch,
        load: Load,
        explain: Explain,
    ) {
        if self.task.is_some() {
            return;
        }
        let inbox = Sender::new(dom::soon);
        self.task = Some(inbox.clone());
        let (root, parked) = (self.root.clone(), Rc::clone(&self.parked));
        let begin = move || {
            // The task before this one has ended by now: it was told to before.
            if let Some(session) = parked.take() {
                let outside = (element, frame, dispatch, load, explain);
                let task = App::begin(outside, root, session, inbox.clone(), parked);
                inbox.begin(Box::new(task));
            }
        };
        dom::soon(Box::new(begin));
    }

    /// The element left the page.
    pub fn disconnected(&mut self) {
        self.tell(Input::Left);
        self.task = None;
    }

    /// Why no session began, for the connection that was asked about with this number: a code, a sentence, and what would
    /// change it.
    pub fn explained(&self, connection: u32, code: String, why: String, setting: String) {
        let verdict = Verdict { code, why, setting };
        self.tell(Input::Explained(connection, verdict));
    }

    /// The chunk that was asked for by this name, or else a sentence that says why there is none.
    pub fn loaded(&self, name: String, chunk: JsValue, why: String) {
        let chunk = match chunk.is_undefined() {
            false => Ok(chunk.unchecked_into()),
            true => Err(why),
        };
        self.tell(Input::Chunk(name, chunk));
    }

    /// An attribute of the element changed.
    pub fn changed(&self) {
        self.tell(Input::Changed);
    }

    /// Sends datagrams: `payload`, or the message that stands in the composer, `count` times and so many milliseconds
    /// apart. Without a count, once.
    pub fn send(&self, payload: Option<Vec<u8>>, count: Option<u32>, interval: Option<f64>) {
        let pace = Pace {
            count: count.unwrap_or(1).clamp(1, MAX_BURST),
            interval: (interval.unwrap_or(0.0) * 1000.0) as u64,
        };
        self.tell(Input::Event(Event::Burst(payload.map(Payload::from), pace)));
    }

    /// Goes to the next datagram, or back to the one before.
    pub fn step(&self, back: bool) {
        let direction = if back {
            Direction::Older
        } else {
            Direction::Newer
        };
        self.tell(Input::Event(Event::Step(direction)));
    }

    /// Holds the picture and a burst under way, or lets them go on.
    pub fn pause(&self, paused: bool) {
        self.tell(Input::Event(Event::Pause(paused)));
    }

    /// Begins anew, with nothing counted.
    pub fn reset(&self) {
        self.tell(Input::Event(Event::Reset));
    }

    /// Asks something of the host: a control message, as JSON.
    pub fn ask(&self, message: String) {
        let event = match Request::read(&message) {
            Ok(request) => Event::Ask(request),
            Err(field) => Event::Unaskable(field),
        };
        self.tell(Input::Event(event));
    }

    /// Gives the run so far to a function, as JSON.
    pub fn export(&self, give: js_sys::Function) {
        if self.task.is_some() {
            return self.tell(Input::Export(give));
        }
        let parked = Rc::clone(&self.parked);
        let export = move || {
            // The task has ended by now, and has parked what it had.
            let session = parked.take();
            if let Some(session) = &session {
                app::export(session, &Clock, &give);
            }
            parked.set(session);
        };
        dom::soon(Box::new(export));
    }

    fn tell(&self, input: Input) {
        if let Some(task) = &self.task {
            task.send(input);
        }
    }
}

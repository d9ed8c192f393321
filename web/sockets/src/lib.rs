//! The chunk `sockets` of `<udp-echo>`: elements with `role="server"` or `role="client"`, which are UDP programs of the page's own.
//! The loader takes it in place of the core.
//!
//! From the wire to the page:
//!
//! - [`settings`]: the attributes as values; [`act`]: what is wanted of an element; [`asked`]: the same in the page's words;
//! - [`heard`]: what the host says; [`end`]: addresses;
//! - [`net`]: what a program has of the network; [`record`]: the datagrams, with both of their ends where the page has both;
//! - [`server`] and [`client`]: the programs of the tutorial;
//! - [`session`]: the one session that all elements of a page share, pure; [`outcome`]: what the page is told of it;
//! - [`view`]: what a reader sees, pure, in [`words`];
//! - [`face`]: what draws it, the chunk `ends`;
//! - [`port`]: the other end of a session, a host or a simulated one; [`share`]: the loopback that the pages of one site have in common;
//! - [`task`]: what joins them all and carries out what they decide.

use udp_echo_feed::inbox::Sender;
use udp_echo_feed::policy::{Explain, Verdict};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

pub mod act;
pub mod asked;
pub mod settings;

pub mod end;
pub mod heard;
pub mod net;
pub mod record;

pub mod client;
pub mod server;

pub mod outcome;
pub mod session;

pub mod view;
pub mod words;

pub mod face;
pub mod port;
pub mod share;
pub mod task;

use act::Act;
use session::Id;
use settings::Settings;
use task::{Dispatch, Input, Load};

/// The inside of one element with a role. It has the methods of the core's, which the loader calls.
#[wasm_bindgen]
pub struct Widget {
    root: String,
    seed: u64,
    task: Option<(Id, Sender<Input>)>,
}

#[wasm_bindgen]
impl Widget {
    /// An element that has not been on a page yet. `root` is the folder in which a host has everything; `seed` any number.
    #[wasm_bindgen(constructor)]
    pub fn new(root: String, seed: f64) -> Self {
        Self {
            root,
            seed: seed.to_bits(),
            task: None,
        }
    }

    /// The element is on a page and was seen.
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
        let (settings, _) = Settings::read(&|name| element.get_attribute(name));
        let inbox = task::of(&settings, &self.root, self.seed);
        let id = task::next_id();
        let outside = (element, frame, dispatch, load, explain);
        inbox.send(Input::Joined(id, Box::new(outside)));
        self.task = Some((id, inbox));
    }

    /// The element left the page: its socket closes.
    pub fn disconnected(&mut self) {
        if let Some((id, inbox)) = self.task.take() {
            inbox.send(Input::Left(id));
        }
    }

    /// The chunk that was asked for by this name, or else a sentence that says why there is none.
    pub fn loaded(&self, name: String, chunk: JsValue, why: String) {
        let chunk = match chunk.is_undefined() {
            false => Ok(chunk),
            true => Err(why),
        };
        self.tell(|id| match name.as_str() {
            task::ENDS => Input::Ends(id, chunk.map(JsCast::unchecked_into)),
            _ => Input::Simulator(chunk.map(JsCast::unchecked_into)),
        });
    }

    /// Why the connection with this number came to nothing.
    pub fn explained(&self, connection: u32, code: String, why: String, setting: String) {
        let verdict = Verdict { code, why, setting };
        self.tell(|_| Input::Explained(connection, verdict));
    }

    /// An attribute of the element changed.
    pub fn changed(&self) {
        self.tell(Input::Changed);
    }

    /// Has a client send: `payload`, or what stands in its field, so many times.
    pub fn send(&self, payload: Option<Vec<u8>>, count: Option<u32>, _interval: Option<f64>) {
        for _ in 0..count.unwrap_or(1).clamp(1, 10_000) {
            let act = match &payload {
                Some(payload) => Act::Send(payload[..].into()),
                None => Act::SendDraft,
            };
            self.tell(|id| Input::Act(id, act));
        }
    }

    /// Forgets what was printed and counted.
    pub fn reset(&self) {
        self.tell(|id| Input::Act(id, Act::Clear));
    }

    /// Asks something of the program: see [`asked`].
    pub fn ask(&self, message: String) {
        self.tell(|id| Input::Act(id, Act::Ask(message)));
    }

    fn tell(&self, input: impl FnOnce(Id) -> Input) {
        if let Some((id, inbox)) = &self.task {
            inbox.send(input(*id));
        }
    }
}

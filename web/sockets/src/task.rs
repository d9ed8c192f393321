//! The task of a page: it joins the session with its elements, its host and the other pages. One for each relay and mode.

use std::cell::{Cell, RefCell};

use udp_echo_feed::dom::{self, Clock, Frame, Timer};
use udp_echo_feed::inbox::Sender;
use udp_echo_feed::policy::{Explain, Verdict};
use udp_echo_feed::{Micros, relay};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, Url};

use crate::act::Act;
use crate::face::{Ends, Face};
use crate::heard;
use crate::outcome::Outcome;
use crate::port::{Port, Said, Simulator};
use crate::session::{Effect, Id, Session, Stage};
use crate::settings::{Mode, Settings};
use crate::share::{self, Heard, Share};
use crate::view::View;
use crate::words;

/// The route, in the folder in which a host has its relay.
const ROUTE: &str = "sockets";
/// The chunk that draws.
pub const ENDS: &str = "ends";
/// The chunk with the machine that a page simulates.
pub const MACHINE: &str = "machine";
/// Marks, for the loader's `judge`, that it is about this route; no address that anybody is asked for has it.
const MARK: &str = "#sockets";

#[wasm_bindgen]
extern "C" {
    /// The loader's function that dispatches an event at an element, by name and detail.
    pub type Dispatch;
    #[wasm_bindgen(method, js_name = call)]
    fn dispatch(this: &Dispatch, that: &JsValue, name: &str, detail: &str);

    /// The loader's function that loads chunks by their names.
    pub type Load;
    #[wasm_bindgen(method, js_name = call)]
    fn load(this: &Load, that: &JsValue, name: &str);
}

/// What an element is given of the page: itself, the place to draw in, and the loader's functions.
pub type Outside = (HtmlElement, Element, Dispatch, Load, Explain);

/// What comes to the task.
pub enum Input {
    /// An element is on the page.
    Joined(Id, Box<Outside>),
    /// It left the page.
    Left(Id),
    /// One of its attributes changed.
    Changed(Id),
    /// Somebody wants something of it.
    Act(Id, Act),
    /// The connection with this number says something.
    Said(u32, Said),
    /// Another page says something.
    Heard(Heard),
    /// The loader has the simulator, or a sentence that says why not.
    Simulator(Result<Simulator, String>),
    /// The loader has the chunk that draws, for this element, or a sentence that says why not.
    Ends(Id, Result<Ends, String>),
    /// Why the connection with this number came to nothing.
    Explained(u32, Verdict),
    /// The timer rang.
    Rang,
    /// It is time to draw.
    Frame,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input")
    }
}

/// An element on the page.
struct Mounted {
    id: Id,
    element: HtmlElement,
    dispatch: Dispatch,
    load: Load,
    explain: Explain,
    frame: Element,
    face: Option<Face>,
}

struct Task {
    session: Session,
    /// The relay, and its route for sockets.
    relay: Option<Url>,
    sockets: String,
    seed: u64,
    inbox: Sender<Input>,
    port: Option<Port>,
    /// Number of the connection.
    connection: u32,
    mounted: Vec<Mounted>,
    simulator: Option<Simulator>,
    share: Option<Share>,
    /// The question to the other pages, and until when it waits.
    asking: Option<(u64, Micros)>,
    /// Whether the connection was made with another page's token.
    has_joined: bool,
    timer: Timer,
    frame: Frame,
    clock: Clock,
}

thread_local! {
    /// The tasks of this page, by relay and mode.
    static TASKS: RefCell<Vec<(String, Sender<Input>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<Id> = const { Cell::new(1) };
}

/// A number for a new element.
pub fn next_id() -> Id {
    NEXT.replace(NEXT.get() + 1)
}

/// The task for elements with these settings. `root` is the folder in which a host has everything.
pub fn of(settings: &Settings, root: &str, seed: u64) -> Sender<Input> {
    let relay = relay::address(&settings.relay, root);
    let mode = match settings.mode {
        Mode::Auto => "auto ",
        Mode::Live => "live ",
        Mode::Simulated => "simulated ",
    };
    let key = mode.to_owned() + &relay.as_ref().map(Url::href).unwrap_or_default();
    let known = TASKS.with_borrow(|tasks| {
        let found = tasks.iter().find(|(of, _)| *of == key);
        found.map(|(_, inbox)| inbox.clone())
    });
    known.unwrap_or_else(|| {
        let inbox = Task::begin(relay, settings.mode, seed);
        TASKS.with_borrow_mut(|tasks| tasks.push((key, inbox.clone())));
        inbox
    })
}

impl Task {
    fn begin(relay: Option<Url>, mode: Mode, seed: u64) -> Sender<Input> {
        let inbox = Sender::new(dom::soon);
        let teller = |input: fn() -> Input| -> Box<dyn FnMut()> {
            let inbox = inbox.clone();
            Box::new(move || inbox.send(input()))
        };
        let mut task = Self {
            session: Session::new(mode),
            sockets: relay.as_ref().map_or_else(String::new, route),
            relay,
            seed,
            port: None,
            connection: 0,
            mounted: Vec::new(),
            simulator: None,
            share: None,
            asking: None,
            has_joined: false,
            timer: Timer::new(teller(|| Input::Rang)),
            frame: Frame::new(teller(|| Input::Frame)),
            clock: Clock,
            inbox: inbox.clone(),
        };
        inbox.begin(Box::new(move |input| {
            task.take(input);
            // It waits for the next element of the page.
            false
        }));
        inbox
    }

    fn take(&mut self, input: Input) {
        let now = self.clock.now();
        match input {
            Input::Frame => {
                self.frame.came();
                self.draw(now);
                return;
            }
            Input::Joined(id, outside) => self.join(id, *outside),
            Input::Left(id) => {
                self.mounted.retain(|one| one.id != id);
                self.session.leave(id);
            }
            Input::Changed(id) => self.changed(id, now),
            Input::Act(id, act) => self.session.act(id, act, now),
            Input::Said(connection, said) if connection == self.connection => {
                self.said(said, now);
            }
            Input::Heard(heard) => self.heard(heard),
            Input::Simulator(Ok(simulator)) => {
                self.simulator = Some(simulator);
                if self.session.stage == Stage::Connecting(true) {
                    self.simulate();
                }
            }
            Input::Simulator(Err(why)) => self.session.cannot_simulate(&why),
            Input::Ends(id, ends) => self.open(id, ends),
            Input::Explained(connection, verdict) if connection == self.connection => {
                self.session.explained(verdict);
            }
            Input::Rang => {
                self.timer.rang();
                if matches!(self.asking, Some((_, until)) if until <= now) {
                    self.dial(None);
                }
                self.session.rang(now);
            }
            // Of a connection that is no longer.
            Input::Said(..) | Input::Explained(..) => {}
        }
        self.act(now);
        self.frame.request();
    }

    fn join(&mut self, id: Id, (element, frame, dispatch, load, explain): Outside) {
        let (settings, complaints) = Settings::read(&|name| element.get_attribute(name));
        let mounted = Mounted {
            id,
            frame,
            face: None,
            element,
            dispatch,
            load,
            explain,
        };
        for (written, expected) in complaints {
            mounted.tell(&Outcome::Error {
                code: "bad-attribute",
                message: words::bad_attribute(&written),
                hint: expected,
            });
        }
        mounted.load.load(&JsValue::NULL, ENDS);
        self.mounted.push(mounted);
        self.session.join(id, settings);
    }

    /// The element can be drawn. Its program runs without that as well.
    fn open(&mut self, id: Id, ends: Result<Ends, String>) {
        let Some(mounted) = self.mounted.iter_mut().find(|one| one.id == id) else {
            return;
        };
        match ends {
            Ok(ends) => {
                let inbox = self.inbox.clone();
                let tell = move |act| inbox.send(Input::Act(id, act));
                mounted.face = Some(Face::new(&ends, &mounted.frame, tell));
            }
            Err(why) => mounted.frame.set_text_content(Some(&why)),
        }
    }

    /// An attribute changed: what a program can take over, it takes over.
    fn changed(&mut self, id: Id, now: Micros) {
        let Some(mounted) = self.mounted.iter().find(|one| one.id == id) else {
            return;
        };
        let Some(before) = self.session.element(id).map(|one| one.settings.clone()) else {
            return;
        };
        let (after, _) = Settings::read(&|name| mounted.element.get_attribute(name));
        for act in after.changes(&before) {
            self.session.act(id, act, now);
        }
        self.session.keep(id, after);
    }

    fn said(&mut self, said: Said, now: Micros) {
        match said {
            Said::Text(text) => match heard::read(&text) {
                Ok(Some(answer)) => self.session.answer(answer),
                // Of a later version.
                Ok(None) => {}
                Err(field) => self.session.unreadable(field, now),
            },
            Said::Binary(message) => self.session.datagram(&message, now),
            // That loopback is gone by now: this page has one of its own.
            Said::Closed(_) if self.has_joined && !self.session.is_open() => self.dial(None),
            Said::Closed(reason) => self.session.closed(&reason, now),
        }
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Question(relay, ask) if relay == self.sockets => {
                let is_live = self.session.stage == Stage::Open(false);
                if let (true, Some(hello), Some(share)) =
                    (is_live, &self.session.hello, &self.share)
                {
                    share.answer(&self.sockets, ask, &hello.loopback.token);
                    self.session.is_shared = true;
                }
            }
            Heard::Answer(ask, token) if self.asking.is_some_and(|(of, _)| of == ask) => {
                self.dial(Some(&token));
            }
            _ => {}
        }
    }

    /// Does what the session asks for, and sets the timer for what it will.
    fn act(&mut self, now: Micros) {
        for effect in self.session.take_effects() {
            match effect {
                Effect::Connect => self.ask(now),
                Effect::Simulate => {
                    self.leave();
                    match (&self.simulator, self.mounted.first()) {
                        (Some(_), _) => self.simulate(),
                        (None, Some(mounted)) => mounted.load.load(&JsValue::NULL, MACHINE),
                        (None, None) => {}
                    }
                }
                Effect::Disconnect => self.port = None,
                Effect::Explain => {
                    if let (Some(relay), Some(mounted)) = (&self.relay, self.mounted.first()) {
                        let about = relay.href() + MARK;
                        mounted
                            .explain
                            .explain(&JsValue::NULL, &about, self.connection);
                    }
                }
                Effect::Net(effect) => {
                    if let Some(port) = &self.port {
                        port.send(&effect);
                    }
                }
                Effect::Tell(id, outcome) => {
                    if let Some(mounted) = self.mounted.iter().find(|one| one.id == id) {
                        mounted.tell(&outcome);
                    }
                }
            }
        }
        let due = [
            self.session.next_due(),
            self.asking.map(|(_, until)| until),
            // A countdown is shown.
            matches!(self.session.stage, Stage::Gone(_)).then_some(now + 1_000_000),
        ];
        self.timer.set(due.into_iter().flatten().min(), now);
    }

    /// What was is over.
    fn leave(&mut self) {
        self.port = None;
        self.asking = None;
        self.connection += 1;
    }

    /// Asks the other pages for their loopback.
    fn ask(&mut self, now: Micros) {
        self.leave();
        if self.share.is_none() {
            let inbox = self.inbox.clone();
            self.share = Share::new(move |heard| inbox.send(Input::Heard(heard)));
        }
        let Some(share) = &self.share else {
            return self.dial(None);
        };
        // Below 2^53, as JSON's numbers of other programs are.
        let ask = (js_sys::Math::random() * 9e15) as u64;
        share.ask(&self.sockets, ask);
        self.asking = Some((ask, now + share::PATIENCE));
    }

    /// Connects to the host, on another page's loopback or on a new one.
    fn dial(&mut self, token: Option<&str>) {
        self.leave();
        self.has_joined = token.is_some();
        self.session.is_shared = token.is_some();
        let mut url = self.sockets.clone();
        if let Some(token) = token {
            let has_query = url.bytes().any(|byte| byte == b'?');
            url.push(if has_query { '&' } else { '?' });
            url.push_str("loopback=");
            url.push_str(token);
        }
        match Port::connect(&url, self.teller()) {
            Ok(port) => self.port = Some(port),
            Err(reason) => (self.teller())(Said::Closed(reason)),
        }
    }

    fn simulate(&mut self) {
        if let Some(simulator) = &self.simulator {
            let seed = words::number(self.seed);
            self.port = Some(Port::simulate(simulator, &seed, self.teller()));
        }
    }

    fn teller(&self) -> impl Fn(Said) + Clone + 'static {
        let (inbox, connection) = (self.inbox.clone(), self.connection);
        move |said| inbox.send(Input::Said(connection, said))
    }

    fn draw(&mut self, now: Micros) {
        for mounted in &mut self.mounted {
            let element = self.session.element(mounted.id);
            if let (Some(element), Some(face)) = (element, &mut mounted.face) {
                face.show(&View::new(&self.session, element, now));
            }
        }
    }
}

impl Mounted {
    fn tell(&self, outcome: &Outcome) {
        let (name, detail) = outcome.describe();
        self.dispatch.dispatch(&JsValue::NULL, name, &detail);
    }
}

/// The route for sockets beside a relay.
fn route(relay: &Url) -> String {
    let url = relay.href();
    let end_of = |byte| url.bytes().position(|one| one == byte);
    let (address, query) = url.split_at(end_of(b'?').unwrap_or(url.len()));
    let slash = address.bytes().rposition(|byte| byte == b'/');
    let folder = slash.map_or("", |at| &address[..=at]);
    [folder, ROUTE, query].concat()
}

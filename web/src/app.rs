//! The task of one widget: it owns the session, and everything that happens comes to it in one stream.

use std::cell::Cell;
use std::rc::Rc;

use udp_echo_feed::codec::{Link, Request};
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlElement, Url};

use crate::chunk::Chunk;
use crate::dom::{self, Clock, Frame, Listener, Timer};
use crate::host::Host;
use crate::inbox::Sender;
use crate::input::Input;
use crate::policy::Explain;
use crate::relay;
use crate::session::outcome::Outcome;
use crate::session::{Effect, Event, Micros, Peer, Session};
use crate::settings::Settings;
use crate::ui::Ui;
use crate::view::View;

mod chunks;
mod tasks;

use chunks::Chunks;
pub use chunks::Load;
use tasks::PendingTask;
pub(crate) use tasks::export;

/// What the task has at hand beside its ways to the world outside.
struct WidgetState {
    /// It is there until the end.
    session: Option<Session>,
    ui: Ui,
    /// Of the session, when `ui` was made.
    generation: u32,
    /// Whether a datagram has ended: then there is a way to show.
    has_ended: bool,
    timer: Timer,
    frame: Frame,
    _watching: [Option<Listener>; 2],
}

impl WidgetState {
    fn new(app: &mut App, root: &Element, mut session: Session) -> Self {
        app.configure(&mut session);
        let mut state = Self {
            ui: app.open(root, &session),
            generation: session.generation(),
            has_ended: session.has_ended(),
            timer: Timer::new(app.teller(|| Input::Rang)),
            frame: Frame::new(app.teller(|| Input::Frame)),
            _watching: app.watch_page(),
            session: None,
        };
        app.feed(&mut session, Event::Seen);
        state.frame.request();
        state
            .timer
            .set(session.wakes_at(app.clock.now()), app.clock.now());
        state.session = Some(session);
        state
    }

    /// Takes in one thing; true when that was the last.
    fn take(&mut self, app: &mut App, root: &Element, input: Input) -> bool {
        let Some(session) = &mut self.session else {
            return true;
        };
        match input {
            Input::Frame => {
                self.frame.came();
                if session.generation() != self.generation {
                    self.generation = session.generation();
                    self.ui = app.open(root, session);
                }
                let now = app.clock.now();
                if !session.is_paused() {
                    self.ui.draw(&View::of(session, now));
                }
                if app.chunks.show(session, &app.clock) {
                    self.frame.request();
                }
                app.tell(session);
                // What a chunk adds to the first echo comes after that echo.
                if self.has_ended != session.has_ended() {
                    self.has_ended = session.has_ended();
                    app.place(&self.ui, session);
                }
                return false;
            }
            Input::Left => {
                app.feed(session, Event::Left);
                app.tell(session);
                return true;
            }
            Input::Changed => {
                app.reconfigure(session);
                app.place(&self.ui, session);
            }
            Input::Export(give) => {
                export(session, &app.clock, &give);
                return false;
            }
            Input::Rang => {
                self.timer.rang();
                app.feed(session, Event::Tick);
            }
            input => app.take(session, input),
        }
        self.frame.request();
        let now = app.clock.now();
        self.timer.set(session.wakes_at(now), now);
        false
    }
}

#[wasm_bindgen]
extern "C" {
    /// The loader's function that dispatches an event at the element, by name and detail. A listener that throws is reported by
    /// the browser, and is no concern of ours.
    pub type Dispatch;

    #[wasm_bindgen(method, js_name = call)]
    fn dispatch(this: &Dispatch, that: &JsValue, name: &str, detail: &str);
}

/// What a widget is given of the page: its element, the place to draw in, and the loader's functions.
pub type Outside = (HtmlElement, Element, Dispatch, Load, Explain);

/// Runs one widget on a page until the element leaves it.
pub struct App {
    element: HtmlElement,
    dispatch: Dispatch,
    /// The folder by which the relay's address counts.
    root: String,
    inbox: Sender<Input>,
    host: Option<Host>,
    chunks: Chunks,
    explain: Explain,
    /// Number of the connection.
    connection: u32,
    relay: Option<Url>,
    /// The recording that is being fetched.
    fetching: Option<dom::Request>,
    clock: Clock,
}

impl App {
    /// Begins to run on a page. The task takes what comes to it, and is over, with true, when the element has left; the
    /// session is then parked for the next one.
    pub fn begin(
        (element, root, dispatch, load, explain): Outside,
        root_address: String,
        session: Session,
        inbox: Sender<Input>,
        park: Rc<Cell<Option<Session>>>,
    ) -> impl FnMut(Input) -> bool {
        let mut app = Self {
            element,
            dispatch,
            root: root_address,
            chunks: Chunks::new(load, &inbox),
            inbox,
            host: None,
            explain,
            connection: 0,
            relay: None,
            fetching: None,
            clock: Clock,
        };
        let mut state = WidgetState::new(&mut app, &root, session);
        move |input| {
            let is_over = state.take(&mut app, &root, input);
            if is_over {
                park.set(state.session.take());
            }
            is_over
        }
    }

    /// Takes in what the reader, a host or a chunk did.
    fn take(&mut self, session: &mut Session, input: Input) {
        match input {
            Input::Event(event) => self.feed(session, event),
            Input::Host(connection, at, event) if connection == self.connection => {
                let at = at.unwrap_or_else(|| self.clock.now());
                self.feed_at(session, event, at);
            }
            Input::Fetched(connection, source) if connection == self.connection => {
                self.need(session, PendingTask::Replay(connection, source));
            }
            Input::Chunk(name, Ok(chunk)) => {
                for task in self.chunks.arrived(&name, &chunk) {
                    tasks::run(self, session, task, &chunk);
                }
            }
            Input::Explained(connection, verdict) if connection == self.connection => {
                self.feed(session, Event::Explained(verdict));
            }
            Input::Chunk(name, Err(why)) => {
                for task in self.chunks.failed(&name, &why) {
                    tasks::give_up(self, session, task, &why);
                }
            }
            // Of a connection that is no longer.
            _ => {}
        }
    }

    /// Draws the widget anew, with nothing in it.
    fn open(&mut self, root: &Element, session: &Session) -> Ui {
        let ui = Ui::new(root, &self.inbox);
        self.place(&ui, session);
        ui
    }

    /// Puts into it what the attributes ask for.
    fn place(&mut self, ui: &Ui, session: &Session) {
        let settings = session.settings();
        self.chunks
            .show_in(ui.places(), settings.panels(session.has_ended()));
        ui.set_label(settings.label.as_deref());
    }

    /// Tells the page around the element what has happened since the last time. A frame at a time: a thousand answers
    /// change the counters a thousand times, and are one event with the last of them.
    fn tell(&self, session: &mut Session) {
        let outcomes = session.take_outcomes();
        let last = outcomes
            .iter()
            .rposition(|outcome| *outcome == Outcome::Stats);
        for (index, outcome) in outcomes.iter().enumerate() {
            if *outcome == Outcome::Stats && Some(index) != last {
                continue;
            }
            let (name, detail) = outcome.describe(session);
            self.dispatch.dispatch(&JsValue::NULL, name, &detail);
        }
    }

    /// Hands an event to the session and does what it asks for.
    fn feed(&mut self, session: &mut Session, event: Event) {
        self.feed_at(session, event, self.clock.now());
    }

    fn feed_at(&mut self, session: &mut Session, event: Event, at: Micros) {
        session.set_buffered(self.host.as_ref().map_or(0, Host::buffered));
        for effect in session.on(event, at) {
            match effect {
                Effect::Connect(peer) => self.connect(session, peer),
                Effect::Disconnect => self.host = None,
                Effect::Explain => self.ask_why(),
                Effect::Control(message) => {
                    if let Some(host) = &self.host {
                        host.control(&message);
                    }
                }
                Effect::Save => self.need(session, PendingTask::Save),
                Effect::Datagram(payload) => {
                    if let Some(host) = &self.host {
                        host.send(&payload);
                    }
                }
            }
        }
    }

    fn connect(&mut self, session: &mut Session, peer: Peer) {
        // The old connection is let go of before there is a new one.
        self.host = None;
        self.connection += 1;
        let connection = self.connection;
        let task = match peer {
            Peer::Simulator(seed) => PendingTask::Simulate(connection, seed),
            Peer::Recording => PendingTask::Fetch(connection),
            Peer::Host if session.settings().lane.is_empty() => {
                return self.open_socket(session, None);
            }
            Peer::Host => PendingTask::Lane(connection),
        };
        self.need(session, task);
    }

    /// Connects to the host, with a second lane where there is the chunk for it.
    fn open_socket(&mut self, session: &Session, lane: Option<&Chunk>) {
        let connection = self.connection;
        let url = self.relay.as_ref().map(|relay| {
            let query = relay.search_params();
            for (name, value) in [("target", session.target()), ("resume", session.resume())] {
                match value {
                    "" => query.delete(name),
                    value => query.set(name, value),
                }
            }
            relay.href()
        });
        let url = url.unwrap_or_default();
        let lane = lane.map(|chunk| (chunk, session.settings().lane));
        match Host::connect(&url, lane, connection, &self.inbox) {
            Ok(host) => self.host = Some(host),
            Err(reason) => self.hear(Event::Closed(0, reason)),
        }
    }

    /// What the connection that there is now would say.
    fn hear(&self, event: Event) {
        self.inbox.send(Input::Host(self.connection, None, event));
    }

    /// Does something that needs a chunk, now or when it is loaded.
    fn need(&mut self, session: &mut Session, task: PendingTask) {
        if let Some((chunk, task)) = self.chunks.need(task) {
            tasks::run(self, session, task, &chunk);
        }
    }

    /// Has the loader find out why nobody lets us in.
    fn ask_why(&self) {
        if let Some(relay) = &self.relay {
            let relay = relay.href();
            self.explain
                .explain(&JsValue::NULL, &relay, self.connection);
        }
    }

    /// Reads the element's attributes.
    fn configure(&mut self, session: &mut Session) {
        let (settings, complaints) = Settings::read(&|name| self.element.get_attribute(name));
        for complaint in &complaints {
            session.tell(Outcome::complaint(complaint));
        }
        self.relay = relay::address(&settings.relay, &self.root);
        session.set_relay(match &self.relay {
            Some(url) => url.host() + &url.pathname(),
            None => settings.relay.clone(),
        });
        if session.settings().target != settings.target {
            session.set_target(settings.target.clone());
        }
        if let Some(message) = &settings.message
            && session.settings().message != settings.message
        {
            session.set_draft(message.as_bytes().into());
        }
        let before = session.settings().link;
        let link = settings.link;
        session.set_settings(settings);
        if link != before {
            // The host hears of it right after its hello, before anything is sent. Without attributes it does nothing.
            let [up, down] = link.unwrap_or_default();
            let link = Link {
                up,
                down,
                seed: None,
            };
            self.feed(session, Event::Ask(Request::Link(link)));
        }
    }

    /// An attribute changed. What the element talks to can only change with a new session, and a new record.
    fn reconfigure(&mut self, session: &mut Session) {
        let before = session.settings().clone();
        self.configure(session);
        let after = session.settings();
        if !after.talks_to_the_same(&before) {
            self.feed(session, Event::Reset);
        } else if !after.asks_for_the_same(&before) {
            self.feed(session, Event::Adjust);
        }
    }

    fn watch_page(&self) -> [Option<Listener>; 2] {
        let page = self.element.owner_document();
        let inbox = self.inbox.clone();
        let look = move |event: web_sys::Event| {
            let page: Option<Document> = event.target().map(JsCast::unchecked_into);
            let is_hidden = page.is_some_and(|page| page.hidden());
            inbox.send(Input::Event(Event::Hidden(is_hidden)));
        };
        let inbox = self.inbox.clone();
        let online = move |_| inbox.send(Input::Event(Event::Online));
        let window = page.as_ref().and_then(Document::default_view);
        [
            page.map(|page| Listener::new(&page, "visibilitychange", Box::new(look))),
            window.map(|window| Listener::new(&window, "online", Box::new(online))),
        ]
    }

    fn teller(&self, input: fn() -> Input) -> Box<dyn FnMut()> {
        let inbox = self.inbox.clone();
        Box::new(move || inbox.send(input()))
    }
}

//! The task of one widget: it owns the session, and everything that happens comes to it in one stream.

use js_sys::Function;
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement, Url};

use crate::dom::{self, Clock, Frame, Listener, Request, Timer};
use crate::element::outcome::Outcome;
use crate::element::settings::{Mode, Settings};
use crate::element::trace;
use crate::host::{Host, Live, Replayed, Simulated};
use crate::inbox::{Receiver, Sender};
use crate::policy::Policy;
use crate::session::{Effect, Event, Micros, Peer, Session, capture};
use crate::ui::Ui;
use crate::view::View;
use crate::words;

/// What comes to the task.
#[derive(Debug)]
pub enum Input {
    /// The reader or the browser did something.
    Event(Event),
    /// The connection with this number did something; an older one has nothing to say any more.
    Host(u32, Event),
    /// As above, at a time of the past: a recording keeps its own pace.
    Recorded(u32, Micros, Event),
    /// A recording was loaded for this connection.
    Loaded(u32, String),
    /// The page around the element wants the run as JSON, given to this function.
    Export(Function),
    /// The timer rang.
    Rang,
    /// It is time to draw.
    Frame,
    /// An attribute of the element changed.
    Changed,
    /// The element left the page: the task ends.
    Left,
}

/// Runs one widget on a page until the element leaves it.
pub struct App {
    element: HtmlElement,
    /// Dispatches an event at the element: name and detail.
    dispatch: Function,
    /// The address of the loader: the default for the relay's.
    base: String,
    inbox: Sender<Input>,
    host: Option<Box<dyn Host>>,
    /// Number of the connection.
    connection: u32,
    relay: Option<Url>,
    question: Option<Request>,
    clock: Clock,
}

impl App {
    /// Runs, and gives the session back at the end.
    pub async fn run(
        (element, root, dispatch): (HtmlElement, Element, Function),
        base: String,
        mut session: Session,
        (inbox, inputs): (Sender<Input>, &Receiver<Input>),
    ) -> Session {
        let mut app = Self {
            element,
            dispatch,
            base,
            inbox,
            host: None,
            connection: 0,
            relay: None,
            question: None,
            clock: Clock::default(),
        };
        app.configure(&mut session);
        let mut ui = Ui::new(&root, &app.inbox, session.draft());
        ui.set_label(session.settings().label.as_deref());
        let mut generation = session.generation();
        let mut timer = Timer::new(app.teller(|| Input::Rang));
        let mut frame = Frame::new(app.teller(|| Input::Frame));
        let _visibility = app.watch_visibility();
        app.feed(&mut session, Event::Seen);
        loop {
            let now = app.clock.now();
            timer.set(session.wakes_at(now), now);
            match inputs.next().await {
                Input::Frame => {
                    frame.came();
                    if session.generation() != generation {
                        generation = session.generation();
                        ui = Ui::new(&root, &app.inbox, session.draft());
                    }
                    if !session.is_paused() {
                        ui.draw(&View::of(&session, app.clock.now()));
                    }
                    app.tell(&mut session);
                    continue;
                }
                Input::Left => break,
                Input::Changed => {
                    app.reconfigure(&mut session);
                    ui.set_label(session.settings().label.as_deref());
                }
                Input::Export(give) => {
                    // Whoever asked is a promise, and cannot throw.
                    let _ = give.call1(&JsValue::NULL, &trace::write(&session).into());
                    continue;
                }
                Input::Loaded(connection, source) if connection == app.connection => {
                    app.replay(&mut session, &source);
                }
                Input::Recorded(connection, at, event) if connection == app.connection => {
                    app.feed_at(&mut session, event, at);
                }
                Input::Rang => {
                    timer.rang();
                    app.feed(&mut session, Event::Tick);
                }
                Input::Event(event) => app.feed(&mut session, event),
                Input::Host(connection, event) if connection == app.connection => {
                    app.feed(&mut session, event)
                }
                Input::Host(..) | Input::Recorded(..) | Input::Loaded(..) => {}
            }
            frame.request();
        }
        app.feed(&mut session, Event::Left);
        app.tell(&mut session);
        session
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
            // A listener that throws is reported by the browser, and is no concern of ours.
            let _ = self
                .dispatch
                .call2(&JsValue::NULL, &name.into(), &detail.into());
        }
    }

    /// Hands an event to the session and does what it asks for.
    fn feed(&mut self, session: &mut Session, event: Event) {
        self.feed_at(session, event, self.clock.now());
    }

    fn feed_at(&mut self, session: &mut Session, event: Event, at: Micros) {
        session.set_buffered(self.host.as_ref().map_or(0, |host| host.buffered()));
        for effect in session.on(event, at) {
            match effect {
                Effect::Connect(peer) => self.connect(session, peer),
                Effect::Disconnect => self.host = None,
                Effect::AskPolicy => self.ask_policy(),
                Effect::Control(message) => {
                    if let Some(host) = &self.host {
                        host.control(&message);
                    }
                }
                Effect::Save => self.save(session),
                Effect::Datagram(payload) => {
                    if let Some(host) = &self.host {
                        host.send(&payload);
                    }
                }
            }
        }
    }

    fn connect(&mut self, session: &Session, peer: Peer) {
        // The old connection is let go of before there is a new one.
        self.host = None;
        self.connection += 1;
        let connection = self.connection;
        let inbox = self.inbox.clone();
        let tell = move |event| inbox.send(Input::Host(connection, event));
        match peer {
            Peer::Simulator(seed) => {
                self.host = Some(Box::new(Simulated::new(seed, Box::new(tell))));
                return;
            }
            Peer::Recording => return self.load_recording(connection),
            Peer::Host => {}
        }
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
        match Live::connect(&url, tell.clone()) {
            Ok(host) => self.host = Some(Box::new(host)),
            Err(reason) => tell(Event::Closed(0, reason)),
        }
    }

    fn save(&self, session: &Session) {
        let application = match session.mode() {
            Mode::Simulated => concat!(
                "udp-echo ",
                env!("CARGO_PKG_VERSION"),
                ", simulated in a browser"
            ),
            _ => concat!("udp-echo ", env!("CARGO_PKG_VERSION"), ", in a browser"),
        };
        let file = capture(session.history(), self.clock.origin(), application);
        dom::download("udp-echo.pcapng", &file);
    }

    /// Fetches the recording, or takes the one that stands in the element.
    fn load_recording(&mut self, connection: u32) {
        let inbox = self.inbox.clone();
        let tell = move |source| inbox.send(Input::Loaded(connection, source));
        let Some(src) = self.element.get_attribute("src") else {
            let selector = "script[type=\"application/json\"]";
            let inside = self.element.query_selector(selector).ok().flatten();
            return tell(
                inside
                    .and_then(|script| script.text_content())
                    .unwrap_or_default(),
            );
        };
        // Relative to the page, as every address in a page is.
        self.question = Request::get(&src, tell);
    }

    fn replay(&mut self, session: &mut Session, source: &str) {
        let src = &session.settings().src;
        let recording = match source {
            "" => Err(words::no_recording(src)),
            source => trace::read(source).map_err(|field| words::unreadable_recording(src, field)),
        };
        let recording = match recording {
            Ok(recording) => recording,
            Err(why) => return self.feed(session, Event::NoRecording(why)),
        };
        session.set_recording_of_simulation(recording.simulated);
        let connection = self.connection;
        let inbox = self.inbox.clone();
        let tell = move |at, event| inbox.send(Input::Recorded(connection, at, event));
        self.host = Some(Box::new(Replayed::new(recording, Box::new(tell))));
    }

    /// Asks the host why it does not let us in. No answer is an answer as well: then there is no host.
    fn ask_policy(&mut self) {
        let Some(url) = self.relay.as_ref().map(policy_url) else {
            return;
        };
        let connection = self.connection;
        let inbox = self.inbox.clone();
        let tell = move |answer: String| {
            if let Ok(policy) = Policy::read(&answer) {
                inbox.send(Input::Host(connection, Event::Policy(policy)));
            }
        };
        self.question = Request::get(&url, tell);
    }

    /// Reads the element's attributes.
    fn configure(&mut self, session: &mut Session) {
        let (settings, complaints) = Settings::read(|name| self.element.get_attribute(name));
        for complaint in &complaints {
            session.tell(Outcome::complaint(complaint));
        }
        self.relay = relay_url(&settings.relay, &self.base);
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
            session.set_draft(message.clone());
        }
        session.set_settings(settings);
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

    fn watch_visibility(&self) -> Listener {
        let inbox = self.inbox.clone();
        let look = move |_| inbox.send(Input::Event(Event::Hidden(dom::document().hidden())));
        Listener::new(&dom::document(), "visibilitychange", Box::new(look))
    }

    fn teller(&self, input: fn() -> Input) -> Box<dyn FnMut()> {
        let inbox = self.inbox.clone();
        Box::new(move || inbox.send(input()))
    }
}

/// The relay's WebSocket address: what the author wrote, or else the place that the loader came from.
fn relay_url(address: &str, base: &str) -> Option<Url> {
    let url = Url::new_with_base(address, base).ok()?;
    match url.protocol().as_str() {
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        _ => {}
    }
    if address.is_empty() || url.pathname() == "/" {
        url.set_pathname("/relay");
        url.set_search("");
    }
    url.set_hash("");
    Some(url)
}

/// Where the host behind a relay tells its policy.
fn policy_url(relay: &Url) -> String {
    let scheme = if relay.protocol() == "wss:" {
        "https://"
    } else {
        "http://"
    };
    [scheme, &relay.host(), &relay.pathname(), ".json"].concat()
}

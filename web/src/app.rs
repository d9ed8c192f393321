//! The task of one widget: it owns the session, and everything that happens comes to it in one stream.

use web_sys::{HtmlElement, ShadowRoot, Url};

use crate::dom::{self, Clock, Frame, Listener, Request, Timer};
use crate::host::{Host, Live};
use crate::inbox::{Receiver, Sender};
use crate::policy::Policy;
use crate::session::{Effect, Event, Session, capture};
use crate::ui::Ui;
use crate::view::View;

/// What comes to the task.
#[derive(Debug)]
pub enum Input {
    /// The reader or the browser did something.
    Event(Event),
    /// The connection with this number did something; an older one has nothing to say any more.
    Host(u32, Event),
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
        element: HtmlElement,
        root: ShadowRoot,
        base: String,
        mut session: Session,
        (inbox, inputs): (Sender<Input>, &Receiver<Input>),
    ) -> Session {
        let mut app = Self {
            element,
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
                    ui.draw(&View::of(&session, app.clock.now()));
                    continue;
                }
                Input::Left => break,
                Input::Changed => app.reconfigure(&mut session),
                Input::Rang => {
                    timer.rang();
                    app.feed(&mut session, Event::Tick);
                }
                Input::Event(event) => app.feed(&mut session, event),
                Input::Host(connection, event) if connection == app.connection => {
                    app.feed(&mut session, event)
                }
                Input::Host(..) => {}
            }
            frame.request();
        }
        app.feed(&mut session, Event::Left);
        session
    }

    /// Hands an event to the session and does what it asks for.
    fn feed(&mut self, session: &mut Session, event: Event) {
        session.set_buffered(self.host.as_ref().map_or(0, |host| host.buffered()));
        for effect in session.on(event, self.clock.now()) {
            match effect {
                Effect::Connect => self.connect(session),
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

    fn connect(&mut self, session: &Session) {
        // The old connection is let go of before there is a new one.
        self.host = None;
        self.connection += 1;
        let connection = self.connection;
        let inbox = self.inbox.clone();
        let tell = move |event| inbox.send(Input::Host(connection, event));
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
        let application = concat!("udp-echo ", env!("CARGO_PKG_VERSION"), ", in a browser");
        let file = capture(session.history(), self.clock.origin(), application);
        dom::download("udp-echo.pcapng", &file);
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
        let address = self.element.get_attribute("relay").unwrap_or_default();
        self.relay = relay_url(&address, &self.base);
        session.set_relay(match &self.relay {
            Some(url) => url.host() + &url.pathname(),
            None => address,
        });
        let target = self.element.get_attribute("target").unwrap_or_default();
        session.set_target(target);
        if let Some(message) = self.element.get_attribute("message") {
            session.set_draft(message);
        }
    }

    fn reconfigure(&mut self, session: &mut Session) {
        let before = self.relay.as_ref().map(Url::href);
        self.configure(session);
        if self.relay.as_ref().map(Url::href) != before {
            self.feed(session, Event::Left);
            self.feed(session, Event::Seen);
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

//! The session against the simulated host of `wire`, which speaks the real protocol, and against hosts that do not.

use proptest::prelude::*;
use udp_echo_feed::codec::Request;
use wire::control::{
    ClientMessage, Event as Report, Lab, Notice, ServerRules, Visitor, VisitorFate, What,
};
use wire::ledger::{Delivery, Fate};
use wire::link::Impairment;
use wire::simulator::{Outgoing, Simulator};

use super::*;
use crate::view::View;

/// A session that nothing stands in for when there is no host: that has tests of its own.
fn live_only() -> Session {
    let mut session = Session::new(1);
    session.set_settings(Settings {
        mode: Mode::Live,
        ..Settings::default()
    });
    session
}

/// A request as panels and pages write it.
fn asks(request: &str) -> Event {
    Event::Ask(Request::read(request).expect("the form of the wire"))
}

/// A page with a simulated host, and the time.
struct Page {
    session: Session,
    host: Option<Simulator>,
    now: Micros,
    asked_why: bool,
}

impl Page {
    fn new() -> Self {
        Self::with(live_only().settings().clone())
    }

    fn with(settings: Settings) -> Self {
        let mut session = Session::new(1);
        session.set_settings(settings);
        Self {
            session,
            host: None,
            now: 1_000_000,
            asked_why: false,
        }
    }

    /// A page whose session is live.
    fn live() -> Self {
        let mut page = Self::new();
        page.on(Event::Seen);
        page.run(0);
        assert_eq!(page.view().state(), "live");
        page
    }

    fn on(&mut self, event: Event) {
        let sends = matches!(event, Event::Send | Event::SendWith(_) | Event::Burst(..));
        self.take(event);
        // The timer rings at once.
        if sends {
            self.take(Event::Tick);
        }
    }

    fn take(&mut self, event: Event) {
        for effect in self.session.on(event, self.now) {
            match effect {
                Effect::Connect(_) => self.host = Some(Simulator::new(self.now, 7)),
                Effect::Disconnect => self.host = None,
                Effect::Explain => self.asked_why = true,
                Effect::Save => {}
                Effect::Control(message) => {
                    self.tell_host(&message);
                }
                Effect::Datagram(payload) => self
                    .host
                    .as_mut()
                    .unwrap()
                    .datagram(self.now, payload.to_vec().into()),
            }
        }
    }

    fn tell_host(&mut self, message: &ClientMessage) {
        self.host.as_mut().unwrap().control(message);
    }

    /// Lets this many microseconds pass.
    fn run(&mut self, micros: u64) {
        let end = self.now + micros;
        loop {
            while let Some(outgoing) = self.host.as_mut().and_then(|host| host.poll(self.now)) {
                self.on(match outgoing {
                    Outgoing::Control(message) => Event::Control(message),
                    Outgoing::Datagram(payload) => Event::Datagram(payload.to_vec()),
                });
            }
            let dues = [
                self.host.as_mut().and_then(Simulator::next_due),
                self.session.wakes_at(self.now),
            ];
            match dues.into_iter().flatten().min() {
                Some(due) if due <= end => {
                    self.now = due.max(self.now);
                    self.on(Event::Tick);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn send(&mut self, text: &str) {
        self.on(Event::Draft(text.to_owned()));
        self.on(Event::Send);
    }

    fn view(&self) -> View<'_> {
        let view = View::of(&self.session, self.now);
        assert_eq!(
            view.sum()[0],
            view.sum()[1..].iter().sum::<u64>(),
            "the books must close"
        );
        view
    }

    fn fate(&self, number: u64) -> Option<Fate> {
        self.session.history().datagram(number).unwrap().fate
    }
}

fn lines(transcript: &transcript::Transcript) -> Vec<&str> {
    let kept = transcript.numbers();
    kept.map(|n| transcript.line(n).unwrap().text.as_str())
        .collect()
}

fn report(id: u64, what: What) -> Event {
    Event::Control(HostMessage::Events(vec![Report(1, id, 0, what)]))
}

mod connection;
mod datagrams;
mod lane;
mod mishaps;
mod standing_in;

//! For tests: the core's session with a simulated host, without a browser.

use udp_echo_feed::codec::{self, Request};
use udp_echo_feed::datagram::Payload;
use udp_echo_feed::feed::Feed;
use udp_echo_feed::json;
use udp_echo_web::feeder::Feeder;
use udp_echo_web::session::{Effect, Event, Micros, Session};
use udp_echo_web::settings::{Mode, Pace, Settings};
use udp_echo_web::trace;
use wire::control::HostMessage;
use wire::simulator::{Outgoing, Simulator};

use crate::trace::{Recording, Said};

/// A widget, its host, the time, and what a panel is told.
pub(crate) struct Rehearsal {
    pub(crate) session: Session,
    host: Simulator,
    now: Micros,
    feeder: Feeder,
    pub(crate) feed: Feed,
}

impl Rehearsal {
    /// A session that is live, as far as it knows.
    pub(crate) fn new() -> Self {
        let mut session = Session::new(1);
        session.set_settings(Settings {
            mode: Mode::Simulated,
            seed: Some(3),
            ..Settings::default()
        });
        let mut this = Self {
            session,
            host: Simulator::new(0, 3),
            now: 0,
            feeder: Feeder::default(),
            feed: Feed::default(),
        };
        this.on(Event::Seen);
        this.run(0);
        this
    }

    pub(crate) fn on(&mut self, event: Event) {
        for effect in self.session.on(event, self.now) {
            match effect {
                Effect::Datagram(payload) => self.host.datagram(self.now, payload.to_vec().into()),
                Effect::Control(message) => self.host.control(&message),
                _ => {}
            }
        }
    }

    /// Asks for something as the panel does.
    pub(crate) fn ask(&mut self, request: Request) {
        self.on(Event::Ask(request));
    }

    pub(crate) fn send(&mut self, payload: &[u8]) {
        let payload = Payload::from(payload);
        self.on(Event::Burst(Some(payload), Pace::default()));
        // The timer rings at once.
        self.on(Event::Tick);
    }

    /// Lets this many microseconds pass.
    pub(crate) fn run(&mut self, micros: u64) {
        let end = self.now + micros;
        loop {
            while let Some(outgoing) = self.host.poll(self.now) {
                self.on(match outgoing {
                    // Through the same text as in a browser.
                    Outgoing::Control(message) => {
                        let text = codec::to_string(&message);
                        match codec::host_message(&text).expect("the form of the wire") {
                            Some(message) => Event::Control(message),
                            None => continue,
                        }
                    }
                    Outgoing::Datagram(payload) => Event::Datagram(payload.into()),
                });
            }
            match self.host.next_due() {
                Some(due) if due <= end => self.now = due.max(self.now),
                _ => break,
            }
        }
        self.now = end;
    }

    /// Lets pass what the longest wait takes.
    pub(crate) fn settle(&mut self) {
        self.run(10_000_000);
    }

    /// What a panel knows by now.
    pub(crate) fn fed(&mut self) -> &Feed {
        if let Some(feed) = self.feeder.next(&self.session) {
            let value = json::parse(&feed).expect("a feed is JSON");
            self.feed.take_in(&value).expect("a feed has every field");
        }
        &self.feed
    }

    /// The run so far.
    pub(crate) fn trace(&self) -> String {
        trace::write(&self.session, 1_700_000_000_000_000)
    }
}

/// Shows a recording in a session of its own, at its own times.
pub(crate) fn replay(recording: Recording) -> Session {
    let mut session = Session::new(2);
    session.set_settings(Settings {
        mode: Mode::Replay,
        ..Settings::default()
    });
    session.on(Event::Seen, 0);
    for (at, said) in recording {
        let event = match said {
            Said::Hello(hello) => Event::Control(HostMessage::Hello(hello)),
            Said::Event(event) => Event::Control(HostMessage::Events(vec![event])),
            Said::Answer(bytes) => Event::Datagram(bytes),
            Said::Sent(bytes) => Event::Replayed(bytes),
        };
        session.on(event, at);
    }
    session
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ledger::Fate;

    #[test]
    fn a_panel_knows_what_the_session_knows_from_changes_alone() {
        let mut page = Rehearsal::new();
        assert_eq!(page.fed().mode, "simulated");
        assert_eq!(page.fed().server, "127.0.0.1:10000");
        let quiet = page.feeder.next(&page.session);
        assert_eq!(quiet, None, "nothing has changed");
        page.send(b"one");
        page.send(b"\xfftwo");
        assert_eq!(page.fed().datagrams[&2].payload[..], b"\xfftwo"[..]);
        page.settle();
        page.on(Event::Select(Some(1)));
        page.on(Event::Fill(b"\0draft"[..].into()));
        let history_first = page.session.history().datagram(1).unwrap().events.clone();
        let feed = page.fed();
        assert_eq!((feed.selected, feed.next), (Some(1), 3));
        assert_eq!(feed.datagrams[&1].fate, Some(Fate::Echoed));
        assert_eq!(feed.datagrams[&1].events, history_first);
        assert_eq!(feed.draft[..], b"\0draft"[..]);
        page.on(Event::Clear);
        assert!(page.fed().datagrams.is_empty());
        page.send(b"three");
        assert_eq!(page.fed().datagrams.numbers(), 3..4);
    }
}

//! A run of the simulated host, for the tests of the panels: what was sent, and what was reported of it.

use wire::control::{ClientMessage, Event, HostMessage, Lab, Options, ServerRules, What};
use wire::ledger::{Delivery, Fate};
use wire::link::Impairment;
use wire::simulator::{Outgoing, Simulator};

use crate::Micros;
use crate::datagram::Datagram;

/// What to set before the first datagram.
#[derive(Debug, Default)]
pub struct Set {
    /// The link there.
    pub up: Impairment,
    /// The link back.
    pub down: Impairment,
    /// Seed of the link.
    pub seed: u64,
    /// Rules of the server.
    pub rules: ServerRules,
    /// Options of the session.
    pub options: Options,
}

/// Sends payloads, one every `pause` microseconds, and lets everything come to its end. `page` is the page's own part of each round
/// trip, on top of the host's.
pub fn run(set: Set, pause: Micros, page: Micros, payloads: &[&[u8]]) -> Vec<Datagram> {
    let mut host = Simulator::new(0, 1);
    host.control(&ClientMessage::Options(set.options));
    host.control(&ClientMessage::Server(set.rules));
    host.control(&ClientMessage::Lab(Lab {
        up: set.up,
        down: set.down,
        seed: set.seed,
    }));
    let mut datagrams = Vec::new();
    let take = |datagrams: &mut Vec<Datagram>, host: &mut Simulator, now| {
        while let Some(outgoing) = host.poll(now) {
            if let Outgoing::Control(HostMessage::Events(events)) = outgoing {
                for event in events {
                    // Number 0 is an answer to nothing that was sent, such as one with a bit turned over: it has no datagram.
                    if let Some(index) = (event.1 as usize).checked_sub(1) {
                        tell(&mut datagrams[index], event, page);
                    }
                }
            }
        }
    };
    let mut now = 0;
    for (number, payload) in (1..).zip(payloads) {
        now = number * pause;
        while let Some(due) = host.next_due().filter(|due| *due <= now) {
            take(&mut datagrams, &mut host, due);
        }
        datagrams.push(Datagram::new(number, (*payload).into(), now));
        host.datagram(now, payload.to_vec().into());
        take(&mut datagrams, &mut host, now);
    }
    while let Some(due) = host.next_due() {
        now = now.max(due);
        take(&mut datagrams, &mut host, now);
    }
    datagrams
}

/// Adds a report to the datagram that it is about.
pub fn tell(datagram: &mut Datagram, event: Event, page: Micros) {
    match event.3 {
        What::RelayOut(_, Delivery::Echoed) => {
            datagram.answered_at = Some(event.0 + page);
            datagram.fate = Some(Fate::Echoed);
        }
        What::Lost => datagram.fate = Some(Fate::Lost),
        What::Gone => datagram.fate = Some(Fate::Dropped),
        What::Refused(_) => datagram.fate = Some(Fate::Refused),
        What::Unanswered => datagram.fate = Some(Fate::Unanswered),
        _ => {}
    }
    datagram.events.push(event);
}

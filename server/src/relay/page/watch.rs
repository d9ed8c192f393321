//! A page's session as a capture for a program on this machine: a packet for each datagram and each answer, once its fate is known.
//!
//! The events of the session tell what happened and when; what the datagrams carried is kept here until their fate is known.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wire::control::{CaptureOffer, Event, HostMessage, What};
use wire::ledger::Delivery;
use wire::link::{Carried, Direction, DropReason};
use wire::packet::Datagram;

use super::PageSession;
use crate::capture::Offer;

/// Bytes that datagrams without a fate may take; those that find no room are missing in the capture.
const MOST_HELD: usize = 1024 * 1024;

/// Bytes that each of them takes besides its payload, roughly.
const EACH: usize = 256;

/// What is recorded of a session.
#[derive(Debug)]
pub(super) struct Watch {
    offer: Offer,
    /// When the session began, since the Unix epoch.
    began: Duration,
    /// Whether somebody reads the capture: the same from one arrival to the next, so that payloads and events belong together.
    is_read: bool,
    /// Datagrams without a fate, by their numbers.
    pending: HashMap<u64, Pending>,
    /// What has come from the server since the last events; `None` where there was no room.
    arrivals: VecDeque<Option<Bytes>>,
    /// Answers on their way back through the session's link.
    answers: VecDeque<Arrived>,
    held: usize,
}

#[derive(Debug)]
struct Pending {
    relay_in: u64,
    route: Route,
    payload: Bytes,
    /// The copies that went to the server or were dropped before it.
    copies: Vec<Copied>,
    /// Answers that were dropped, in their words: they come behind the datagram.
    answers: Vec<(Arrived, String)>,
}

#[derive(Debug)]
struct Copied {
    at: u64,
    copy: u8,
    /// Where the link turned a bit.
    corrupted: Option<Bytes>,
    /// Why it never reached UDP, for one that did not.
    dropped: Option<DropReason>,
}

#[derive(Debug)]
struct Arrived {
    at: u64,
    id: u64,
    copy: u8,
    payload: Option<Bytes>,
}

/// The two ends of the UDP side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
}

impl Watch {
    /// Records a session that began `age` ago.
    fn new(offer: Offer, age: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            offer,
            began: now.unwrap_or_default().saturating_sub(age),
            is_read: false,
            pending: HashMap::new(),
            arrivals: VecDeque::new(),
            answers: VecDeque::new(),
            held: 0,
        }
    }

    /// Looks whether somebody reads; before anything arrives that the events will tell of.
    pub(super) fn look(&mut self) {
        let is_read = self.offer.tape.is_read();
        if self.is_read && !is_read {
            self.pending = HashMap::new();
            self.arrivals = VecDeque::new();
            self.answers = VecDeque::new();
            self.held = 0;
        }
        self.is_read = is_read;
    }

    /// Keeps what the client's datagram with this number carries.
    pub(super) fn taken(&mut self, id: u64, payload: &[u8], route: Route) {
        if !self.is_read {
            return;
        }
        if !self.has_room(payload.len()) {
            self.offer.tape.leave_out(1);
            return;
        }
        self.held += EACH + payload.len();
        let pending = Pending {
            relay_in: 0,
            route,
            payload: Bytes::copy_from_slice(payload),
            copies: Vec::new(),
            answers: Vec::new(),
        };
        self.pending.insert(id, pending);
    }

    /// Notes that a copy went to the server.
    pub(super) fn sent(&mut self, at: u64, carried: &Carried<u64>, route: Route) {
        if !self.is_read {
            return;
        }
        let copied = Copied {
            at,
            copy: carried.copy,
            corrupted: carried.corrupted.map(|_| carried.payload.clone()),
            dropped: None,
        };
        match self.pending.get_mut(&carried.tag) {
            Some(pending) => {
                pending.route = route;
                pending.copies.push(copied);
            }
            // Its datagram has had its fate: the first copy's answer was faster.
            None if carried.copy > 0 => {
                let comment =
                    name(carried.tag, carried.copy) + ": sent after the answer to the first";
                self.row(at, route.client, route.server, &carried.payload, &comment);
            }
            None => {}
        }
    }

    /// Keeps what has come from the server, in the order of the events that tell of it.
    pub(super) fn arrived(&mut self, payload: &Bytes) {
        if !self.is_read {
            return;
        }
        let has_room = self.has_room(payload.len());
        if has_room {
            self.held += EACH + payload.len();
        }
        self.arrivals.push_back(has_room.then(|| payload.clone()));
    }

    /// Takes the events of the session; those that are final make packets.
    pub(super) fn on_events(&mut self, events: &[Event], route: Route) {
        if !self.is_read {
            return;
        }
        for Event(at, id, copy, what) in events {
            self.on_event(*at, *id, *copy, what, route);
        }
    }

    fn on_event(&mut self, at: u64, id: u64, copy: u8, what: &What, route: Route) {
        match what {
            What::RelayIn(_) => {
                if let Some(pending) = self.pending.get_mut(&id) {
                    pending.relay_in = at;
                }
            }
            What::UdpIn(_) => {
                if let Some(payload) = self.arrivals.pop_front() {
                    let arrived = Arrived {
                        at,
                        id,
                        copy,
                        payload,
                    };
                    self.answers.push_back(arrived);
                }
            }
            What::RelayOut(_, delivery) => {
                // A second time for the copy that the link made of an answer: one datagram came.
                let Some(answer) = self.take_answer(id, copy) else {
                    return;
                };
                if *delivery == Delivery::Echoed {
                    let fate = self.echoed(&answer);
                    self.settle(id, &fate);
                }
                self.answer_row(&answer, delivered(*delivery), route);
            }
            What::Dropped(Direction::Up, reason) => {
                if let Some(pending) = self.pending.get_mut(&id) {
                    pending.copies.push(Copied {
                        at,
                        copy,
                        corrupted: None,
                        dropped: Some(*reason),
                    });
                }
            }
            What::Dropped(Direction::Down, reason) => {
                let Some(answer) = self.take_answer(id, copy) else {
                    return;
                };
                let words = format!("dropped on the way back ({})", word(*reason));
                match self.pending.get_mut(&id) {
                    Some(pending) => pending.answers.push((answer, words)),
                    None => self.answer_row(&answer, &words, route),
                }
            }
            What::Gone => self.settle(id, "dropped"),
            What::Refused(words) => self.settle(id, &format!("refused: {words}")),
            What::Rejected(words) => self.settle(id, &format!("rejected: {words}")),
            What::Unanswered => self.settle(id, "unanswered: it is empty"),
            What::Lost => self.settle(id, "lost: no answer in time"),
            What::Dequeued
            | What::UdpOut
            | What::EchoIn(_)
            | What::Cut(_)
            | What::EchoOut(_)
            | What::Corrupted(..) => {}
        }
    }

    /// Ends the capture: what has no fate now will have none.
    pub(super) fn finish(&mut self) {
        let mut left: Vec<u64> = self.pending.keys().copied().collect();
        left.sort_unstable();
        for id in left {
            self.settle(id, "in flight when the session ended");
        }
    }

    /// Writes the packets of a datagram that has its fate.
    fn settle(&mut self, id: u64, fate: &str) {
        let Some(pending) = self.pending.remove(&id) else {
            return;
        };
        self.held -= EACH + pending.payload.len();
        let Route { client, server } = pending.route;
        for copied in &pending.copies {
            let payload = copied.corrupted.as_ref().unwrap_or(&pending.payload);
            let mut comment = name(id, copied.copy) + ": ";
            match copied.dropped {
                Some(reason) => {
                    comment += "dropped on the way to the server (";
                    comment += word(reason);
                    comment += "), so it never was on the wire";
                }
                None => comment += fate,
            }
            if copied.corrupted.is_some() {
                comment += "; the link turned a bit";
            }
            self.row(copied.at, client, server, payload, &comment);
        }
        if pending.copies.is_empty() {
            let comment = format!("{}: {fate}", name(id, 0));
            self.row(pending.relay_in, client, server, &pending.payload, &comment);
        }
        for (answer, words) in &pending.answers {
            self.answer_row(answer, words, pending.route);
        }
    }

    fn echoed(&self, answer: &Arrived) -> String {
        let pending = self.pending.get(&answer.id);
        let mut copies = pending.iter().flat_map(|pending| &pending.copies);
        let sent = copies.find(|copied| copied.copy == answer.copy && copied.dropped.is_none());
        sent.map_or_else(
            || "echoed".to_owned(),
            |sent| {
                let micros = answer.at.saturating_sub(sent.at);
                format!("echoed after {}.{:03} ms", micros / 1000, micros % 1000)
            },
        )
    }

    fn take_answer(&mut self, id: u64, copy: u8) -> Option<Arrived> {
        let mut answers = self.answers.iter();
        let at = answers.position(|answer| (answer.id, answer.copy) == (id, copy))?;
        let answer = self.answers.remove(at)?;
        if let Some(payload) = &answer.payload {
            self.held -= EACH + payload.len();
        }
        Some(answer)
    }

    fn answer_row(&self, answer: &Arrived, words: &str, route: Route) {
        let comment = match answer.id {
            0 => format!("answer to no datagram: {words}"),
            id => format!("answer to {}: {words}", name(id, answer.copy)),
        };
        match &answer.payload {
            Some(payload) => self.row(answer.at, route.server, route.client, payload, &comment),
            None => self.offer.tape.leave_out(1),
        }
    }

    fn row(
        &self,
        at: u64,
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
        comment: &str,
    ) {
        let datagram = Datagram {
            source,
            destination,
            payload,
        };
        let at = self.began + Duration::from_micros(at);
        self.offer.tape.record(at, &datagram, comment);
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.held + EACH + bytes <= MOST_HELD
    }
}

/// How a capture calls a datagram, or the copy of it that a duplicating link made.
fn name(id: u64, copy: u8) -> String {
    match copy {
        0 => format!("datagram {id}"),
        _ => format!("datagram {id}, second copy"),
    }
}

fn word(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Loss => "loss",
        DropReason::Checksum => "its checksum was wrong",
        DropReason::Queue => "the queue was full",
        DropReason::SlowReader => "the page reads too slowly",
        DropReason::Hop => "between the page and the host",
        DropReason::Browser => "in the browser",
    }
}

fn delivered(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Echoed => "delivered",
        Delivery::Duplicate => "delivered, and it is a duplicate",
        Delivery::Late => "delivered, but too late",
        Delivery::Stray => "delivered",
    }
}

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Tells the page how a program on this machine watches its session, where the host lets one.
    pub(super) fn offer_capture(&mut self) {
        match self.capture_token() {
            Ok(token) => self
                .page
                .notify(&HostMessage::Capture(CaptureOffer { token })),
            Err(why) => self.page.notice("capture", why),
        }
    }

    fn capture_token(&mut self) -> Result<String, String> {
        let captures = self.context.captures.as_ref();
        let captures = captures.ok_or_else(|| {
            "this host lets nobody watch its sessions; start it with --wireshark".to_owned()
        })?;
        if !self.is_local {
            return Err(
                "only a session whose page and host are on one machine, with no proxy in between, can be watched"
                    .to_owned(),
            );
        }
        if self.watch.is_none() {
            let offer = captures.offer(self.number).map_err(|error| {
                format!("the system has no random numbers for a token: {error}")
            })?;
            self.session.watch();
            let age = self.context.clock.now() - self.session.began();
            self.watch = Some(Watch::new(offer, Duration::from_micros(age)));
        }
        let watch = self.watch.as_ref();
        Ok(watch.map_or_else(String::new, |watch| watch.offer.token()))
    }

    /// Looks whether somebody watches, before anything arrives.
    pub(super) fn look(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.look();
        }
    }

    /// Shows what the client's datagram with this number carries to whoever watches.
    pub(super) fn show_taken(&mut self, id: u64, payload: &[u8]) {
        let route = self.route();
        if let Some(watch) = &mut self.watch {
            watch.taken(id, payload, route);
        }
    }

    /// The two ends of the UDP side as they are now.
    pub(super) fn route(&self) -> Route {
        Route {
            client: self.udp.local_addr(),
            server: self.server,
        }
    }
}

#[cfg(test)]
mod tests;

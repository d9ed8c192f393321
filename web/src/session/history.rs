//! What became of every datagram: the record that rows, transcripts and counters are drawn from.

use std::collections::VecDeque;
use std::ops::Range;

use udp_echo_feed::datagram::Payload;
use wire::control::{Event, Hello, ServerState, Visitor, VisitorFate, What};
use wire::ledger::{Counters, Delivery, Fate};
use wire::transcript::{self as words, Address};

use udp_echo_feed::datagram::Datagram;

use super::Micros;
use super::transcript::{Kind, Transcript};
use crate::words as ours;
use udp_echo_feed::json;

/// Settled datagrams that are kept; older ones are forgotten, but stay counted.
pub const KEPT_DATAGRAMS: usize = 1000;

/// Datagrams that are kept beyond these while they are on their way. A host has fewer in flight.
const KEPT_IN_FLIGHT: usize = 9000;

/// Payload bytes that are kept.
const KEPT_BYTES: usize = 16 << 20;

/// Answers that may wait for the host's word on which datagram they belong to.
const KEPT_ANSWERS: usize = 4096;

/// The record of one page, over all its sessions.
#[derive(Debug, Default)]
pub struct History {
    datagrams: VecDeque<Datagram>,
    /// Payload bytes of all of them.
    kept_bytes: usize,
    counters: Counters,
    /// What the client printed.
    pub client: Transcript,
    /// What the server printed.
    pub server: Transcript,
    /// What the link did: no client and no server knows of it.
    pub path: Transcript,
    /// Datagrams that get no answer any more, which their client does not know until these times.
    in_vain: Vec<(Micros, u64)>,
    link: Option<Link>,
    routes: Vec<Route>,
    /// The server of the session has closed its socket, or never opened it.
    is_server_down: bool,
    /// How often a datagram has changed.
    revision: u64,
}

/// The two ends of the datagrams from one number on.
#[derive(Debug)]
struct Route {
    first: u64,
    client: String,
    server: String,
}

/// What belongs to one session only: the host counts from 1 again in the next.
#[derive(Debug)]
struct Link {
    /// Datagrams of the sessions before.
    before: u64,
    client: Option<Address>,
    answers: Answers,
    /// Reports of answers that are not here yet, oldest first: control may overtake datagrams.
    early_reports: Vec<Event>,
    /// The newest datagram that was echoed.
    newest_echoed: u64,
}

/// The host's binary messages whose datagram is not known yet: when they came, and what they carry.
#[derive(Debug, Default)]
struct Answers {
    kept: Vec<Option<(Micros, Vec<u8>)>>,
    /// How many came before the oldest of these.
    before: u64,
}

impl Answers {
    fn push(&mut self, now: Micros, bytes: Vec<u8>) {
        self.kept.push(Some((now, bytes)));
        if self.kept.len() > KEPT_ANSWERS {
            self.forget_oldest();
        }
    }

    /// How many have come.
    fn count(&self) -> u64 {
        self.before + self.kept.len() as u64
    }

    /// Takes the message with this number, counted from 1.
    fn take(&mut self, message: u64) -> Option<(Micros, Vec<u8>)> {
        let index = message.checked_sub(self.before + 1)?;
        let answer = self.kept.get_mut(usize::try_from(index).ok()?)?.take();
        // When half of them are: a long list is not moved for each.
        let taken = self.kept.iter().take_while(|answer| answer.is_none());
        let taken = taken.count();
        if taken * 2 >= self.kept.len() {
            (0..taken).for_each(|_| self.forget_oldest());
        }
        answer
    }

    fn forget_oldest(&mut self) {
        self.kept.remove(0);
        self.before += 1;
    }
}

/// The number of the answer that a report is about.
fn answer_of(report: &Event) -> Option<u64> {
    match report.3 {
        What::RelayOut(message, _) => Some(message),
        _ => None,
    }
}

impl History {
    /// The numbers of the kept datagrams.
    pub fn numbers(&self) -> Range<u64> {
        let end = self.counters.sent + 1;
        end - self.datagrams.len() as u64..end
    }

    /// The routes of the datagrams from `first` on, each as a list of JSON; `first` counts as 1.
    pub fn routes(&self, first: u64) -> impl Iterator<Item = String> {
        let next = self.routes.iter().skip(1).map(|route| route.first);
        let ends = next.chain([u64::MAX]);
        let routes = self.routes.iter().zip(ends);
        let kept = routes.filter(move |(_, end)| *end > first);
        kept.map(move |(route, _)| {
            let number = (route.first + 1).saturating_sub(first).max(1);
            let mut out = ["[", &ours::number(number)].concat();
            for address in [&route.client, &route.server] {
                out.push(',');
                json::write_text(&mut out, address);
            }
            out + "]"
        })
    }

    /// Grows with every change of a datagram.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A kept datagram by its number on the page.
    pub fn datagram(&self, number: u64) -> Option<&Datagram> {
        self.datagrams.get(self.index(number)?)
    }

    /// The totals.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether nobody has bound the server's port.
    pub fn is_server_down(&self) -> bool {
        self.is_server_down
    }

    /// A session begins. Where it asks for a server of its own, that one's first words follow.
    pub(super) fn open(&mut self, hello: &Hello, is_server_to_change: bool) {
        self.begin_route(hello.client.clone(), &hello.server);
        self.is_server_down = false;
        self.link = Some(Link {
            before: self.counters.sent,
            client: Address::from_text(&hello.client),
            answers: Answers::default(),
            early_reports: Vec::new(),
            newest_echoed: 0,
        });
        match Address::from_text(&hello.server) {
            Some(_) if is_server_to_change => {}
            Some(server) if hello.own_server => self.print_start(&server),
            _ => self
                .server
                .remark(None, &ours::not_our_server(&hello.target)),
        }
    }

    /// The session has a server of its own now, which listens or does not.
    pub(super) fn server_changed(&mut self, state: &ServerState) {
        if self.counters.sent == 0 {
            // Of the one before there is nothing to tell: it has not received anything.
            self.server.clear();
        }
        let client = self.routes.last().map(|route| route.client.clone());
        self.begin_route(client.unwrap_or_default(), &state.server);
        self.is_server_down = !state.rules.listening;
        match Address::from_text(&state.server) {
            Some(server) if state.rules.listening => self.print_start(&server),
            _ => self.server.remark(None, &ours::not_bound(&state.server)),
        }
    }

    /// The session's socket is connected to its server now, or is not.
    pub(super) fn connected(&mut self, is_connected: bool) {
        let remark = if is_connected {
            ours::CONNECTED
        } else {
            ours::UNCONNECTED
        };
        self.client.remark(None, remark);
    }

    /// From the next datagram on, they go between these addresses.
    fn begin_route(&mut self, client: String, server: &str) {
        let first = self.counters.sent + 1;
        // One that no datagram has gone is none.
        self.routes.retain(|route| route.first < first);
        self.routes.push(Route {
            first,
            client,
            server: server.to_owned(),
        });
    }

    fn print_start(&mut self, server: &Address) {
        self.server.print(None, &words::starting_up(server));
        self.wait_for_message();
    }

    /// The session is over; what is still on its way will not be heard of any more. Returns how many those are.
    pub(super) fn close(&mut self) -> u64 {
        // What the host has answered and this page has not received is not echoed.
        self.in_vain.clear();
        if self.link.take().is_none() {
            return 0;
        }
        let mut open = 0;
        for number in self.numbers() {
            if self
                .datagram(number)
                .is_some_and(|datagram| datagram.fate.is_none())
            {
                self.settle(number, Fate::Lost);
                open += 1;
            }
        }
        self.client.print(None, words::CLOSING_SOCKET);
        open
    }

    /// A datagram was handed over. Returns its number.
    pub(super) fn sent(&mut self, payload: Payload, now: Micros) -> u64 {
        self.counters.sent += 1;
        self.counters.in_flight += 1;
        self.counters.bytes_sent += payload.len() as u64;
        let number = self.counters.sent;
        self.client.print(Some(number), &words::sending(&payload));
        self.client.print(Some(number), words::WAITING_FOR_REPLY);
        self.kept_bytes += payload.len();
        self.revision += 1;
        self.datagrams.push_back(Datagram {
            revision: self.revision,
            ..Datagram::new(number, payload, now)
        });
        self.forget();
        number
    }

    /// A binary message came from the host. Returns a datagram's number and fate when this settled it.
    pub(super) fn answered(&mut self, bytes: Vec<u8>, now: Micros) -> Option<(u64, Fate)> {
        let link = self.link.as_mut()?;
        self.counters.bytes_received += bytes.len() as u64;
        link.answers.push(now, bytes);
        let count = link.answers.count();
        let report = self.next_early_report(count)?;
        self.judge(report)
    }

    /// Takes the oldest report that came before its answer, of those about the first `count` answers.
    fn next_early_report(&mut self, count: u64) -> Option<Event> {
        let reports = &mut self.link.as_mut()?.early_reports;
        let is_ready = |report| answer_of(report).is_some_and(|message| message <= count);
        let place = reports.iter().position(is_ready)?;
        Some(reports.remove(place))
    }

    /// The host reports something. Returns the datagram's number and fate when this settled it.
    pub(super) fn reported(&mut self, event: Event) -> Option<(u64, Fate)> {
        let link = self.link.as_mut()?;
        let number = link.before.checked_add(event.1);
        let is_of_ours = |number: &u64| event.1 > 0 && *number <= self.counters.sent;
        if let Some(number) = number.filter(is_of_ours)
            && let Some(datagram) = self.datagram_mut(number)
        {
            datagram.events.push(event.clone());
        }
        let link = self.link.as_mut()?;
        let is_early = answer_of(&event).is_some_and(|message| message > link.answers.count());
        if is_early && link.early_reports.len() < KEPT_ANSWERS {
            link.early_reports.push(event);
            return None;
        }
        self.judge(event)
    }

    /// Draws the consequences of a report. Returns the datagram's number and fate when this settled it.
    fn judge(&mut self, event: Event) -> Option<(u64, Fate)> {
        let before = self.link.as_ref()?.before;
        let Event(_, id, copy, what) = event;
        if let (0, What::RelayOut(message, _)) = (id, &what) {
            self.strayed(*message);
        }
        // No host reports on a datagram that was never sent; what looks like it must not touch the books.
        let number = before.checked_add(id);
        let number = number.filter(|number| id > 0 && *number <= self.counters.sent)?;
        if let Some(did) = ours::link_did(&what) {
            self.link_did(number, did);
        }
        let fate = match &what {
            What::EchoIn(bytes) => return self.print_received(number, copy, *bytes),
            What::EchoOut(bytes) => return self.print_sent(number, *bytes),
            What::Cut(of) => {
                self.server.remark(Some(number), &ours::cut(*of));
                return None;
            }
            What::RelayOut(message, delivery) => {
                return self.delivered(number, id, *message, *delivery);
            }
            What::UdpOut => {
                if copy > 0 {
                    self.link_did(number, (ours::DOUBLED, " on the way there"));
                }
                return None;
            }
            What::Unanswered => {
                // Of another host's server nobody knows whether it came there.
                let datagram = self.datagram(number);
                if datagram.is_some_and(|datagram| datagram.stamps()[2].is_some()) {
                    self.server.remark(Some(number), ours::UNANSWERED);
                    self.wait_for_message();
                }
                Fate::Unanswered
            }
            What::Lost => Fate::Lost,
            What::Gone => Fate::Dropped,
            What::Refused(reason) => {
                self.client.remark(Some(number), reason);
                Fate::Refused
            }
            What::Rejected(reason) => {
                self.client.remark(Some(number), reason);
                Fate::Rejected
            }
            What::RelayIn(_)
            | What::Dequeued
            | What::UdpIn(_)
            | What::Corrupted(..)
            | What::Dropped(..) => {
                return None;
            }
        };
        self.settle(number, fate)
    }

    fn link_did(&mut self, number: u64, did: (&str, &str)) {
        self.path
            .remark(Some(number), &ours::link_line(number, did));
    }

    /// A datagram has its fate, and its answer may take this long. A client hears of a refusal, and of nothing else that
    /// goes wrong: it waits until it gives up, whatever the host has told the page by then.
    pub(super) fn wait_in_vain(&mut self, number: u64, fate: Fate, timeout: Micros) {
        if let (Some(datagram), Fate::Lost | Fate::Dropped | Fate::Unanswered) =
            (self.datagram(number), fate)
        {
            self.in_vain.push((datagram.sent_at + timeout, number));
        }
    }

    /// When the client gives up next.
    pub(super) fn wakes_at(&self) -> Option<Micros> {
        self.in_vain.iter().map(|(at, _)| *at).min()
    }

    /// The client has waited for these long enough.
    pub(super) fn give_up(&mut self, now: Micros) {
        while let Some(due) = self.in_vain.iter().position(|(at, _)| *at <= now) {
            let (_, number) = self.in_vain.remove(due);
            self.client.print(Some(number), &ours::timed_out(number));
        }
    }

    /// Somebody else's datagram came to the server.
    pub(super) fn visited(&mut self, visitor: Visitor) {
        let Some(peer) = Address::from_text(&visitor.peer) else {
            return;
        };
        self.server
            .print(None, &words::received_from(visitor.bytes, &peer));
        self.server.push(None, Kind::Data, visitor.text);
        if let Some(sent) = visitor.sent {
            self.server.print(None, &words::sent_back(sent, &peer));
        }
        let remark = match visitor.fate {
            Some(VisitorFate::Unanswered) => ours::UNANSWERED,
            Some(VisitorFate::Guarded) => ours::GUARDED,
            Some(VisitorFate::Failed) => ours::NOT_TAKEN,
            _ => "",
        };
        if !remark.is_empty() {
            self.server.remark(None, remark);
        }
        self.wait_for_message();
    }

    /// Forgets what was, but not what is on its way. The numbers go on.
    pub(super) fn clear(&mut self) {
        self.client.clear();
        self.server.clear();
        self.path.clear();
        self.in_vain.clear();
        while self.oldest_is_settled() {
            self.forget_oldest();
        }
    }

    fn delivered(
        &mut self,
        number: u64,
        id: u64,
        message: u64,
        delivery: Delivery,
    ) -> Option<(u64, Fate)> {
        let link = self.link.as_mut()?;
        if let Some((at, bytes)) = link.answers.take(message) {
            self.client.print(Some(number), &words::received(&bytes));
            if let Some(datagram) = self.datagram_mut(number) {
                datagram.answered_at.get_or_insert(at);
                let is_cut = bytes.len() < datagram.payload.len();
                self.counters.truncated += u64::from(is_cut);
            }
        }
        match delivery {
            Delivery::Echoed => {
                let newest = &mut self.link.as_mut()?.newest_echoed;
                if id < *newest {
                    self.counters.reordered += 1;
                    self.link_did(number, ours::OVERTAKEN);
                } else {
                    *newest = id;
                }
                return self.settle(number, Fate::Echoed);
            }
            Delivery::Duplicate => {
                self.counters.duplicates += 1;
                let is_copy = |Event(_, _, copy, _): &Event| *copy > 0;
                let datagram = self.datagram(number);
                if datagram.is_some_and(|datagram| !datagram.events.iter().any(is_copy)) {
                    self.link_did(number, (ours::DOUBLED, " on the way back"));
                }
            }
            Delivery::Late => {
                self.counters.late += 1;
                self.client.remark(Some(number), &ours::late(number));
            }
            Delivery::Stray => {
                self.counters.stray += 1;
                self.client.remark(Some(number), ours::STRAY);
            }
        }
        None
    }

    /// An answer came that belongs to no datagram of ours.
    fn strayed(&mut self, message: u64) {
        self.counters.stray += 1;
        let answer = self
            .link
            .as_mut()
            .and_then(|link| link.answers.take(message));
        if let Some((_, bytes)) = answer {
            self.client.print(None, &words::received(&bytes));
            self.client.remark(None, ours::STRAY);
        }
    }

    fn print_received(&mut self, number: u64, copy: u8, bytes: usize) -> Option<(u64, Fate)> {
        let client = self.link.as_ref()?.client.as_ref()?;
        self.server
            .print(Some(number), &words::received_from(bytes, client));
        let data = self.datagram(number)?.at_server(copy, bytes);
        self.server
            .push(Some(number), Kind::Data, words::shown(&data));
        None
    }

    fn print_sent(&mut self, number: u64, bytes: usize) -> Option<(u64, Fate)> {
        let client = self.link.as_ref()?.client.as_ref()?;
        self.server
            .print(Some(number), &words::sent_back(bytes, client));
        self.wait_for_message();
        None
    }

    fn wait_for_message(&mut self) {
        self.server.print(None, "");
        self.server.print(None, words::WAITING_FOR_MESSAGE);
    }

    fn settle(&mut self, number: u64, fate: Fate) -> Option<(u64, Fate)> {
        if let Some(datagram) = self.datagram_mut(number) {
            // The host settles each datagram once. Should one not, the first word holds and the books stay closed.
            if datagram.fate.is_some() {
                return None;
            }
            datagram.fate = Some(fate);
        }
        self.counters.in_flight = self.counters.in_flight.saturating_sub(1);
        let count = match fate {
            Fate::Echoed => &mut self.counters.echoed,
            Fate::Lost => &mut self.counters.lost,
            Fate::Dropped => &mut self.counters.dropped,
            Fate::Refused => &mut self.counters.refused,
            Fate::Rejected => &mut self.counters.rejected,
            Fate::Unanswered => &mut self.counters.unanswered,
        };
        *count += 1;
        self.forget();
        Some((number, fate))
    }

    /// Drops the oldest datagrams beyond what is kept, settled ones first of all.
    fn forget(&mut self) {
        let is_over = |of: &Self| of.datagrams.len() > KEPT_DATAGRAMS || of.kept_bytes > KEPT_BYTES;
        while is_over(self) && self.oldest_is_settled() {
            self.forget_oldest();
        }
        while self.datagrams.len() > KEPT_DATAGRAMS + KEPT_IN_FLIGHT {
            self.forget_oldest();
        }
    }

    fn oldest_is_settled(&self) -> bool {
        self.datagrams
            .front()
            .is_some_and(|datagram| datagram.fate.is_some())
    }

    fn forget_oldest(&mut self) {
        if let Some(datagram) = self.datagrams.pop_front() {
            self.kept_bytes -= datagram.payload.len();
        }
    }

    /// A datagram that is about to change.
    fn datagram_mut(&mut self, number: u64) -> Option<&mut Datagram> {
        let index = self.index(number)?;
        let datagram = self.datagrams.get_mut(index)?;
        self.revision += 1;
        datagram.revision = self.revision;
        Some(datagram)
    }

    /// Where a datagram is kept. The numbers have no gaps.
    fn index(&self, number: u64) -> Option<usize> {
        let index = number.checked_sub(self.numbers().start)?;
        usize::try_from(index).ok()
    }
}

//! The datagrams that this page sent and got, and what became of each.
//!
//! A page may have both ends: then one datagram is told of twice, by the events of its sending and by the message that brings it.
//! Here the two become one [`Flight`].

use udp_echo_feed::datagram::Payload;
use wire::sockets::control::{SocketDrop, SocketEvent, SocketWhat};
use wire::sockets::errno::Errno;

use crate::end::End;

/// Flights that are kept; older ones are forgotten.
const KEPT: usize = 500;

/// How a datagram ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A socket of this loopback received it.
    Delivered,
    /// The system took it, for a program that is not in a page.
    Left,
    /// It was dropped; why.
    Dropped(SocketDrop),
    /// Its socket is connected, and no program has bound the port.
    Refused,
    /// It was not sent.
    Rejected(Errno),
}

impl Fate {
    /// Its place in a list of numbers.
    pub fn place(self) -> usize {
        match self {
            Self::Delivered => 0,
            Self::Left => 1,
            Self::Dropped(_) => 2,
            Self::Refused => 3,
            Self::Rejected(_) => 4,
        }
    }
}

/// One arrival of a datagram at a socket of this page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The host's binary message that brought it, counted from 1 within its session.
    message: u64,
    /// When it came through, by the host's clock, once that is known.
    pub at: Option<u64>,
}

/// One datagram.
#[derive(Debug, Clone, PartialEq)]
pub struct Flight {
    /// Its number in the record, counted from 1.
    pub number: u64,
    /// Its number among the messages of the session; `None` for one that somebody else sent.
    id: Option<u64>,
    /// The socket of this page that sent it.
    pub sender: Option<u16>,
    /// The socket of this page that it came to.
    pub receiver: Option<u16>,
    /// Where it came from; `None` before the system has picked a port.
    pub from: Option<End>,
    /// Where it goes.
    pub to: End,
    /// What it carries, as it was sent, or as it came.
    pub payload: Payload,
    /// When the host read it, by the host's clock.
    pub sent_at: Option<u64>,
    /// When it came to a socket of this page: more than once, where the link doubled it.
    pub arrivals: Vec<Arrival>,
    /// How it ended, from its sender's end; `None` while it is on its way, and for what somebody else sent.
    pub fate: Option<Fate>,
    /// Why its last copy was dropped.
    dropped: Option<SocketDrop>,
}

/// A datagram of this page has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Number of its flight.
    pub number: u64,
    /// The socket that sent it.
    pub socket: Option<u16>,
    /// How.
    pub fate: Fate,
}

/// The newest flights of a page.
#[derive(Debug, Default)]
pub struct Record {
    flights: Vec<Flight>,
    /// Flights that ever were.
    count: u64,
    /// Grows with every change.
    revision: u64,
    /// When messages went out to the page, where the event came before the message.
    early: Vec<(u64, u64)>,
}

impl Record {
    /// All of them, oldest first.
    pub fn flights(&self) -> &[Flight] {
        &self.flights
    }

    /// The one with this number, if it is kept.
    pub fn flight(&self, number: u64) -> Option<&Flight> {
        self.flights.iter().rev().find(|one| one.number == number)
    }

    /// Grows with every change: who has drawn one revision need not draw it again.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A socket of this page sends; `id` is the number of the message. Returns the flight's number.
    pub fn sent(
        &mut self,
        id: u64,
        socket: u16,
        from: Option<End>,
        to: End,
        payload: Payload,
    ) -> u64 {
        self.push(Flight {
            id: Some(id),
            sender: Some(socket),
            from,
            ..blank(to, payload)
        })
    }

    /// A datagram came to a socket of this page, as the host's binary message with this number. Returns the flight's number.
    pub fn came(&mut self, message: u64, socket: u16, from: End, to: End, payload: Payload) -> u64 {
        let early = self.early.iter().position(|(of, _)| *of == message);
        let at = early.map(|place| self.early.remove(place).1);
        let arrival = Arrival { message, at };
        self.revision += 1;
        if let Some(place) = self.place_of(from, to, &payload) {
            let flight = &mut self.flights[place];
            flight.receiver = Some(socket);
            flight.arrivals.push(arrival);
            return flight.number;
        }
        self.push(Flight {
            receiver: Some(socket),
            from: Some(from),
            arrivals: vec![arrival],
            ..blank(to, payload)
        })
    }

    /// The flight that an arrival belongs to: the oldest of the same bytes that has none; then a second copy of the newest; then
    /// one of the same length, in which the link turned a bit over.
    fn place_of(&self, from: End, to: End, payload: &Payload) -> Option<usize> {
        let (mut copy, mut turned) = (None, None);
        for (place, one) in self.flights.iter().enumerate() {
            if one.id.is_none() || one.from != Some(from) || one.to != to {
                continue;
            }
            match (one.payload == *payload, one.arrivals.is_empty()) {
                (true, true) => return Some(place),
                (true, false) => copy = Some(place),
                (false, true) if one.payload.len() == payload.len() => {
                    turned = turned.or(Some(place));
                }
                _ => {}
            }
        }
        copy.or(turned)
    }

    /// The system has given a socket this address.
    pub fn bound(&mut self, socket: u16, local: End) {
        self.revision += 1;
        for flight in &mut self.flights {
            if flight.sender == Some(socket) && flight.id.is_some() && flight.from.is_none() {
                flight.from = Some(local);
            }
        }
    }

    /// The host tells what happened. Returns the end of a datagram, if it is one.
    pub fn tell(&mut self, SocketEvent(at, id, _, what): &SocketEvent) -> Option<Ending> {
        self.revision += 1;
        if let SocketWhat::RelayOut(message) = what {
            self.passed(*message, *at);
            return None;
        }
        let flight = self.of_message(*id)?;
        let fate = match what {
            SocketWhat::RelayIn(..) => {
                flight.sent_at.get_or_insert(*at);
                return None;
            }
            SocketWhat::Dropped(_, why) => {
                flight.dropped = Some(*why);
                return None;
            }
            SocketWhat::Gone => Fate::Dropped(flight.dropped.unwrap_or(SocketDrop::Loss)),
            SocketWhat::Delivered => Fate::Delivered,
            SocketWhat::Left => Fate::Left,
            SocketWhat::Refused => Fate::Refused,
            SocketWhat::Rejected(errno) => Fate::Rejected(*errno),
            _ => return None,
        };
        flight.end(fate)
    }

    /// The datagrams from this one on, so many, were not sent. Returns the ends that were not known before.
    pub fn rejected(&mut self, first: u64, count: u64, errno: Errno) -> Vec<Ending> {
        self.revision += 1;
        let range = first..first.saturating_add(count);
        let flights = self.flights.iter_mut();
        let of_these = flights.filter(|one| one.id.is_some_and(|id| range.contains(&id)));
        of_these
            .filter_map(|flight| flight.end(Fate::Rejected(errno)))
            .collect()
    }

    /// The numbers of the flights of these messages.
    pub fn numbers(&self, first: u64, count: u64) -> Vec<u64> {
        let range = first..first.saturating_add(count);
        let flights = self.flights.iter();
        let of_these = flights.filter(|one| one.id.is_some_and(|id| range.contains(&id)));
        of_these.map(|flight| flight.number).collect()
    }

    /// The session is over: its numbers mean nothing to the next one.
    pub fn over(&mut self) {
        self.revision += 1;
        self.early.clear();
        for flight in &mut self.flights {
            flight.id = None;
            for arrival in &mut flight.arrivals {
                arrival.message = 0;
            }
        }
    }

    /// Forgets all of them; the numbers go on.
    pub fn clear(&mut self) {
        self.revision += 1;
        self.flights.clear();
    }

    /// A message went to the page.
    fn passed(&mut self, message: u64, at: u64) {
        let arrivals = self.flights.iter_mut().flat_map(|one| &mut one.arrivals);
        for arrival in arrivals {
            if arrival.message == message {
                arrival.at.get_or_insert(at);
                return;
            }
        }
        if self.early.len() == KEPT {
            self.early.remove(0);
        }
        self.early.push((message, at));
    }

    fn of_message(&mut self, id: u64) -> Option<&mut Flight> {
        self.flights.iter_mut().rev().find(|one| one.id == Some(id))
    }

    fn push(&mut self, flight: Flight) -> u64 {
        self.revision += 1;
        self.count += 1;
        if self.flights.len() == KEPT {
            self.flights.remove(0);
        }
        self.flights.push(Flight {
            number: self.count,
            ..flight
        });
        self.count
    }
}

impl Flight {
    /// Ends it, if it has not ended yet.
    fn end(&mut self, fate: Fate) -> Option<Ending> {
        if self.fate.is_some() {
            return None;
        }
        self.fate = Some(fate);
        Some(Ending {
            number: self.number,
            socket: self.sender,
            fate,
        })
    }
}

fn blank(to: End, payload: Payload) -> Flight {
    Flight {
        number: 0,
        id: None,
        sender: None,
        receiver: None,
        from: None,
        to,
        payload,
        sent_at: None,
        arrivals: Vec::new(),
        fate: None,
        dropped: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::link::Direction;

    fn at(port: u16) -> End {
        End::new([127, 83, 1, 5].into(), port)
    }

    fn tell(record: &mut Record, time: u64, id: u64, what: SocketWhat) {
        record.tell(&SocketEvent(time, id, 0, what));
    }

    #[test]
    fn a_datagram_of_this_page_to_this_page_is_one_flight() {
        let mut record = Record::default();
        let sent = record.sent(1, 2, None, at(10_000), b"hello"[..].into());
        record.bound(2, at(50_139));
        tell(&mut record, 10, 1, SocketWhat::RelayIn(2, 5));
        tell(&mut record, 30, 0, SocketWhat::RelayOut(1));
        let came = record.came(1, 1, at(50_139), at(10_000), b"hello"[..].into());
        tell(&mut record, 31, 1, SocketWhat::Delivered);
        assert_eq!(sent, came);
        let flight = record.flight(sent).unwrap();
        assert_eq!(flight.from, Some(at(50_139)));
        assert_eq!(
            (flight.sent_at, flight.arrivals[0].at),
            (Some(10), Some(30))
        );
        assert_eq!(
            (flight.receiver, flight.fate),
            (Some(1), Some(Fate::Delivered))
        );
    }

    #[test]
    fn what_a_stranger_sends_is_a_flight_of_its_own_and_has_no_fate() {
        let mut record = Record::default();
        record.sent(1, 2, Some(at(50_139)), at(10_000), b"hello"[..].into());
        let nc = End::new([127, 0, 0, 1].into(), 40_000);
        record.came(1, 1, nc, at(10_000), b"hello"[..].into());
        tell(&mut record, 40, 0, SocketWhat::RelayOut(1));
        assert_eq!(record.flights().len(), 2);
        let stranger = &record.flights()[1];
        assert_eq!((stranger.sender, stranger.fate), (None, None));
        assert_eq!(stranger.arrivals[0].at, Some(40));
    }

    #[test]
    fn a_doubled_datagram_arrives_twice_and_one_with_a_turned_bit_once() {
        let mut record = Record::default();
        record.sent(1, 2, Some(at(2_000)), at(1_500), b"abc"[..].into());
        for message in [1, 2] {
            record.came(message, 1, at(2_000), at(1_500), b"abc"[..].into());
        }
        record.sent(2, 2, Some(at(2_000)), at(1_500), b"xyz"[..].into());
        record.came(3, 1, at(2_000), at(1_500), b"xyX"[..].into());
        let arrivals: Vec<usize> = record
            .flights()
            .iter()
            .map(|one| one.arrivals.len())
            .collect();
        assert_eq!(arrivals, [2, 1]);
    }

    #[test]
    fn every_end_is_told_and_a_drop_says_why() {
        let mut record = Record::default();
        for id in 1..=5 {
            record.sent(id, 1, Some(at(2_000)), at(1_500), b"abc"[..].into());
        }
        tell(
            &mut record,
            1,
            1,
            SocketWhat::Dropped(Direction::Up, SocketDrop::Unbound),
        );
        tell(&mut record, 1, 1, SocketWhat::Gone);
        tell(&mut record, 2, 2, SocketWhat::Refused);
        tell(&mut record, 3, 3, SocketWhat::Left);
        let ends = record.rejected(4, 2, Errno::Enobufs);
        assert_eq!(
            ends.iter().map(|end| end.number).collect::<Vec<_>>(),
            [4, 5]
        );
        assert_eq!(record.rejected(4, 2, Errno::Enobufs), []);
        let fates: Vec<_> = record
            .flights()
            .iter()
            .map(|one| one.fate.unwrap())
            .collect();
        let not_sent = Fate::Rejected(Errno::Enobufs);
        assert_eq!(
            fates,
            [
                Fate::Dropped(SocketDrop::Unbound),
                Fate::Refused,
                Fate::Left,
                not_sent,
                not_sent
            ]
        );
    }

    #[test]
    fn the_numbers_of_one_session_mean_nothing_to_the_next() {
        let mut record = Record::default();
        record.sent(1, 1, Some(at(2_000)), at(1_500), b"old"[..].into());
        record.over();
        record.sent(1, 1, Some(at(2_001)), at(1_500), b"new"[..].into());
        tell(&mut record, 5, 1, SocketWhat::Refused);
        assert_eq!(record.flights()[0].fate, None);
        assert_eq!(record.flights()[1].fate, Some(Fate::Refused));
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut record = Record::default();
        for id in 1..=KEPT as u64 + 7 {
            record.sent(id, 1, None, at(1_500), b"x"[..].into());
        }
        assert_eq!(record.flights().len(), KEPT);
        assert_eq!(record.flights()[0].number, 8);
        assert!(record.flight(7).is_none());
    }
}

//! The sockets that a session has open, and which of them something has arrived at.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wire::sockets::control::Family;

use super::arriving::Arriving;
use super::known::Known;
use super::marks::{Mark, MarkSet, Marks};
use super::outside::{Outside, Outsides, Zone};
use crate::limits::SocketPermit;
use crate::loopback::OwnSocket;

/// A socket as the page knows it.
#[derive(Debug)]
pub(super) struct PageSocket {
    /// Its number.
    pub(super) number: u16,
    /// The family of its addresses.
    pub(super) family: Family,
    /// What it is bound to, once it is.
    pub(super) own: Option<Arriving<OwnSocket>>,
    /// The address of that, as the page knows it.
    pub(super) name: Option<SocketAddr>,
    /// What carries its datagrams to targets and peers, once it has sent some.
    pub(super) outside: Outsides,
    /// Whom it is connected to.
    pub(super) peer: Option<SocketAddr>,
    /// Programs outside that have written to it.
    pub(super) visitors: Known,
    /// The marks of its sides, which they leave when something arrives there.
    marks: [Mark; Self::SIDES],
    /// The waker of its own side.
    own_waker: Waker,
    /// Counts it for as long as it is open; given back last.
    _permit: SocketPermit,
}

/// Which socket of the system's has something to receive, or an error to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Number of the page's socket.
    pub(super) number: u16,
    /// Which of those behind it.
    pub(super) side: Side,
}

/// The sockets of the system's behind one of the page's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// On the reader's own loopback.
    Own,
    /// Towards targets and peers of a zone.
    Outside(Zone),
}

/// The open sockets, by their numbers.
#[derive(Debug, Default)]
pub(super) struct SocketTable {
    sockets: Vec<PageSocket>,
    marks: Marks,
    /// The marks of sides that may still have something: each is asked until it has nothing.
    marked: MarkSet,
    /// Where the next look for arrivals begins, so that a busy socket does not keep the others waiting.
    turn: usize,
    /// Datagrams that the system dropped at sockets that are closed by now.
    closed_drops: u32,
}

impl SocketTable {
    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.sockets.len()
    }

    /// Opens a socket with a number that is free.
    pub(super) fn open(&mut self, number: u16, family: Family, permit: SocketPermit) {
        let at = self.place(number).unwrap_or_else(|at| at);
        let (own_mark, own_waker) = self.marks.waker();
        let (outside_mark, outside_waker) = self.marks.waker();
        let socket = PageSocket {
            number,
            family,
            own: None,
            name: None,
            outside: Outsides::new(outside_waker),
            peer: None,
            visitors: Known::default(),
            marks: [own_mark, outside_mark],
            own_waker,
            _permit: permit,
        };
        self.sockets.insert(at, socket);
    }

    /// Closes a socket.
    pub(super) fn close(&mut self, number: u16) -> Option<PageSocket> {
        let socket = self.sockets.remove(self.place(number).ok()?);
        self.closed_drops = self.closed_drops.saturating_add(socket.kernel_drops());
        Some(socket)
    }

    /// The socket with this number.
    pub(super) fn get(&self, number: u16) -> Option<&PageSocket> {
        Some(&self.sockets[self.place(number).ok()?])
    }

    /// The socket with this number, to change it.
    pub(super) fn get_mut(&mut self, number: u16) -> Option<&mut PageSocket> {
        let at = self.place(number).ok()?;
        Some(&mut self.sockets[at])
    }

    /// Waits until something has arrived. Dropping the future loses nothing.
    pub(super) async fn arrival(&mut self) -> Arrival {
        poll_fn(|cx| self.poll_arrival(cx)).await
    }

    /// Datagrams that the system dropped because they were taken too slowly, as far as it tells.
    pub(super) fn kernel_drops(&self) -> Option<u32> {
        let drops = self.sockets.iter().map(PageSocket::kernel_drops);
        Some(drops.fold(self.closed_drops, u32::saturating_add))
    }

    /// Bytes of memory that the sockets hold besides what each has anyway.
    pub(super) fn held_bytes(&self) -> usize {
        self.sockets.iter().map(PageSocket::held_bytes).sum()
    }

    fn place(&self, number: u16) -> Result<usize, usize> {
        self.sockets
            .binary_search_by_key(&number, |socket| socket.number)
    }

    fn poll_arrival(&mut self, cx: &Context<'_>) -> Poll<Arrival> {
        self.marked.add(self.marks.take(cx));
        if self.marked.is_empty() {
            return Poll::Pending;
        }
        let count = self.sockets.len() * PageSocket::SIDES;
        let turn = self.turn.min(count);
        for at in (turn..count).chain(0..turn) {
            let socket = &mut self.sockets[at / PageSocket::SIDES];
            let side = at % PageSocket::SIDES;
            if !self.marked.has(socket.marks[side]) {
                continue;
            }
            if let Poll::Ready(side) = socket.poll_arrival(side) {
                self.turn = at + 1;
                let number = socket.number;
                return Poll::Ready(Arrival { number, side });
            }
        }
        self.marked = MarkSet::default();
        Poll::Pending
    }
}

impl PageSocket {
    /// Its own loopback, and all that is outside of it.
    const SIDES: usize = 2;

    /// Gives it its address on the loopback.
    pub(super) fn bind(&mut self, own: OwnSocket) {
        self.name = Some(own.name());
        self.own = Some(Arriving::new(Arc::new(own), &self.own_waker));
    }

    fn poll_arrival(&mut self, side: usize) -> Poll<Side> {
        match (side, &mut self.own) {
            (0, Some(own)) => own.poll_arrival().map(|()| Side::Own),
            (0, None) => Poll::Pending,
            _ => self.outside.poll_arrival().map(Side::Outside),
        }
    }

    fn kernel_drops(&self) -> u32 {
        let own = self.own.iter().map(|own| own.socket().kernel_drops());
        let outside = self.outside.all();
        let outside = outside.map(|outside| outside.udp.socket().kernel_drops());
        own.chain(outside).flatten().fold(0, u32::saturating_add)
    }

    fn held_bytes(&self) -> usize {
        let outside = self.outside.all().map(Outside::held_bytes);
        self.visitors.held_bytes() + outside.sum::<usize>()
    }
}

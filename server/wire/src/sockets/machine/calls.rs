//! The socket calls of a machine: open, bind, connect, disconnect, close, resolve.

use std::net::{Ipv4Addr, SocketAddr};

use rand_core::Rng as _;

use super::loopback::Around;
use super::{MAX_SOCKETS, Machine, SessionId};
use crate::addresses;
use crate::sockets::control::{
    Bound, Call, Connected, Family, Named, Numbered, Open, Resolve, Resolved, SocketsAnswer,
    SocketsRequest,
};
use crate::sockets::name;
use crate::sockets::refusal::Refusal;

/// A socket of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Socket {
    pub(super) family: Family,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
    /// Sets it apart from others that had its number.
    pub(super) opened: u64,
}

impl Socket {
    /// Whether it takes a datagram from this address: a connected socket hears its peer alone.
    pub(super) fn takes_from(&self, from: SocketAddr) -> bool {
        self.peer.is_none_or(|peer| peer == from)
    }
}

impl Machine {
    /// Carries out a call and tells the client how it went.
    pub(super) fn call(&mut self, now: u64, id: SessionId, request: &SocketsRequest) {
        let (socket, call, done) = match request {
            SocketsRequest::Open(asked) => {
                (Some(asked.socket), Call::Open, self.open_socket(id, asked))
            }
            SocketsRequest::Bind(asked) => (Some(asked.socket), Call::Bind, self.bind(id, asked)),
            SocketsRequest::Connect(asked) => {
                (Some(asked.socket), Call::Connect, self.connect(id, asked))
            }
            SocketsRequest::Disconnect(Numbered { socket }) => (
                Some(*socket),
                Call::Disconnect,
                self.disconnect(id, *socket),
            ),
            SocketsRequest::Close(Numbered { socket }) => (
                Some(*socket),
                Call::Close,
                self.close_socket(now, id, *socket),
            ),
            SocketsRequest::Resolve(asked) => (None, Call::Resolve, self.resolve(id, asked)),
            // The session answers these.
            SocketsRequest::Options(_)
            | SocketsRequest::Lab(_)
            | SocketsRequest::Once(_)
            | SocketsRequest::Counters => return,
        };
        let answer =
            done.unwrap_or_else(|refusal| SocketsAnswer::Error(refusal.error(socket, call)));
        self.tell(id, answer);
    }

    /// Gives a socket a port that the system picks, if it has none, and tells the client; returns its address.
    pub(super) fn bind_unless_bound(
        &mut self,
        id: SessionId,
        number: u16,
    ) -> Result<SocketAddr, Refusal> {
        if let Some(local) = self.socket(id, number)?.local {
            return Ok(local);
        }
        let (local, bound) = self.bind_to(id, number, "", 0)?;
        self.tell(id, SocketsAnswer::Bound(bound));
        Ok(local)
    }

    /// Frees an address, and tells whoever waits for a receipt from it.
    pub(super) fn free(&mut self, now: u64, loopback: Ipv4Addr, local: SocketAddr) {
        let Some(loopback) = self.loopbacks.get_mut(loopback) else {
            return;
        };
        loopback.free(local);
        for &id in &loopback.sessions {
            if let Some(running) = self.sessions.get_mut(id) {
                running.session.receiver_closed(now, local);
            }
        }
    }

    /// An open socket of a session.
    pub(super) fn socket(&self, id: SessionId, number: u16) -> Result<Socket, Refusal> {
        let running = self.sessions.get(id);
        let socket = running.and_then(|running| running.sockets.get(number));
        socket.copied().ok_or_else(|| Refusal::not_open(number))
    }

    fn open_socket(&mut self, id: SessionId, asked: &Open) -> Result<SocketsAnswer, Refusal> {
        let Open { socket, family } = *asked;
        if self.socket(id, socket).is_ok() {
            return Err(Refusal::open_already(socket));
        }
        let opened = self.chance.next_u64();
        if let Some(running) = self.sessions.get_mut(id) {
            if running.sockets.len() >= MAX_SOCKETS as usize {
                return Err(Refusal::too_many_sockets(MAX_SOCKETS));
            }
            let state = Socket {
                family,
                local: None,
                peer: None,
                opened,
            };
            running.sockets.add(socket, state);
            running.session.opened(socket);
        }
        Ok(SocketsAnswer::Opened(Numbered { socket }))
    }

    fn bind(&mut self, id: SessionId, asked: &Named) -> Result<SocketsAnswer, Refusal> {
        let Named { socket, host, port } = asked;
        let (_, bound) = self.bind_to(id, *socket, host, *port)?;
        Ok(SocketsAnswer::Bound(bound))
    }

    fn bind_to(
        &mut self,
        id: SessionId,
        number: u16,
        host: &str,
        port: u16,
    ) -> Result<(SocketAddr, Bound), Refusal> {
        let socket = self.socket(id, number)?;
        if let Some(local) = socket.local {
            return Err(Refusal::bound_already(number, local));
        }
        let wanted = name::to_bind(host, port, &self.around(id, socket.family)?)?;
        let taken = || Refusal::in_use(wanted);
        let running = self.sessions.get_mut(id).ok_or_else(taken)?;
        let loopback = self.loopbacks.get_mut(running.loopback).ok_or_else(taken)?;
        let local = loopback.bind(wanted, (id, number), || self.chance.next_u32());
        let local = local.ok_or_else(taken)?;
        if let Some(socket) = running.sockets.get_mut(number) {
            socket.local = Some(local);
        }
        let bound = Bound {
            socket: number,
            local: addresses::socket(local),
            outside: None,
        };
        Ok((local, bound))
    }

    fn connect(&mut self, id: SessionId, asked: &Named) -> Result<SocketsAnswer, Refusal> {
        let Named {
            socket: number,
            host,
            port,
        } = asked;
        let socket = self.socket(id, *number)?;
        let peer = name::to_connect(host, *port, &self.around(id, socket.family)?)?;
        let local = self.bind_unless_bound(id, *number)?;
        self.set_peer(id, *number, Some(peer));
        Ok(SocketsAnswer::Connected(Connected {
            socket: *number,
            local: addresses::socket(local),
            peer: addresses::socket(peer),
        }))
    }

    fn disconnect(&mut self, id: SessionId, number: u16) -> Result<SocketsAnswer, Refusal> {
        if self.socket(id, number)?.peer.is_none() {
            return Err(Refusal::not_connected(number));
        }
        self.set_peer(id, number, None);
        Ok(SocketsAnswer::Disconnected(Numbered { socket: number }))
    }

    fn close_socket(
        &mut self,
        now: u64,
        id: SessionId,
        number: u16,
    ) -> Result<SocketsAnswer, Refusal> {
        let socket = self.socket(id, number)?;
        if let Some(running) = self.sessions.get_mut(id) {
            running.sockets.remove(number);
            running.session.closed(number);
            let loopback = running.loopback;
            if let Some(local) = socket.local {
                self.free(now, loopback, local);
            }
        }
        Ok(SocketsAnswer::Closed(Numbered { socket: number }))
    }

    fn resolve(&self, id: SessionId, asked: &Resolve) -> Result<SocketsAnswer, Refusal> {
        let addresses = name::resolve(asked, &self.around(id, Family::Ipv4)?)?;
        Ok(SocketsAnswer::Resolved(Resolved {
            host: asked.host.clone(),
            addresses,
        }))
    }

    /// What a socket of this family has around it.
    pub(super) fn around(&self, id: SessionId, family: Family) -> Result<Around<'_>, Refusal> {
        let loopback = self.loopback_of(id);
        // Every session has its loopback for as long as it runs.
        let loopback = loopback.ok_or_else(|| Refusal::not_open(0))?;
        Ok(Around::new(family, loopback, &self.targets))
    }

    fn set_peer(&mut self, id: SessionId, number: u16, peer: Option<SocketAddr>) {
        let running = self.sessions.get_mut(id);
        if let Some(socket) = running.and_then(|running| running.sockets.get_mut(number)) {
            socket.peer = peer;
        }
    }

    fn tell(&mut self, id: SessionId, answer: SocketsAnswer) {
        if let Some(running) = self.sessions.get_mut(id) {
            running.tell(answer);
        }
    }
}

//! What a page asks for, call by call.

use std::net::SocketAddr;

use tokio::io::AsyncWrite;
use wire::sockets::control::{
    Bound, Call, Connected, Named, Numbered, Open, Resolve, Resolved, SocketError, SocketsAnswer,
    SocketsRequest,
};
use wire::sockets::name;
use wire::sockets::refusal::Refusal;
use wire::sockets::route::{Route, route};

use super::SocketsSession;
use super::table::PageSocket;
use crate::cause::plain;
use crate::limits::limited;
use crate::loopback::errno;
use crate::relay::close::CloseReason;
use crate::relay::protocol::parse;

/// Messages that are answered in a row before it is the turn of other sessions: one read may bring 16,000 of them.
const IN_A_ROW: u32 = 64;

impl<W: AsyncWrite + Unpin> SocketsSession<'_, W> {
    /// Does what a control message asks for, after all that came before it.
    pub(super) async fn control(&mut self, text: &str) -> Result<(), CloseReason> {
        let count = self.rate.control(1).map_err(CloseReason::ControlFlood)?;
        if count.is_multiple_of(IN_A_ROW) {
            tokio::task::yield_now().await;
        }
        let request = parse(text)?;
        self.carry_out().await;
        self.tell_errors();
        let answer = match self.state.control(&request) {
            Some(answer) => answer,
            None => self.call(request).unwrap_or_else(SocketsAnswer::Error),
        };
        self.page.notify(&answer);
        Ok(())
    }

    fn call(&mut self, request: SocketsRequest) -> Result<SocketsAnswer, SocketError> {
        let of = |socket, call| move |refusal: Refusal| refusal.error(socket, call);
        match request {
            SocketsRequest::Open(open) => {
                self.open(open).map_err(of(Some(open.socket), Call::Open))
            }
            SocketsRequest::Bind(wanted) => self
                .bind(&wanted)
                .map_err(of(Some(wanted.socket), Call::Bind)),
            SocketsRequest::Connect(wanted) => self
                .connect(&wanted)
                .map_err(of(Some(wanted.socket), Call::Connect)),
            SocketsRequest::Disconnect(Numbered { socket }) => self
                .disconnect(socket)
                .map_err(of(Some(socket), Call::Disconnect)),
            SocketsRequest::Close(Numbered { socket }) => {
                self.close(socket).map_err(of(Some(socket), Call::Close))
            }
            SocketsRequest::Resolve(asked) => self.resolve(asked).map_err(of(None, Call::Resolve)),
            SocketsRequest::Options(_)
            | SocketsRequest::Lab(_)
            | SocketsRequest::Once(_)
            | SocketsRequest::Counters => unreachable!("the session's state answers these"),
        }
    }

    fn open(&mut self, Open { socket, family }: Open) -> Result<SocketsAnswer, Refusal> {
        if self.sockets.get(socket).is_some() {
            return Err(Refusal::open_already(socket));
        }
        if let Some(limit) = limited(self.context.limits.settings().max_sockets)
            && self.sockets.count() >= limit as usize
        {
            return Err(Refusal::too_many_sockets(limit));
        }
        let permit = self.context.limits.admit_socket()?;
        self.sockets.open(socket, family, permit);
        self.state.opened(socket);
        Ok(SocketsAnswer::Opened(Numbered { socket }))
    }

    fn bind(&mut self, wanted: &Named) -> Result<SocketsAnswer, Refusal> {
        let socket = self.socket(wanted.socket)?;
        if let Some(name) = socket.name {
            return Err(Refusal::bound_already(socket.number, name));
        }
        let around = self.place.around(socket.family, &socket.visitors);
        let address = name::to_bind(&wanted.host, wanted.port, &around)?;
        self.bind_to(wanted.socket, address.port())
            .map(SocketsAnswer::Bound)
    }

    /// Binds a socket to a port of the own address; 0 has the system pick one.
    fn bind_to(&mut self, number: u16, port: u16) -> Result<Bound, Refusal> {
        let receipts = &self.receipts_to;
        let socket = self.sockets.get_mut(number);
        let socket = socket.ok_or_else(|| Refusal::not_open(number))?;
        let own = self.place.loopback.bind(socket.family, port, receipts)?;
        let bound = Bound {
            socket: number,
            local: own.name().to_string(),
            outside: self.place.is_local.then(|| own.outside().to_string()),
        };
        socket.bind(own);
        Ok(bound)
    }

    /// Binds a socket that has no address yet, as the system does for one that sends, and tells the page; returns its address.
    pub(super) fn bind_if_unbound(&mut self, number: u16) -> Result<SocketAddr, Refusal> {
        if let Some(name) = self.socket(number)?.name {
            return Ok(name);
        }
        let bound = self.bind_to(number, 0)?;
        self.page.notify(&SocketsAnswer::Bound(bound));
        self.bind_if_unbound(number)
    }

    fn connect(&mut self, wanted: &Named) -> Result<SocketsAnswer, Refusal> {
        let socket = self.socket(wanted.socket)?;
        let around = self.place.around(socket.family, &socket.visitors);
        let peer = name::to_connect(&wanted.host, wanted.port, &around)?;
        let reached = match route(peer, &around) {
            Route::Target(target) => Some(self.place.reached(target)),
            Route::Peer => Some(peer),
            Route::Own(_) | Route::Visitor | Route::Unbound | Route::Denied(_) => None,
        };
        let local = self.bind_if_unbound(wanted.socket)?;
        self.turn_outside(wanted.socket, reached)?;
        if let Some(socket) = self.sockets.get_mut(wanted.socket) {
            socket.peer = Some(peer);
        }
        Ok(SocketsAnswer::Connected(Connected {
            socket: wanted.socket,
            local: local.to_string(),
            peer: peer.to_string(),
        }))
    }

    /// Connects what carries a socket's datagrams to targets and peers, or disconnects it.
    fn turn_outside(&mut self, number: u16, peer: Option<SocketAddr>) -> Result<(), Refusal> {
        let context = self.context;
        let Some(socket) = self.sockets.get_mut(number) else {
            return Ok(());
        };
        socket.outside.connect(context, peer).map_err(|error| {
            let to = peer.map_or_else(|| "any address".to_owned(), |peer| peer.to_string());
            let why = plain(&error);
            Refusal::new(errno(&error), format!("no socket towards {to}: {why}"))
        })
    }

    fn disconnect(&mut self, number: u16) -> Result<SocketsAnswer, Refusal> {
        if self.socket(number)?.peer.is_none() {
            return Err(Refusal::not_connected(number));
        }
        self.turn_outside(number, None)?;
        if let Some(socket) = self.sockets.get_mut(number) {
            socket.peer = None;
        }
        Ok(SocketsAnswer::Disconnected(Numbered { socket: number }))
    }

    fn close(&mut self, number: u16) -> Result<SocketsAnswer, Refusal> {
        let closed = self.sockets.close(number);
        let closed = closed.ok_or_else(|| Refusal::not_open(number))?;
        self.state.closed(number);
        if let Some(own) = &closed.own {
            let now = self.context.clock.now();
            self.state.receiver_closed(now, own.socket().name());
        }
        Ok(SocketsAnswer::Closed(Numbered { socket: number }))
    }

    fn resolve(&self, asked: Resolve) -> Result<SocketsAnswer, Refusal> {
        let addresses = name::resolve(&asked, &self.place.names())?;
        let host = asked.host;
        Ok(SocketsAnswer::Resolved(Resolved { host, addresses }))
    }

    fn socket(&self, number: u16) -> Result<&PageSocket, Refusal> {
        let socket = self.sockets.get(number);
        socket.ok_or_else(|| Refusal::not_open(number))
    }
}

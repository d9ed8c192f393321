//! The clients behind one socket: each gets a link of its own when its first datagram comes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::Context as _;
use bytes::Bytes;
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use wire::link::Impairment;

use super::flow::{BUFFER_BYTES, Behind, Flow, PAUSE_AFTER_ERROR, Server, Shared};
use super::totals::{Totals, add};
use crate::client::{connected, widen};
use crate::clock::Clock;
use crate::udp;

/// Most clients at once; each may have a socket of its own.
const MOST_CLIENTS: usize = 500;

/// Datagrams of one client that may wait for its link to be asked.
const UNASKED: usize = 256;

/// What is behind the links.
#[derive(Debug, Clone)]
pub(crate) enum FarEnd {
    /// A program at this address.
    Program(SocketAddr),
    /// A server in this process.
    Server(Arc<dyn Server>),
}

/// All clients of one socket.
#[derive(Debug)]
pub(crate) struct Clients {
    shared: Arc<Shared>,
    far_end: FarEnd,
    impairments: [Impairment; 2],
    seed: u64,
    senders: HashMap<SocketAddr, mpsc::Sender<Bytes>>,
    flows: JoinSet<SocketAddr>,
}

/// Binds the socket that clients send to; `[::]` takes IPv4 as well.
///
/// # Errors
/// The address cannot be bound.
pub(crate) fn bind(address: SocketAddr) -> anyhow::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    udp::bind(&socket, address)?;
    Ok(socket.into())
}

impl Clients {
    /// Takes clients on `socket`, which is bound.
    ///
    /// # Errors
    /// The system does not let the socket be waited for.
    pub(crate) fn new(
        socket: std::net::UdpSocket,
        far_end: FarEnd,
        impairments: [Impairment; 2],
        seed: u64,
    ) -> anyhow::Result<Self> {
        socket
            .set_nonblocking(true)
            .context("make the link's socket one that does not block")?;
        let listener = UdpSocket::from_std(socket).context("wait for the link's socket")?;
        widen(&listener);
        Ok(Self {
            shared: Arc::new(Shared {
                listener,
                totals: Arc::default(),
                clock: Clock::start(),
                held: AtomicUsize::new(0),
            }),
            far_end,
            impairments,
            seed,
            senders: HashMap::new(),
            flows: JoinSet::new(),
        })
    }

    /// What is counted.
    pub(crate) fn totals(&self) -> Arc<Totals> {
        Arc::clone(&self.shared.totals)
    }

    /// Carries datagrams until `stopped` is done.
    pub(crate) async fn until(mut self, stopped: impl Future<Output = ()>) {
        let shared = Arc::clone(&self.shared);
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut stopped = pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => break,
                Some(ended) = self.flows.join_next() => self.forget(ended.ok()),
                received = shared.listener.recv_from(&mut buffer) => match received {
                    Ok((bytes, client)) => self.take(client, Bytes::copy_from_slice(&buffer[..bytes])).await,
                    // News of a client that has closed its port, on systems that tell an unconnected socket.
                    Err(error) => {
                        tracing::debug!(%error, "receive failed; the link goes on");
                        sleep(PAUSE_AFTER_ERROR).await;
                    }
                },
            }
        }
    }

    async fn take(&mut self, client: SocketAddr, datagram: Bytes) {
        if !self.senders.contains_key(&client) && !self.admit(client).await {
            add(&self.shared.totals.turned_away, 1);
            return;
        }
        let Some(sender) = self.senders.get(&client) else {
            return;
        };
        match sender.try_send(datagram) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => self.shared.totals.there.overrun(),
            // It was about to be forgotten: it is a new client now.
            Err(mpsc::error::TrySendError::Closed(datagram)) => {
                self.senders.remove(&client);
                if self.admit(client).await
                    && let Some(sender) = self.senders.get(&client)
                    && sender.try_send(datagram).is_err()
                {
                    self.shared.totals.there.overrun();
                }
            }
        }
    }

    /// Gives a new client its link; `false` when there is no room, or no socket, for it.
    async fn admit(&mut self, client: SocketAddr) -> bool {
        if self.senders.len() >= MOST_CLIENTS {
            return false;
        }
        let behind = match &self.far_end {
            FarEnd::Server(server) => Behind::Server(Arc::clone(server)),
            FarEnd::Program(to) => match connected(*to).await {
                Ok(socket) => Behind::Program {
                    socket,
                    buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
                },
                Err(error) => {
                    tracing::warn!(%error, %client, "no socket for a new client");
                    return false;
                }
            },
        };
        let (sender, incoming) = mpsc::channel(UNASKED);
        let shared = Arc::clone(&self.shared);
        let flow = Flow::new(client, shared, behind, self.impairments, self.seed);
        self.flows.spawn(async move {
            flow.run(incoming).await;
            client
        });
        self.senders.insert(client, sender);
        add(&self.shared.totals.clients, 1);
        true
    }

    fn forget(&mut self, client: Option<SocketAddr>) {
        if let Some(client) = client
            && self
                .senders
                .get(&client)
                .is_some_and(mpsc::Sender::is_closed)
        {
            self.senders.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use wire::link::{Direction, DropReason};

    use super::*;

    /// Takes everything and answers nothing.
    #[derive(Debug)]
    struct Silent;

    impl Server for Silent {
        fn answer(&self, _: SocketAddr, _: Bytes) -> Option<Bytes> {
            None
        }

        fn dropped(&self, _: SocketAddr, _: Direction, _: usize, _: DropReason) {}
    }

    fn local() -> std::net::UdpSocket {
        bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap()
    }

    /// Waits until so many clients, refusals and datagrams turned away are counted.
    async fn counted(totals: &Totals, wanted: [u64; 3]) {
        let counted = async {
            while totals.clients_refused_and_turned_away() != wanted {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), counted).await;
        let now = totals.clients_refused_and_turned_away();
        assert!(in_time.is_ok(), "{wanted:?} expected, {now:?} counted");
    }

    #[tokio::test]
    async fn a_port_that_nobody_has_bound_is_counted_as_refused() {
        let (link, gone, client) = (local(), local(), local());
        let to = gone.local_addr().unwrap();
        drop(gone);
        client.send_to(b"x", link.local_addr().unwrap()).unwrap();
        let clients = Clients::new(link, FarEnd::Program(to), Default::default(), 1).unwrap();
        let totals = clients.totals();
        clients.until(counted(&totals, [1, 1, 0])).await;
    }

    #[tokio::test]
    async fn the_client_for_whom_there_is_no_room_is_turned_away_and_counted() {
        let link = local();
        let address = link.local_addr().unwrap();
        let far_end = FarEnd::Server(Arc::new(Silent));
        let clients = Clients::new(link, far_end, Default::default(), 1).unwrap();
        let totals = clients.totals();
        let most = MOST_CLIENTS as u64;
        let crowd = async {
            let mut sockets = Vec::new();
            for client in 1..=most {
                sockets.push(local());
                let newest = sockets.last().expect("just pushed");
                newest.send_to(b"x", address).unwrap();
                counted(&totals, [client, 0, 0]).await;
            }
            local().send_to(b"x", address).unwrap();
            counted(&totals, [most, 0, 1]).await;
        };
        clients.until(crowd).await;
    }
}

//! Real sockets throughout: what the system does is part of what is tested.

use std::net::{IpAddr, UdpSocket as Foreign};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use wire::ledger::Fingerprint;
use wire::sockets::control::Family;
use wire::sockets::errno::Errno;
use wire::sockets::refusal::Refusal;
use wire::sockets::session::Outcome;

use super::*;
use crate::udp::{Gate as _, GsoBuffer, Slab};

mod handed_over;
mod mapped;
mod scale;
mod second_address;

/// A session of a loopback, as far as these tests need one.
struct Session {
    loopback: Arc<Loopback>,
    receipts: mpsc::Sender<Receipt>,
    told: mpsc::Receiver<Receipt>,
}

impl Session {
    fn of(loopback: Arc<Loopback>) -> Self {
        let (receipts, told) = mpsc::channel(8);
        Self {
            loopback,
            receipts,
            told,
        }
    }

    fn bind(&self, port: u16) -> OwnSocket {
        self.try_bind(Family::Ipv4, port)
            .unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    fn try_bind(&self, family: Family, port: u16) -> Result<OwnSocket, Refusal> {
        self.loopback.bind(family, port, &self.receipts)
    }
}

fn loopbacks() -> Loopbacks {
    Loopbacks::new(LoopbackSettings {
        offload: true,
        ..LoopbackSettings::default()
    })
}

/// A session with a loopback of its own.
fn reader(loopbacks: &Loopbacks) -> Session {
    Session::of(loopbacks.open().unwrap())
}

/// A port that no program of the machine has at this moment.
fn free_port() -> u16 {
    let socket = Foreign::bind("0.0.0.0:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn to(address: SocketAddr, bytes: &[u8]) -> GsoBuffer<'_> {
    GsoBuffer {
        to: Some(address),
        ..GsoBuffer::to_peer(bytes)
    }
}

/// Sends one datagram to a socket of the loopback; whether it went out.
async fn send(from: &OwnSocket, address: SocketAddr, bytes: &[u8]) -> bool {
    let mut sent = true;
    from.send(&[to(address, bytes)], |trouble| match trouble {
        SendTrouble::Unbound(Unsent { count: 1, .. }) => sent = false,
        other => panic!("{other:?}"),
    })
    .await;
    sent
}

/// Waits for what arrives next: sender and bytes of each datagram.
async fn receive(socket: &OwnSocket) -> Vec<(SocketAddr, Vec<u8>)> {
    soon(async {
        loop {
            socket.readable().await.unwrap();
            let mut slab = Slab::take();
            if socket.try_receive(&mut slab, 32).is_ok() {
                return datagrams(&slab);
            }
        }
    })
    .await
}

/// How long tests wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, event)
        .await
        .expect("it happens in time")
}

/// A program that does not bind, and writes to this address alone.
fn netcat(to: SocketAddr) -> Foreign {
    let any = match to {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let nc = Foreign::bind(any).unwrap();
    nc.set_read_timeout(Some(PATIENCE)).unwrap();
    // Connected, it hears nobody but the address that it asked.
    nc.connect(to).unwrap();
    nc
}

fn datagrams(slab: &Slab) -> Vec<(SocketAddr, Vec<u8>)> {
    let each = slab.buffers().flat_map(|buffer| {
        let datagrams = buffer.datagrams();
        datagrams.map(move |bytes| (buffer.peer, bytes.to_vec()))
    });
    each.collect()
}

async fn receive_one(socket: &OwnSocket) -> (SocketAddr, Vec<u8>) {
    let [one] = <[_; 1]>::try_from(receive(socket).await).expect("one datagram");
    one
}

fn has_nothing(socket: &OwnSocket) -> bool {
    let received = socket.try_receive(&mut Slab::take(), 32);
    received.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

fn has_ipv6() -> bool {
    Foreign::bind("[::1]:0").is_ok()
}

#[tokio::test]
async fn two_readers_have_the_same_port_and_each_its_own_datagrams() {
    let loopbacks = loopbacks();
    let (ada, bob) = (reader(&loopbacks), reader(&loopbacks));
    let port = free_port();
    let (at_ada, at_bob) = (ada.bind(port), bob.bind(port));
    assert_ne!(ada.loopback.address(), bob.loopback.address());
    assert_eq!(at_ada.name(), (ada.loopback.address(), port).into());
    assert_eq!(at_ada.outside(), at_ada.name());

    let (from_ada, from_bob) = (ada.bind(0), bob.bind(0));
    assert!(send(&from_ada, at_ada.name(), b"for ada").await);
    assert!(send(&from_bob, at_bob.name(), b"for bob").await);
    assert_eq!(
        receive_one(&at_ada).await,
        (from_ada.name(), b"for ada".to_vec())
    );
    assert_eq!(
        receive_one(&at_bob).await,
        (from_bob.name(), b"for bob".to_vec())
    );
    let origin = ada.loopback.origin(from_ada.name());
    assert_eq!(origin, Origin::Own(from_ada.name()));
    let origin = ada.loopback.origin(from_bob.name());
    assert_eq!(origin, Origin::Outside(from_bob.name()));
}

#[tokio::test]
async fn another_readers_address_is_not_reached() {
    let loopbacks = loopbacks();
    let (ada, bob) = (reader(&loopbacks), reader(&loopbacks));
    let (from_ada, at_bob) = (ada.bind(0), bob.bind(0));
    assert!(!send(&from_ada, at_bob.name(), b"hello neighbour").await);
    let mut denied = 0;
    from_ada
        .send_to_visitors(&[to(at_bob.name(), b"hello neighbour")], |trouble| {
            assert!(
                matches!(&trouble, SendTrouble::Failed(_, error) if errno(error) == Errno::Eacces),
                "{trouble:?}"
            );
            denied += 1;
        })
        .await;
    assert_eq!(denied, 1);
    assert!(has_nothing(&at_bob));
}

#[tokio::test]
async fn a_service_bound_to_all_addresses_hears_nothing() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let service = Foreign::bind("0.0.0.0:0").unwrap();
    service.set_nonblocking(true).unwrap();
    let port = service.local_addr().unwrap().port();
    let own = SocketAddr::from((ada.loopback.address(), port));
    let socket = ada.bind(0);
    let equal = GsoBuffer {
        segment_size: 4,
        ..to(own, b"out out out")
    };
    let bound = to(socket.name(), b"to myself");
    let mut unbound = Vec::new();
    socket
        .send(&[equal, bound, equal], |trouble| match trouble {
            SendTrouble::Unbound(unsent) => unbound.push((unsent.buffer, unsent.count)),
            other => panic!("{other:?}"),
        })
        .await;
    assert_eq!(unbound, [(0, 3), (2, 3)]);
    assert_eq!(
        receive_one(&socket).await,
        (socket.name(), b"to myself".to_vec())
    );
    let heard = service.recv(&mut [0; 16]).unwrap_err();
    assert_eq!(heard.kind(), io::ErrorKind::WouldBlock);
    // Sending there is what would reach it.
    Foreign::bind((ada.loopback.address(), 0))
        .unwrap()
        .send_to(b"x", own)
        .unwrap();
    service.set_nonblocking(false).unwrap();
    service.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(service.recv(&mut [0; 16]).unwrap(), 1);
}

#[tokio::test]
async fn while_a_datagram_goes_out_no_port_is_bound_or_closed() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let socket = ada.bind(0);
    let gate = socket.gate();
    gate.admit(&to(socket.name(), b"x")).unwrap();
    assert!(!ada.loopback.can_change());
    drop(gate);
    assert!(ada.loopback.can_change());
}

/// One program binds and closes a port again and again, another one writes to it, and a service of the machine takes the port on
/// all addresses whenever it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_datagram_goes_out_between_closing_a_port_and_the_next_bind() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let port = free_port();
    let own = SocketAddr::from((ada.loopback.address(), port));
    let is_over = Arc::new(AtomicBool::new(false));
    let times_taken = Arc::new(AtomicUsize::new(0));
    let service = std::thread::spawn({
        let (is_over, times_taken) = (Arc::clone(&is_over), Arc::clone(&times_taken));
        move || {
            let mut heard = 0;
            while !is_over.load(Ordering::Relaxed) {
                let Ok(socket) = Foreign::bind(("0.0.0.0", port)) else {
                    continue;
                };
                times_taken.fetch_add(1, Ordering::Relaxed);
                socket.set_nonblocking(true).unwrap();
                std::thread::yield_now();
                while socket.recv(&mut [0; 16]).is_ok() {
                    heard += 1;
                }
            }
            heard
        }
    });
    let times_sent = Arc::new(AtomicUsize::new(0));
    let sending = tokio::spawn({
        let (from, is_over) = (ada.bind(0), Arc::clone(&is_over));
        let times_sent = Arc::clone(&times_sent);
        async move {
            while !is_over.load(Ordering::Relaxed) {
                let is_sent = send(&from, own, b"to whom?").await;
                times_sent.fetch_add(usize::from(is_sent), Ordering::Relaxed);
            }
        }
    });
    let mut times_bound = 0;
    let has_many = |count: &AtomicUsize| count.load(Ordering::Relaxed) >= 50;
    soon(async {
        while times_bound < 500 || !has_many(&times_taken) || !has_many(&times_sent) {
            let bound = ada.try_bind(Family::Ipv4, port);
            times_bound += usize::from(bound.is_ok());
            tokio::task::yield_now().await;
            drop(bound);
            tokio::task::yield_now().await;
        }
    })
    .await;
    is_over.store(true, Ordering::Relaxed);
    sending.await.unwrap();
    assert_eq!(service.join().unwrap(), 0);
}

#[tokio::test]
async fn the_port_of_another_program_is_in_use_and_the_sentence_says_so() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let service = Foreign::bind("0.0.0.0:0").unwrap();
    let port = service.local_addr().unwrap().port();
    let refusal = ada.try_bind(Family::Ipv4, port).unwrap_err();
    assert_eq!(refusal.errno, Errno::Eaddrinuse);
    let start = format!(
        "another program on the host's machine has port {port}, on every address or on {}; choose another port",
        ada.loopback.address()
    );
    assert!(refusal.text.starts_with(&start), "{}", refusal.text);
    // Other ports of the address, and this one later, are as good as ever.
    ada.bind(0);
    drop(service);
    ada.bind(port);
}

#[tokio::test]
async fn a_port_is_taken_until_its_socket_is_dropped_and_free_afterwards() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let tab = Session::of(loopbacks.join(&ada.loopback.token().reveal()).unwrap());
    let port = free_port();
    let socket = ada.bind(port);
    let name = socket.name();
    for session in [&ada, &tab] {
        let refusal = session.try_bind(Family::Ipv4, port).unwrap_err();
        assert_eq!(refusal.errno, Errno::Eaddrinuse);
        assert_eq!(
            refusal.text,
            format!(
                "{name} is in use by another socket of this loopback; close that one, or choose another port"
            )
        );
    }
    assert!(tab.loopback.is_bound(Family::Ipv4, port));
    assert!(!tab.loopback.is_bound(Family::Ipv6, port));
    drop(socket);
    assert!(!tab.loopback.is_bound(Family::Ipv4, port));
    drop(Foreign::bind(name).unwrap());
    tab.bind(port);
}

#[tokio::test]
async fn no_program_takes_a_readers_port_with_so_reuseaddr() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let socket = ada.bind(0);
    for ip in [
        IpAddr::from(ada.loopback.address()),
        Ipv4Addr::UNSPECIFIED.into(),
    ] {
        let thief =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
        thief.set_reuse_address(true).unwrap();
        let address = SocketAddr::new(ip, socket.name().port());
        let taken = thief.bind(&address.into()).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse, "{ip}");
    }
}

#[tokio::test]
async fn ports_below_1024_are_denied() {
    let ada = reader(&loopbacks());
    for port in [1, 53, 1023] {
        let refusal = ada.try_bind(Family::Ipv4, port).unwrap_err();
        assert_eq!(refusal.errno, Errno::Eacces, "{}", refusal.text);
    }
}

#[tokio::test]
async fn whoever_has_the_token_joins_and_nobody_else() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let token = ada.loopback.token().reveal();
    assert!(Arc::ptr_eq(&loopbacks.join(&token).unwrap(), &ada.loopback));
    for wrong in ["", "x", &"0".repeat(32), &token[1..], &format!("{token}0")] {
        assert!(loopbacks.join(wrong).is_none(), "{wrong:?}");
    }
    assert_eq!(loopbacks.count(), 1);
    // A socket alone keeps it, and nothing afterwards.
    let socket = ada.bind(0);
    drop(ada);
    assert!(loopbacks.join(&token).is_some());
    drop(socket);
    assert!(loopbacks.join(&token).is_none());
    assert_eq!(loopbacks.count(), 0);
}

#[tokio::test]
async fn the_address_of_a_loopback_rests_after_its_last_socket() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let socket = ada.bind(0);
    let address = ada.loopback.address();
    let is_taken = || loopbacks.shared.directory().addresses.is_taken(address);
    drop(ada);
    assert!(is_taken());
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(100)).await;
    assert!(is_taken(), "a socket has it");
    drop(socket);
    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert!(is_taken(), "it rests");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(!is_taken());
}

#[tokio::test]
async fn nothing_that_is_logged_shows_the_token() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let socket = ada.bind(0);
    let token = ada.loopback.token().reveal();
    for shown in [
        format!("{loopbacks:?}"),
        format!("{:?}", ada.loopback),
        format!("{socket:?}"),
    ] {
        assert!(!shown.contains(&token));
    }
}

#[tokio::test]
async fn a_program_that_does_not_bind_writes_to_a_reader_and_gets_the_answer() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let socket = ada.bind(0);
    let nc = netcat(socket.outside());
    nc.send(b"anybody there?").unwrap();
    let (from, question) = receive_one(&socket).await;
    assert_eq!(question, b"anybody there?");
    assert_eq!(
        from,
        (Ipv4Addr::LOCALHOST, nc.local_addr().unwrap().port()).into()
    );
    assert_eq!(ada.loopback.origin(from), Origin::Outside(from));
    socket
        .send_to_visitors(&[to(from, b"a reader")], |trouble| panic!("{trouble:?}"))
        .await;
    let mut buffer = [0; 16];
    let bytes = nc.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..bytes], b"a reader");
}

#[tokio::test]
async fn a_socket_that_sends_and_closes_is_known_by_its_name_and_hears_of_its_receipt() {
    let loopbacks = loopbacks();
    let mut ada = reader(&loopbacks);
    let tab = Session::of(Arc::clone(&ada.loopback));
    let server = tab.bind(0);
    let client = ada.bind(0);
    let name = client.name();
    assert!(send(&client, server.name(), b"fire and forget").await);
    drop(client);
    let (from, _) = receive_one(&server).await;
    assert_eq!(tab.loopback.origin(from), Origin::Own(name));
    let receipt = Receipt {
        at: 7,
        from: name,
        to: server.name(),
        fingerprint: Fingerprint::of(b"fire and forget"),
        outcome: Outcome::Delivered,
    };
    let of_nobody = Receipt {
        from: (Ipv4Addr::LOCALHOST, 9).into(),
        ..receipt
    };
    tab.loopback.deliver([of_nobody, receipt.clone()]);
    assert_eq!(ada.told.try_recv(), Ok(receipt));
    assert!(ada.told.try_recv().is_err());
}

#[tokio::test]
async fn datagrams_of_every_size_pass_and_one_byte_more_is_emsgsize() {
    let loopbacks = loopbacks();
    let ada = reader(&loopbacks);
    let (client, server) = (ada.bind(0), ada.bind(0));
    let bytes: Bytes = (0..=255).cycle().take(65_508).collect();
    for size in [0, 1, 42, 1472, 1473, 4096, 4097, 9217, 65_506, 65_507] {
        assert!(send(&client, server.name(), &bytes[..size]).await);
        assert_eq!(
            receive_one(&server).await,
            (client.name(), bytes[..size].to_vec())
        );
    }
    let mut refused = None;
    client
        .send(&[to(server.name(), &bytes)], |trouble| {
            refused = Some(trouble)
        })
        .await;
    assert!(
        matches!(&refused, Some(SendTrouble::Failed(_, error)) if errno(error) == Errno::Emsgsize),
        "{refused:?}"
    );
}

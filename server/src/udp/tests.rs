use std::collections::VecDeque;
use std::time::Duration;

use super::*;
use crate::turns::turns_beside;

const LOOPBACK: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];

fn bound(address: &str, offload: bool) -> UdpSocket {
    UdpSocket::bind(address.parse().unwrap(), offload).unwrap()
}

/// Payloads as they arrive, until `count` of them or five seconds have passed.
async fn receive(socket: &UdpSocket, count: usize) -> VecDeque<Vec<u8>> {
    let mut got = VecDeque::new();
    let all = async {
        while got.len() < count {
            socket.readable().await.unwrap();
            let mut slab = Slab::take();
            if socket.try_receive(&mut slab, 32).is_ok() {
                let datagrams = slab.buffers().flat_map(|buffer| buffer.datagrams());
                got.extend(datagrams.map(<[u8]>::to_vec));
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(in_time.is_ok(), "{} of {count} arrived", got.len());
    got
}

fn unsent(trouble: Trouble) -> ! {
    panic!("{trouble:?}")
}

#[tokio::test]
async fn runs_arrive_as_the_datagrams_they_are_made_of() {
    for (address, offload) in LOOPBACK.iter().flat_map(|a| [(a, true), (a, false)]) {
        let server = bound(address, offload);
        let client = UdpSocket::connect(server.local_addr(), None, offload).unwrap();
        let bytes: Vec<u8> = (0..=255).cycle().take(42 * 150 + 7).collect();
        let batch = [
            GsoBuffer {
                segment_size: 42,
                ..GsoBuffer::to_peer(&bytes)
            },
            GsoBuffer::to_peer(b""),
            GsoBuffer {
                segment_size: 1400,
                ..GsoBuffer::to_peer(&bytes)
            },
            GsoBuffer::to_peer(b"last"),
        ];
        client.send(&batch, |trouble| unsent(trouble)).await;
        let expected: VecDeque<Vec<u8>> = batch
            .iter()
            .flat_map(GsoBuffer::datagrams)
            .map(<[u8]>::to_vec)
            .collect();
        assert_eq!(expected.len(), 151 + 1 + 5 + 1);
        assert_eq!(
            receive(&server, expected.len()).await,
            expected,
            "{address} {offload}"
        );
    }
}

#[tokio::test]
async fn every_size_up_to_the_limit_arrives_and_one_more_byte_is_told() {
    for (address, limit) in LOOPBACK.iter().zip([65_507, 65_527]) {
        let server = bound(address, true);
        let client = UdpSocket::connect(server.local_addr(), None, true).unwrap();
        let bytes = vec![0x5a; limit + 1];
        for size in [0, 1, 1472, 1473, 9217, 32_768, limit - 1, limit] {
            let batch = [GsoBuffer::to_peer(&bytes[..size])];
            client.send(&batch, |trouble| unsent(trouble)).await;
            assert_eq!(receive(&server, 1).await[0].len(), size);
        }
        let mut told = Vec::new();
        let batch = [GsoBuffer::to_peer(&bytes), GsoBuffer::to_peer(b"after")];
        client.send(&batch, |trouble| told.push(trouble)).await;
        let [
            Trouble::Unsent {
                buffer: 0,
                first: 0,
                count: 1,
                error,
            },
        ] = &told[..]
        else {
            panic!("{told:?}");
        };
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
        assert_eq!(receive(&server, 1).await[0], b"after");
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_the_socket_lives() {
    let server = bound("127.0.0.1:0", true);
    let address = server.local_addr();
    let client = UdpSocket::connect(address, None, true).unwrap();
    drop(server);
    client
        .send(&[GsoBuffer::to_peer(b"one")], |trouble| unsent(trouble))
        .await;
    let mut told = Vec::new();
    client
        .send(&[GsoBuffer::to_peer(b"two")], |trouble| told.push(trouble))
        .await;
    let [Trouble::Earlier(error)] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);

    let server = UdpSocket::bind(address, true).unwrap();
    // The refusal of "two" is pending; "three" must arrive all the same.
    client.send(&[GsoBuffer::to_peer(b"three")], drop).await;
    assert_eq!(receive(&server, 1).await[0], b"three");
}

#[tokio::test]
async fn a_refusal_wakes_a_receiver_that_sends_nothing_more() {
    let server = bound("127.0.0.1:0", true);
    let client = UdpSocket::connect(server.local_addr(), None, true).unwrap();
    drop(server);
    client
        .send(&[GsoBuffer::to_peer(b"anyone?")], |trouble| unsent(trouble))
        .await;
    let refused = async {
        loop {
            client.readable().await.unwrap();
            match client.try_receive(&mut Slab::take(), 32) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return received,
            }
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(60), refused).await;
    let error = refused.expect("the refusal wakes it").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn sixty_four_large_datagrams_wait_in_the_receive_buffer() {
    let server = bound("127.0.0.1:0", true);
    let client = UdpSocket::connect(server.local_addr(), None, true).unwrap();
    let bytes = vec![7; 60_000];
    let batch = [GsoBuffer::to_peer(&bytes); 64];
    client.send(&batch, |trouble| unsent(trouble)).await;
    if server.kernel_drops() == Some(0) {
        assert_eq!(receive(&server, 64).await.len(), 64);
    } else {
        eprintln!("left out: this system grants no receive buffer of 4 MiB (net.core.rmem_max)");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_kernel_drops_can_be_read() {
    let server = bound("127.0.0.1:0", true);
    let client = UdpSocket::connect(server.local_addr(), None, true).unwrap();
    assert_eq!(server.kernel_drops(), Some(0));
    let bytes = vec![7; 60_000];
    let batch = [GsoBuffer::to_peer(&bytes); 256];
    client.send(&batch, |trouble| unsent(trouble)).await;
    let drops = server.kernel_drops().unwrap() as usize;
    assert!(drops > 0, "256 x 60,000 bytes fit no buffer");
    assert_eq!(receive(&server, 256 - drops).await.len(), 256 - drops);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn datagrams_may_be_fragmented_as_the_system_says() {
    for address in LOOPBACK {
        let plain = std::net::UdpSocket::bind(address).unwrap();
        let ours = bound(address, true);
        for (level, name) in [
            (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
            (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER),
            (libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG),
        ] {
            let read = |socket: &dyn Fn() -> io::Result<i32>| socket().ok();
            let system = read(&|| syscall::option(&plain, level, name));
            assert_eq!(
                read(&|| syscall::option(ours.io.socket(), level, name)),
                system,
                "{address}"
            );
        }
    }
}

#[tokio::test]
async fn a_second_socket_on_the_same_port_is_refused() {
    let first = bound("127.0.0.1:0", true);
    let address = first.local_addr();
    let error = UdpSocket::bind(address, true).unwrap_err();
    assert!(
        format!("{error:#}").contains(&address.to_string()),
        "{error:#}"
    );
}

#[tokio::test]
async fn the_unspecified_ipv6_address_takes_ipv4_too() {
    let server = bound("[::]:0", true);
    let port = server.local_addr().port();
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let client = UdpSocket::connect(peer, None, true).unwrap();
    client
        .send(&[GsoBuffer::to_peer(b"four")], |trouble| unsent(trouble))
        .await;
    assert_eq!(receive(&server, 1).await[0], b"four");
}

#[tokio::test]
async fn turning_to_another_peer_keeps_the_port() {
    let (first, second) = (bound("127.0.0.1:0", true), bound("127.0.0.1:0", true));
    let mut client = UdpSocket::connect(first.local_addr(), None, true).unwrap();
    let port = client.local_addr().port();
    client.reconnect(second.local_addr()).unwrap();
    assert_eq!(client.local_addr().port(), port);
    client
        .send(&[GsoBuffer::to_peer(b"you")], |trouble| unsent(trouble))
        .await;
    assert_eq!(receive(&second, 1).await[0], b"you");
}

/// What RFC 1122, section 4.1.3.3, leaves to the system, Linux tells connected sockets alone (udp(7)).
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_unconnected_socket_has_the_same_port_and_hears_nothing_of_a_closed_one() {
    for address in LOOPBACK {
        let server = bound(address, true);
        let peer = server.local_addr();
        let connected = UdpSocket::connect(peer, None, true).unwrap();
        let local = connected.local_addr();
        let mut client = connected.unconnected(true).unwrap();
        drop(connected);
        assert_eq!((client.local_addr(), client.peer()), (local, None));
        let thief = UdpSocket::bind(local, true);
        assert!(thief.is_err(), "the port is shared with nobody");

        drop(server);
        let datagram = |to| GsoBuffer {
            to,
            ..GsoBuffer::to_peer(b"anybody?")
        };
        for _ in 0..2 {
            let batch = [datagram(Some(peer))];
            client.send(&batch, |trouble| unsent(trouble)).await;
        }
        client.reconnect(peer).unwrap();
        assert_eq!((client.local_addr(), client.peer()), (local, Some(peer)));
        client
            .send(&[datagram(None)], |trouble| unsent(trouble))
            .await;
        client.readable().await.unwrap();
        let mut slab = Slab::take();
        let heard = client.try_receive(&mut slab, 1).unwrap_err();
        assert_eq!(heard.kind(), io::ErrorKind::ConnectionRefused);
        assert!(
            client.try_receive(&mut slab, 1).is_err(),
            "one datagram was refused, and the two before it were not"
        );
    }
}

#[tokio::test]
async fn a_long_batch_lets_others_have_a_turn() {
    let server = bound(LOOPBACK[0], true);
    let client = UdpSocket::connect(server.local_addr(), None, true).unwrap();
    // Empty ones, which no buffer holds together: each is handed over by itself, and what the server has no room for is gone.
    let batch: Vec<GsoBuffer<'_>> = (0..200_000).map(|_| GsoBuffer::to_peer(b"")).collect();
    let turns = turns_beside(client.send(&batch, |_| ())).await;
    assert!(turns >= 3, "{turns} turns");
}

#[test]
fn a_system_without_free_ports_is_told_so_with_its_setting() {
    let words = out_of_ports(io::ErrorKind::WouldBlock.into()).to_string();
    assert!(words.contains("net.ipv4.ip_local_port_range"), "{words}");
    let other = out_of_ports(io::ErrorKind::PermissionDenied.into());
    assert_eq!(other.kind(), io::ErrorKind::PermissionDenied);
}

/// The options that differ between a socket as the system makes it and one of ours.
#[cfg(target_os = "linux")]
const OURS: [(&str, i32, i32); 7] = [
    ("SO_RCVBUF", libc::SOL_SOCKET, libc::SO_RCVBUF),
    ("SO_SNDBUF", libc::SOL_SOCKET, libc::SO_SNDBUF),
    ("SO_TIMESTAMPNS", libc::SOL_SOCKET, libc::SO_TIMESTAMPNS),
    ("IP_PKTINFO", libc::IPPROTO_IP, libc::IP_PKTINFO),
    ("IP_RECVTOS", libc::IPPROTO_IP, libc::IP_RECVTOS),
    ("IP_MTU_DISCOVER", libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
    ("UDP_GRO", libc::SOL_UDP, libc::UDP_GRO),
];

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_socket_that_was_passed_gets_every_option_that_ours_have() {
    for offload in [true, false] {
        let own = bound("127.0.0.1:0", offload);
        let passed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = syscall::option(&passed, libc::SOL_SOCKET, libc::SO_RCVBUF).unwrap();
        // The copy shows the options of the one socket behind both.
        let adopted = UdpSocket::adopt(passed.try_clone().unwrap(), offload).unwrap();
        assert_eq!(adopted.local_addr(), passed.local_addr().unwrap());
        for (name, level, option) in OURS {
            let has = syscall::option(&passed, level, option).unwrap();
            let should = syscall::option(own.io.socket(), level, option).unwrap();
            assert_eq!(has, should, "{name}, offload {offload}");
        }
        let after = syscall::option(&passed, libc::SOL_SOCKET, libc::SO_RCVBUF).unwrap();
        assert!(after > before, "{before} bytes of buffer, then {after}");
    }
}

/// systemd sets `ReceiveBuffer=` with its privileges, past what the host may ask for.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_larger_buffer_of_a_socket_that_was_passed_stays() {
    let passed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let much = 4 * RECEIVE_BUFFER_BYTES as i32;
    let (level, force) = (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE);
    if syscall::set_option(&passed, level, force, much).is_err() {
        println!("left out: needs CAP_NET_ADMIN");
        return;
    }
    let before = syscall::option(&passed, level, libc::SO_RCVBUF).unwrap();
    let _adopted = UdpSocket::adopt(passed.try_clone().unwrap(), true).unwrap();
    let after = syscall::option(&passed, level, libc::SO_RCVBUF).unwrap();
    assert_eq!(after, before);
}

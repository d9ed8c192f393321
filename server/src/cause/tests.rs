use super::*;

fn listening(socket: SocketKind, address: &str) -> Listening<'_> {
    Listening {
        who: "the server",
        socket,
        address: address.parse().unwrap(),
        otherwise: "choose another address with --udp",
    }
}

fn why(socket: SocketKind, address: &str, kind: io::ErrorKind) -> String {
    why_not_listen(listening(socket, address), &kind.into(), 1024)
}

#[test]
fn only_a_port_that_is_in_use_is_blamed_on_another_program() {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    let table = [
        (
            AddrInUse,
            "127.0.0.1:10000",
            "another program does; stop it",
        ),
        (
            PermissionDenied,
            "127.0.0.1:81",
            "ports below 1024 need a privilege",
        ),
        (
            PermissionDenied,
            "127.0.0.1:8000",
            "a rule of this machine forbids it",
        ),
        (
            AddrNotAvailable,
            "192.0.2.1:8000",
            "no interface of this machine has the address 192.0.2.1",
        ),
        (
            AddrNotAvailable,
            "[2001:db8::1]:8000",
            "[::] takes them all",
        ),
        (AddrNotAvailable, "[fe80::1]:8000", "[fe80::1%eth0]:8000"),
    ];
    for (kind, address, words) in table {
        for socket in [SocketKind::Tcp, SocketKind::Udp] {
            let why = why(socket, address, kind);
            assert!(why.contains(words), "{kind}, {address}: {why}");
            assert!(why.contains("--udp"), "{kind}, {address}: {why}");
            assert_eq!(
                why.contains("another program"),
                kind == AddrInUse,
                "{kind}, {address}: {why}"
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_low_port_names_what_would_allow_it() {
    let why = why(
        SocketKind::Tcp,
        "0.0.0.0:81",
        io::ErrorKind::PermissionDenied,
    );
    for words in [
        "cap_net_bind_service",
        "net.ipv4.ip_unprivileged_port_start=81",
        "udp-echo.socket",
    ] {
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn a_port_in_use_names_the_command_for_its_own_protocol() {
    let [tcp, udp] = [SocketKind::Tcp, SocketKind::Udp]
        .map(|socket| why(socket, "127.0.0.1:10000", io::ErrorKind::AddrInUse));
    assert_ne!(tcp, udp);
}

#[test]
fn the_systems_number_is_left_out() {
    let error = io::Error::from_raw_os_error(1);
    assert!(error.to_string().contains("(os error 1)"));
    assert!(!plain(&error).contains("os error"), "{}", plain(&error));
    assert_eq!(
        without_numbers("a: b (os error 13): c (os error -2); d"),
        "a: b: c; d"
    );
    for text in ["", "nothing", "an (os error without end"] {
        assert_eq!(without_numbers(text), text);
    }
}

#[test]
fn a_peer_out_of_reach_is_explained_by_the_cause() {
    use io::ErrorKind::{
        AddrNotAvailable, HostUnreachable, InvalidInput, NetworkUnreachable, PermissionDenied,
    };
    let table = [
        (
            PermissionDenied,
            "192.168.1.255:7",
            "192.168.1.255 is the broadcast address of a network",
        ),
        (NetworkUnreachable, "192.0.2.1:7", "no route to 192.0.2.1"),
        (NetworkUnreachable, "[2001:db8::1]:7", "connected by IPv6"),
        (HostUnreachable, "192.0.2.1:7", "no way leads to 192.0.2.1"),
        (AddrNotAvailable, "192.0.2.1:7", "no free port"),
        (InvalidInput, "[fe80::1]:7", "[fe80::1%eth0]:7"),
    ];
    for (kind, peer, words) in table {
        let why = cannot_reach(peer.parse().unwrap(), &kind.into());
        assert!(why.contains(words), "{kind}, {peer}: {why}");
    }
}

#[test]
#[cfg(unix)]
fn a_firewall_is_not_taken_for_a_broadcast_address() {
    let peer = "192.0.2.1:7".parse().unwrap();
    let why = cannot_reach(peer, &io::Error::from_raw_os_error(libc::EPERM));
    assert!(
        why.contains("a firewall rule") && !why.contains("broadcast"),
        "{why}"
    );
    let why = cannot_reach(peer, &io::Error::from_raw_os_error(libc::EACCES));
    assert!(why.contains("broadcast"), "{why}");
    let ipv6 = "[2001:db8::1]:7".parse().unwrap();
    let why = cannot_reach(ipv6, &io::Error::from_raw_os_error(libc::EAFNOSUPPORT));
    assert!(why.contains("does not speak IPv6"), "{why}");
}

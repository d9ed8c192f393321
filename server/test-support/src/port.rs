//! Ports for programs that cannot say which one they got.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;

/// Ports that Linux, Windows and macOS give to nobody who asks for port 0: no other test gets one of them by accident.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

/// A port of 127.0.0.1 that was free a moment ago, for TCP and for UDP.
///
/// Another program may still take it first, so that whoever starts a program on it must be ready to try another.
///
/// # Panics
/// When no port of the range is free.
pub fn free() -> u16 {
    let random = RandomState::new().hash_one(std::process::id()) as usize;
    (0..RANGE.len())
        .map(|step| RANGE.start + ((random + step) % RANGE.len()) as u16)
        .find(|&port| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
                && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        })
        .expect("one of 17,000 ports is free")
}

/// Whether this process listens at this TCP port of any IPv4 address. Where the system does not tell whose a socket is,
/// whether anybody answers there.
pub(crate) fn is_listened_to_by(port: u16, pid: u32) -> bool {
    let Ok(sockets) = std::fs::read_to_string("/proc/net/tcp") else {
        return std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    };
    let listening = sockets.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let is_at_port = fields.get(1)?.ends_with(&format!(":{port:04X}"));
        // State 0A is LISTEN (the kernel's `net/tcp_states.h`); the tenth field is the inode.
        (is_at_port && *fields.get(3)? == "0A").then(|| format!("socket:[{}]", fields[9]))
    });
    let listening: Vec<_> = listening.collect();
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    descriptors.flatten().any(|entry| {
        let link = std::fs::read_link(entry.path());
        link.is_ok_and(|link| listening.iter().any(|socket| link == Path::new(socket)))
    })
}

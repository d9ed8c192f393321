//! The system's errors by their names, with sentences.

use std::io;
use std::net::SocketAddr;

use wire::sockets::errno::Errno;
use wire::sockets::refusal::Refusal;

use crate::cause::{self, SocketKind};

/// The name of a system's error.
pub fn errno(error: &io::Error) -> Errno {
    use io::ErrorKind as Kind;
    if let Some(errno) = by_number(error) {
        return errno;
    }
    match error.kind() {
        Kind::PermissionDenied => Errno::Eacces,
        Kind::AddrInUse => Errno::Eaddrinuse,
        Kind::AddrNotAvailable => Errno::Eaddrnotavail,
        Kind::ConnectionRefused | Kind::ConnectionReset => Errno::Econnrefused,
        Kind::HostUnreachable => Errno::Ehostunreach,
        Kind::NetworkUnreachable | Kind::NetworkDown => Errno::Enetunreach,
        Kind::InvalidInput => Errno::Einval,
        Kind::NotConnected => Errno::Enotconn,
        Kind::OutOfMemory => Errno::Enobufs,
        _ => Errno::Eio,
    }
}

/// What the standard library has no kind for.
#[cfg(unix)]
fn by_number(error: &io::Error) -> Option<Errno> {
    Some(match error.raw_os_error()? {
        libc::EMSGSIZE => Errno::Emsgsize,
        libc::EMFILE | libc::ENFILE => Errno::Emfile,
        libc::ENOBUFS | libc::ENOMEM => Errno::Enobufs,
        libc::EAFNOSUPPORT => Errno::Eafnosupport,
        libc::EDESTADDRREQ => Errno::Edestaddrreq,
        _ => return None,
    })
}

/// What the standard library has no kind for.
#[cfg(not(unix))]
fn by_number(error: &io::Error) -> Option<Errno> {
    // Winsock's numbers: WSAEMFILE, WSAEDESTADDRREQ, WSAEMSGSIZE, WSAEAFNOSUPPORT, WSAENOBUFS.
    Some(match error.raw_os_error()? {
        10_024 => Errno::Emfile,
        10_039 => Errno::Edestaddrreq,
        10_040 => Errno::Emsgsize,
        10_047 => Errno::Eafnosupport,
        10_055 => Errno::Enobufs,
        _ => return None,
    })
}

/// Why the system did not bind a socket for `name`.
pub(super) fn cannot_bind(name: SocketAddr, error: &io::Error) -> Refusal {
    let errno = errno(error);
    let port = name.port();
    let text = match errno {
        Errno::Eaddrinuse if port == 0 => {
            format!(
                "no port of {} is free; close sockets that you do not use",
                name.ip()
            )
        }
        Errno::Eaddrinuse => format!(
            "another program on the host's machine has port {port}, on every address or on {}; choose another port (`{}` on \
             that machine names the program)",
            name.ip(),
            cause::who_listens(SocketKind::Udp, port)
        ),
        Errno::Eaddrnotavail | Errno::Eafnosupport if name.is_ipv6() => format!(
            "the host's machine has no IPv6 loopback: {}; use a socket of IPv4",
            cause::plain(error)
        ),
        Errno::Emfile => format!(
            "the host cannot open one more socket for {name}: {}; close sockets that you do not use, or try again later",
            cause::plain(error)
        ),
        _ => format!("the system did not bind {name}: {}", cause::plain(error)),
    };
    Refusal::new(errno, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn errors_keep_their_names() {
        for (number, name) in [
            (libc::EACCES, Errno::Eacces),
            (libc::EADDRINUSE, Errno::Eaddrinuse),
            (libc::EADDRNOTAVAIL, Errno::Eaddrnotavail),
            (libc::EAFNOSUPPORT, Errno::Eafnosupport),
            (libc::ECONNREFUSED, Errno::Econnrefused),
            (libc::EDESTADDRREQ, Errno::Edestaddrreq),
            (libc::EHOSTUNREACH, Errno::Ehostunreach),
            (libc::EINVAL, Errno::Einval),
            (libc::EMFILE, Errno::Emfile),
            (libc::EMSGSIZE, Errno::Emsgsize),
            (libc::ENETUNREACH, Errno::Enetunreach),
            (libc::ENOBUFS, Errno::Enobufs),
            (libc::ENOTCONN, Errno::Enotconn),
            (libc::EPERM, Errno::Eacces),
            (libc::EPROTO, Errno::Eio),
        ] {
            assert_eq!(errno(&io::Error::from_raw_os_error(number)), name);
        }
    }
}

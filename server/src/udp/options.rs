//! Socket options: buffers, offload, and what `quinn-udp` sets for QUIC that plain datagrams must not have.

use std::io;

use socket2::{Domain, Protocol, Socket, Type};

#[cfg(target_os = "linux")]
pub(super) use super::syscall::kernel_drops;

/// Asks for buffers of these sizes. What the system refuses is no error: it drops sooner, and counts what it drops.
pub(super) fn size_buffers(socket: &Socket, receive: usize, send: usize) {
    size_receive_buffer(socket, receive);
    let _ = socket.set_send_buffer_size(send);
}

/// Asks for buffers of at least these sizes.
///
/// A service manager may have set larger ones with its privileges than the system grants this process, and asking again
/// would shrink them: a socket that nobody uses shows what is granted.
pub(super) fn grow_buffers(socket: &Socket, receive: usize, send: usize) {
    let Ok(trial) = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)) else {
        return;
    };
    size_buffers(&trial, receive, send);
    let is_more = |size: fn(&Socket) -> io::Result<usize>| match (size(&trial), size(socket)) {
        (Ok(granted), Ok(has)) => granted > has,
        _ => false,
    };
    if is_more(Socket::recv_buffer_size) {
        size_receive_buffer(socket, receive);
    }
    if is_more(Socket::send_buffer_size) {
        let _ = socket.set_send_buffer_size(send);
    }
}

/// Lets another socket of ours bind the same address, or no longer. Linux and Windows ask for the one option, the BSDs for the
/// other.
pub(super) fn share_address(socket: &Socket, is_shared: bool) -> io::Result<()> {
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(is_shared)?;
    socket.set_reuse_address(is_shared)
}

fn size_receive_buffer(socket: &Socket, bytes: usize) {
    if !force_receive_buffer(socket, bytes) {
        let _ = socket.set_recv_buffer_size(bytes);
    }
}

/// Sets the receive buffer past `net.core.rmem_max`, which CAP_NET_ADMIN allows (socket(7)).
#[cfg(target_os = "linux")]
fn force_receive_buffer(socket: &Socket, bytes: usize) -> bool {
    let Ok(bytes) = i32::try_from(bytes) else {
        return false;
    };
    super::syscall::set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, bytes).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn force_receive_buffer(_: &Socket, _: usize) -> bool {
    false
}

/// Runs `set_up` and puts the system's own rules of fragmentation back in force.
///
/// QUIC forbids fragments, so `quinn-udp` sets IP_MTU_DISCOVER, IP_DONTFRAG and the like; a datagram of 65,507 bytes
/// could then not leave over Ethernet.
#[cfg(unix)]
pub(super) fn keeping_fragmentation<T>(
    socket: &Socket,
    ipv6: bool,
    set_up: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    use super::syscall::{option, set_option};

    let options = FRAGMENTATION
        .iter()
        .filter(|(level, _)| ipv6 || *level == libc::IPPROTO_IP);
    // A system that does not know an option has nothing to put back.
    let before: Vec<_> = options
        .filter_map(|&(level, name)| Some((level, name, option(socket, level, name).ok()?)))
        .collect();
    let made = set_up()?;
    for (level, name, value) in before {
        set_option(socket, level, name, value)?;
    }
    Ok(made)
}

#[cfg(target_os = "linux")]
const FRAGMENTATION: &[(i32, i32)] = &[
    (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
    (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER),
    (libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG),
];

#[cfg(any(target_os = "macos", target_os = "freebsd"))]
const FRAGMENTATION: &[(i32, i32)] = &[
    (libc::IPPROTO_IP, libc::IP_DONTFRAG),
    (libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG),
];

#[cfg(all(
    unix,
    not(any(target_os = "linux", target_os = "macos", target_os = "freebsd"))
))]
const FRAGMENTATION: &[(i32, i32)] = &[];

/// On Windows `quinn-udp` sets IP_DONTFRAGMENT, and no safe call takes it back: large datagrams do not leave the machine.
#[cfg(not(unix))]
pub(super) fn keeping_fragmentation<T>(
    _: &Socket,
    _: bool,
    set_up: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    set_up()
}

/// Turns off what `quinn-udp` asks the kernel to tell with each datagram, and this crate does not read: time stamps and ECN marks.
pub(super) fn drop_unread_metadata(socket: &Socket) {
    #[cfg(target_os = "linux")]
    {
        // Failing costs nanoseconds, so it is no reason to fail.
        let _ = super::syscall::set_option(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 0);
        let _ = socket.set_recv_tos_v4(false);
        let _ = socket.set_recv_tclass_v6(false);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Stops the kernel from coalescing what arrives.
pub(super) fn disable_gro(socket: &Socket) {
    #[cfg(target_os = "linux")]
    {
        // A kernel that does not know the option does not coalesce.
        let _ = super::syscall::set_option(socket, libc::SOL_UDP, libc::UDP_GRO, 0);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Only Linux tells a socket what it dropped.
#[cfg(not(target_os = "linux"))]
pub(super) fn kernel_drops<S>(_: &S) -> Option<u32> {
    None
}

//! The socket calls that no dependency wraps safely. All of this crate's `unsafe` is here, but for a word to the
//! allocator in `memory.rs`, a question about SIGHUP in `signals.rs`, and one about a stream's queue in `relay/stalled.rs`.

#[cfg(target_os = "linux")]
pub(super) use linux::{CALL_MESSAGES, Message, kernel_drops, register, send_many};
#[cfg(unix)]
pub(super) use unix::{option, set_option};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd as _};

    /// Reads an integer socket option.
    #[allow(unsafe_code)] // getsockopt(2): socket2 wraps no option by number.
    pub(crate) fn option(socket: &impl AsFd, level: i32, name: i32) -> io::Result<i32> {
        let mut value: libc::c_int = 0;
        let mut length = size_of_val(&value) as libc::socklen_t;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: the kernel writes at most `length` bytes to `value`, which is that long and outlives the call.
        let done =
            unsafe { libc::getsockopt(fd, level, name, (&raw mut value).cast(), &raw mut length) };
        match done {
            0 => Ok(value),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Sets an integer socket option.
    #[allow(unsafe_code)] // setsockopt(2): socket2 wraps no option by number.
    pub(crate) fn set_option(
        socket: &impl AsFd,
        level: i32,
        name: i32,
        value: i32,
    ) -> io::Result<()> {
        let fd = socket.as_fd().as_raw_fd();
        let length = size_of_val(&value) as libc::socklen_t;
        // SAFETY: the kernel reads `length` bytes from `value`, which is that long and outlives the call.
        let done = unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast(), length) };
        match done {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsFd, AsRawFd as _};
    use std::{io, mem, ptr};

    use socket2::SockAddr;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use super::super::control::Control;

    /// Has the runtime watch a socket for these kinds of readiness and no others.
    #[allow(unsafe_code)] // The safe registrations of tokio's own sockets always ask for both.
    pub(crate) fn register(
        socket: std::net::UdpSocket,
        interest: Interest,
    ) -> io::Result<AsyncFd<std::net::UdpSocket>> {
        // SAFETY: the socket owns its descriptor until it is dropped, and is always the same one.
        let registered = unsafe { AsyncFd::register_with_interest(socket, interest) };
        Ok(registered?)
    }

    /// Messages of one call of [`send_many`].
    pub(crate) const CALL_MESSAGES: usize = 32;

    /// One message of [`send_many`].
    pub(crate) struct Message<'a> {
        pub(crate) to: Option<SockAddr>,
        pub(crate) bytes: &'a [u8],
        pub(crate) control: Control,
    }

    /// Sends messages in order and returns how many the kernel took; an error concerns the first (sendmmsg(2)).
    #[allow(unsafe_code)] // sendmmsg(2): no dependency wraps it with control data of each message's own.
    pub(crate) fn send_many(socket: &impl AsFd, messages: &[Message<'_>]) -> io::Result<usize> {
        // SAFETY: both are plain C structs of integers and pointers, for which all zeroes is a valid value.
        let mut vectors: [libc::iovec; CALL_MESSAGES] = unsafe { mem::zeroed() };
        // SAFETY: as above.
        let mut headers: [libc::mmsghdr; CALL_MESSAGES] = unsafe { mem::zeroed() };
        let count = messages.len().min(CALL_MESSAGES);
        for ((message, vector), header) in messages.iter().zip(&mut vectors).zip(&mut headers) {
            vector.iov_base = message.bytes.as_ptr().cast_mut().cast();
            vector.iov_len = message.bytes.len();
            let header = &mut header.msg_hdr;
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            if let Some(to) = &message.to {
                header.msg_name = to.as_ptr().cast_mut().cast();
                header.msg_namelen = to.len();
            }
            let control = message.control.bytes();
            header.msg_control = match control.is_empty() {
                true => ptr::null_mut(),
                false => control.as_ptr().cast_mut().cast(),
            };
            header.msg_controllen = control.len() as _;
        }
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: `count` headers are filled in; all they point to is borrowed from `messages` or lives in this frame,
        // and the kernel only reads through these pointers.
        let sent = unsafe { libc::sendmmsg(fd, headers.as_mut_ptr(), count as _, 0) };
        match sent {
            0.. => Ok(sent as usize),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Datagrams that this socket lost because its receive buffer was full (`SO_MEMINFO`, Linux 4.12).
    #[allow(unsafe_code)] // getsockopt(2) with an array: no dependency wraps SO_MEMINFO.
    pub(crate) fn kernel_drops(socket: &impl AsFd) -> Option<u32> {
        let mut figures = [0_u32; libc::SK_MEMINFO_DROPS as usize + 1];
        let mut length = size_of_val(&figures) as libc::socklen_t;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: the kernel writes at most `length` bytes to `figures`, which is that long and outlives the call.
        let done = unsafe {
            libc::getsockopt(
                fd,
                libc::SOL_SOCKET,
                libc::SO_MEMINFO,
                figures.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let whole = length as usize == size_of_val(&figures);
        (done == 0 && whole).then(|| figures[libc::SK_MEMINFO_DROPS as usize])
    }
}

//! The sending half: many datagrams in one call, and the fate of each that could not be sent.

use std::io;
use std::sync::atomic::Ordering;

use super::{GsoBuffer, UdpSocket};

/// Datagrams that the kernel cuts from one buffer (UDP_MAX_SEGMENTS of Linux before 6.9).
pub(super) const MAX_GSO_SEGMENTS: usize = 64;

/// Payload bytes of one such buffer; with any IP header it stays below the 65,535 that a packet can say.
pub(crate) const MAX_GSO_BYTES: usize = 65_000;

/// What went wrong while sending; the rest of the batch is sent all the same.
#[derive(Debug)]
pub enum Trouble {
    /// An error of a datagram sent earlier, most often ICMP's "port unreachable", turned up in place of an answer.
    /// The datagram at hand is sent nevertheless.
    Earlier(io::Error),
    /// Datagrams were not sent.
    Unsent {
        /// Index in the batch of the buffer they belong to.
        buffer: usize,
        /// Index in the buffer of the first of them.
        first: usize,
        /// How many.
        count: usize,
        /// The operating system's reason.
        error: io::Error,
    },
}

/// Decides which datagrams may go out, at the moment of each call to the system.
///
/// It lives for one call, so that what it says stays true until the datagrams are out, and is gone while a sender waits for room.
pub(crate) trait Gate {
    /// Whether the datagrams of a buffer may go where it says.
    ///
    /// # Errors
    /// Why not: what [`Trouble::Unsent`] tells.
    fn admit(&self, buffer: &GsoBuffer<'_>) -> io::Result<()>;
}

/// Everything may go out.
impl Gate for () {
    fn admit(&self, _: &GsoBuffer<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// How far a batch has been sent.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    buffer: usize,
    offset: usize,
}

impl UdpSocket {
    /// Sends every datagram of `batch`, in order; waits while the socket's send buffer is full.
    ///
    /// What cannot be sent is told to `report` and skipped.
    pub async fn send(&self, batch: &[GsoBuffer<'_>], report: impl FnMut(Trouble)) {
        self.send_through(|| (), batch, report).await;
    }

    /// The same, of those datagrams alone that a gate admits; each call to the system asks for one of its own.
    pub(crate) async fn send_through<G: Gate>(
        &self,
        gate: impl Fn() -> G,
        batch: &[GsoBuffer<'_>],
        mut report: impl FnMut(Trouble),
    ) {
        let mut at = Position::default();
        let mut retried = false;
        while at.buffer < batch.len() {
            // A socket that always has room would never let others have a turn.
            tokio::task::coop::consume_budget().await;
            match self.io.send(|| self.call(&gate(), batch, at)).await {
                Ok(next) => {
                    at = next;
                    retried = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.refuses_segments(&batch[at.buffer], at.offset, &error) => {}
                Err(error) if !retried && may_be_earlier(&error) => {
                    report(Trouble::Earlier(error));
                    retried = true;
                }
                Err(error) => {
                    let buffer = &batch[at.buffer];
                    let bytes = buffer.call_bytes(at.offset, self.segment_limit());
                    report(Trouble::Unsent {
                        buffer: at.buffer,
                        first: at.offset / buffer.segment_size,
                        count: bytes.div_ceil(buffer.segment_size).max(1),
                        error,
                    });
                    at = at.after(buffer, bytes);
                    retried = false;
                }
            }
        }
    }

    /// Learns from a buffer that the kernel would not cut: from now on it gets datagrams of that size one by one.
    fn refuses_segments(&self, buffer: &GsoBuffer<'_>, offset: usize, error: &io::Error) -> bool {
        if buffer.call_bytes(offset, self.segment_limit()) <= buffer.segment_size {
            return false;
        }
        let Some(limit) = limit_after(error, buffer.segment_size) else {
            return false;
        };
        self.segment_limit.fetch_min(limit, Ordering::Relaxed);
        true
    }

    /// Hands one call's worth of the batch to the kernel and returns where the next begins.
    #[cfg(target_os = "linux")]
    fn call(
        &self,
        gate: &impl Gate,
        batch: &[GsoBuffer<'_>],
        at: Position,
    ) -> io::Result<Position> {
        use super::control::Control;
        use super::syscall::{CALL_MESSAGES, Message, send_many};

        let limit = self.segment_limit();
        let (first, after_first) = at.piece(batch, limit);
        gate.admit(&first)?;
        let is_alone = after_first.buffer == batch.len() && first.bytes.len() <= first.segment_size;
        // One datagram has shorter ways through the kernel than a list of one.
        match (self.peer, first) {
            (Some(_), GsoBuffer { bytes, .. }) if is_alone => {
                return self.io.try_send(bytes).map(|_| after_first);
            }
            (
                None,
                GsoBuffer {
                    to: Some(to),
                    from: None,
                    bytes,
                    ..
                },
            ) if is_alone => return self.io.try_send_to(bytes, to).map(|_| after_first),
            _ => {}
        }
        let mut messages = Vec::with_capacity(CALL_MESSAGES.min(batch.len() - at.buffer + 1));
        let mut ends = [after_first; CALL_MESSAGES];
        let mut next = at;
        while next.buffer < batch.len() && messages.len() < CALL_MESSAGES {
            let (piece, end) = next.piece(batch, limit);
            if gate.admit(&piece).is_err() {
                // It is the first of the next call, and told there.
                break;
            }
            ends[messages.len()] = end;
            messages.push(Message {
                to: piece.to.map(Into::into),
                bytes: piece.bytes,
                control: Control::of(&piece),
            });
            next = end;
        }
        let sent = send_many(self.io.socket(), &messages)?;
        Ok(sent.checked_sub(1).map_or(at, |last| ends[last]))
    }

    /// Hands one datagram, or one buffer where the system can cut it, to the system and returns where the next begins.
    #[cfg(not(target_os = "linux"))]
    fn call(
        &self,
        gate: &impl Gate,
        batch: &[GsoBuffer<'_>],
        at: Position,
    ) -> io::Result<Position> {
        let (piece, end) = at.piece(batch, self.segment_limit());
        gate.admit(&piece)?;
        match (piece.to, self.peer) {
            // A connected socket takes no destination on macOS.
            (None, _) if piece.bytes.len() <= piece.segment_size => {
                self.io.try_send(piece.bytes)?;
            }
            (None, None) => return Err(io::ErrorKind::NotConnected.into()),
            (Some(destination), _) | (None, Some(destination)) => {
                let transmit = quinn_udp::Transmit {
                    destination,
                    ecn: None,
                    contents: piece.bytes,
                    segment_size: (piece.bytes.len() > piece.segment_size)
                        .then_some(piece.segment_size),
                    src_ip: piece.from,
                };
                let socket = quinn_udp::UdpSockRef::from(self.io.socket());
                self.state.try_send(socket, &transmit)?;
            }
        }
        Ok(end)
    }
}

/// Bytes up to which a kernel that gave this error still cuts buffers; `None` for errors that say nothing about that.
#[cfg(unix)]
fn limit_after(error: &io::Error, segment_size: usize) -> Option<usize> {
    match error.raw_os_error()? {
        // The segment does not fit the path's MTU.
        libc::EINVAL | libc::EMSGSIZE => Some(segment_size - 1),
        // The network device cannot compute the checksums.
        libc::EIO => Some(0),
        _ => None,
    }
}

#[cfg(not(unix))]
fn limit_after(_error: &io::Error, _segment: usize) -> Option<usize> {
    None
}

impl Position {
    /// What one message carries from here on, and where the next begins.
    fn piece<'a>(self, batch: &[GsoBuffer<'a>], limit: usize) -> (GsoBuffer<'a>, Self) {
        let buffer = &batch[self.buffer];
        let bytes = buffer.call_bytes(self.offset, limit);
        let piece = GsoBuffer {
            bytes: &buffer.bytes[self.offset..self.offset + bytes],
            ..*buffer
        };
        (piece, self.after(buffer, bytes))
    }

    fn after(self, buffer: &GsoBuffer<'_>, bytes: usize) -> Self {
        let offset = self.offset + bytes;
        match offset < buffer.bytes.len() {
            true => Self { offset, ..self },
            false => Self {
                buffer: self.buffer + 1,
                offset: 0,
            },
        }
    }
}

/// Whether an error may belong to a datagram sent earlier: ICMP's answers are told to whichever call comes next (udp(7)).
fn may_be_earlier(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(
        error.kind(),
        ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable
    )
}

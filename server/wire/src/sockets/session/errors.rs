//! Errors of calls that wait to be told.

use crate::sockets::control::{Call, SocketError};
use crate::sockets::errno::Errno;
use crate::sockets::refusal::Refusal;

/// Most errors that wait to be taken; further ones are counted as missed.
pub const MAX_WAITING_ERRORS: usize = 4096;

/// Errors in the order of happening. Equal ones in a row are one.
#[derive(Debug, Default)]
pub(super) struct Errors {
    list: Vec<SocketError>,
    missed: u64,
}

impl Errors {
    /// Adds an error of these datagrams, which follow one another.
    pub(super) fn send(&mut self, socket: Option<u16>, first: u64, count: u64, refusal: Refusal) {
        let last = self.last(socket, Call::Send, refusal.errno);
        if let Some(last) = last
            && let (Some(datagram), Some(already)) = (last.datagram, last.count.as_mut())
            && datagram + *already == first
        {
            *already += count;
            return;
        }
        self.push(SocketError {
            datagram: Some(first),
            count: Some(count),
            ..refusal.error(socket, Call::Send)
        });
    }

    /// Adds an error that the system told of later.
    pub(super) fn receive(&mut self, socket: u16, refusal: Refusal) {
        let socket = Some(socket);
        // A local program, too, hears of several only once.
        if self.last(socket, Call::Receive, refusal.errno).is_none() {
            self.push(refusal.error(socket, Call::Receive));
        }
    }

    pub(super) fn are_waiting(&self) -> bool {
        !self.list.is_empty() || self.missed > 0
    }

    pub(super) fn take(&mut self) -> (Vec<SocketError>, u64) {
        (
            std::mem::take(&mut self.list),
            std::mem::take(&mut self.missed),
        )
    }

    pub(super) fn held_bytes(&self) -> usize {
        let texts = self.list.iter().map(|error| error.text.capacity());
        self.list.capacity() * size_of::<SocketError>() + texts.sum::<usize>()
    }

    /// The newest error, when it is of this kind.
    fn last(&mut self, socket: Option<u16>, call: Call, errno: Errno) -> Option<&mut SocketError> {
        let last = self.list.last_mut();
        last.filter(|last| (last.socket, last.call, last.errno) == (socket, call, errno))
    }

    fn push(&mut self, error: SocketError) {
        match self.list.len() < MAX_WAITING_ERRORS {
            true => self.list.push(error),
            false => self.missed += 1,
        }
    }
}

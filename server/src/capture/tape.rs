//! The packets that a session has recorded, until its reader takes them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wire::packet::{Datagram, Oversize};
use wire::pcapng::Capture;

/// Bytes that may wait for a reader: what comes after them is left out, until it has taken some.
const MOST_WAITING: usize = 512 * 1024;

/// One session's capture, while somebody reads it. Nothing is recorded otherwise.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    is_read: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Recording>,
    is_over: bool,
}

/// The capture of the current reader.
#[derive(Debug)]
struct Recording {
    capture: Capture,
    news: Arc<Notify>,
    gone: CancellationToken,
    rows: u64,
    left_out: u64,
    /// Of these: since the last row.
    left_out_since: u64,
}

/// Takes what is recorded of a session.
#[derive(Debug)]
pub(crate) struct Reader {
    tape: Arc<Tape>,
    news: Arc<Notify>,
    /// Cancelled when the session has ended, or another reader has come.
    gone: CancellationToken,
}

impl Tape {
    /// Whether somebody reads it.
    pub(crate) fn is_read(&self) -> bool {
        self.is_read.load(Ordering::Relaxed)
    }

    /// Records a datagram that was seen `at`, a time since the Unix epoch. Of one that is longer than any packet, the beginning is
    /// recorded.
    pub(crate) fn record(&self, at: Duration, datagram: &Datagram<'_>, comment: &str) {
        let mut state = self.state();
        let Some(recording) = &mut state.current else {
            return;
        };
        if recording.capture.as_bytes().len() >= MOST_WAITING {
            recording.leave_out(1);
            return;
        }
        recording.rows += 1;
        let mut comment = comment.to_owned();
        let missing = std::mem::take(&mut recording.left_out_since);
        if missing > 0 {
            comment += &match missing {
                1 => "; 1 row is missing before this one".to_owned(),
                _ => format!("; {missing} rows are missing before this one"),
            };
            let all = recording.rows + recording.left_out;
            recording
                .capture
                .push_statistics(at, all, recording.left_out);
        }
        let recorded = recording.capture.push(at, datagram, &comment);
        if let Err(Oversize { bytes, limit }) = recorded {
            let beginning = Datagram {
                payload: &datagram.payload[..limit],
                ..*datagram
            };
            comment += &format!("; this packet shows the first {limit} of {bytes} bytes");
            let recorded = recording.capture.push(at, &beginning, &comment);
            debug_assert!(recorded.is_ok(), "the limit fits");
        }
        recording.news.notify_one();
    }

    /// Counts rows for which the session itself had no room.
    pub(crate) fn leave_out(&self, rows: u64) {
        if let Some(recording) = &mut self.state().current {
            recording.leave_out(rows);
        }
    }

    /// Begins a capture for a reader; an older one ends.
    pub(crate) fn read(self: &Arc<Self>) -> Reader {
        let mut state = self.state();
        let reader = Reader {
            tape: Arc::clone(self),
            news: Arc::new(Notify::new()),
            gone: CancellationToken::new(),
        };
        if state.is_over {
            reader.gone.cancel();
            return reader;
        }
        let begun = state.current.replace(Recording {
            capture: Capture::new(concat!("udp-echo ", env!("CARGO_PKG_VERSION"))),
            news: Arc::clone(&reader.news),
            gone: reader.gone.clone(),
            rows: 0,
            left_out: 0,
            left_out_since: 0,
        });
        if let Some(older) = begun {
            older.gone.cancel();
        }
        self.is_read.store(true, Ordering::Relaxed);
        reader.news.notify_one();
        reader
    }

    /// Ends it with its session: the reader takes what waits, and then knows.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        self.is_read.store(false, Ordering::Relaxed);
        if let Some(recording) = &state.current {
            recording.gone.cancel();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    fn leave_out(&mut self, rows: u64) {
        self.left_out += rows;
        self.left_out_since += rows;
    }
}

impl Reader {
    /// The next part of the capture, which begins with the head of the file; `None` after the last.
    pub(crate) async fn next(&self) -> Option<Vec<u8>> {
        loop {
            let is_gone = self.gone.is_cancelled();
            if let Some(recording) = self.recording(&mut self.tape.state()) {
                let part = recording.capture.take();
                if !part.is_empty() {
                    return Some(part);
                }
            }
            if is_gone {
                return None;
            }
            tokio::select! {
                () = self.news.notified() => {}
                () = self.gone.cancelled() => {}
            }
        }
    }

    /// Resolves when the session has ended, or another reader has come.
    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// Rows that it was given, and rows that were left out because it took them too slowly.
    pub(crate) fn rows(&self) -> (u64, u64) {
        let mut state = self.tape.state();
        let recording = self.recording(&mut state);
        recording.map_or((0, 0), |recording| (recording.rows, recording.left_out))
    }

    /// The recording of this reader; `None` once a newer one has come.
    fn recording<'a>(&self, state: &'a mut State) -> Option<&'a mut Recording> {
        let current = state.current.as_mut();
        current.filter(|recording| Arc::ptr_eq(&recording.news, &self.news))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.tape.state();
        if self.recording(&mut state).is_some() {
            state.current = None;
            self.tape.is_read.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(payload: &[u8]) -> Datagram<'_> {
        Datagram {
            source: "127.0.0.1:50139".parse().unwrap(),
            destination: "127.0.0.1:10000".parse().unwrap(),
            payload,
        }
    }

    fn contains(bytes: &[u8], words: &str) -> bool {
        let mut windows = bytes.windows(words.len());
        windows.any(|window| window == words.as_bytes())
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_costs_half_a_megabyte_and_learns_what_it_has_missed() {
        let tape = Arc::new(Tape::default());
        let reader = tape.read();
        let row = [7; 1000];
        for _ in 0..10_000 {
            tape.record(Duration::ZERO, &datagram(&row), "echoed");
        }
        let (rows, left_out) = reader.rows();
        assert_eq!(rows + left_out, 10_000);
        assert!(left_out > 9000, "{left_out}");
        let waiting = reader.next().await.unwrap();
        assert!(waiting.len() < MOST_WAITING + 2000, "{}", waiting.len());
        assert!(!contains(&waiting, "missing"));
        tape.record(Duration::ZERO, &datagram(&row), "echoed");
        let part = reader.next().await.unwrap();
        let told = format!("echoed; {left_out} rows are missing before this one");
        assert!(contains(&part, &told));
        tape.record(Duration::ZERO, &datagram(&row), "echoed");
        assert!(!contains(&reader.next().await.unwrap(), "missing"));
    }

    #[tokio::test]
    async fn the_newest_reader_has_the_capture_and_the_end_comes_after_the_last_row() {
        let tape = Arc::new(Tape::default());
        assert!(!tape.is_read());
        let old = tape.read();
        let new = tape.read();
        assert_eq!(old.next().await, None);
        drop(old);
        assert!(tape.is_read());
        tape.record(Duration::ZERO, &datagram(b"the last row"), "");
        tape.end();
        assert!(contains(&new.next().await.unwrap(), "the last row"));
        assert_eq!(new.next().await, None);
        assert_eq!(tape.read().next().await, None, "the session has ended");
    }

    #[tokio::test]
    async fn of_what_is_longer_than_any_packet_the_beginning_is_there() {
        let tape = Arc::new(Tape::default());
        let reader = tape.read();
        tape.record(Duration::ZERO, &datagram(&[7; 65_508]), "rejected");
        let part = reader.next().await.unwrap();
        assert!(contains(
            &part,
            "rejected; this packet shows the first 65507 of 65508 bytes"
        ));
    }
}

//! What a program says, read by threads so that it never waits for us.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::{LOOK, Program};
use crate::{PATIENCE, port};

/// Lines of each output that a report of a failure shows.
const LAST_LINES: usize = 20;

/// What a program has said so far. As text, it is the last words in a report.
pub struct Said<'a>(pub(super) &'a Program);

impl Said<'_> {
    /// What is on standard output, whole lines only.
    pub fn stdout(&self) -> String {
        self.0.stdout.lines()
    }

    /// What is on standard error, whole lines only.
    pub fn stderr(&self) -> String {
        self.0.stderr.lines()
    }

    /// Whether the program listens at this TCP port: itself, and not somebody else who answers there.
    pub fn listens_at(&self, port: u16) -> bool {
        port::is_listened_to_by(port, self.0.pid())
    }

    /// What stands between `before` and `after` in the first line of either output that has both.
    pub fn between(&self, before: &str, after: &str) -> Option<String> {
        let lines = self.stdout() + &self.stderr();
        lines.lines().find_map(|line| {
            let (_, rest) = line.split_once(before)?;
            let end = if after.is_empty() {
                rest.len()
            } else {
                rest.find(after)?
            };
            Some(rest[..end].to_owned())
        })
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, pipe) in [("stdout", &self.0.stdout), ("stderr", &self.0.stderr)] {
            let text = String::from_utf8_lossy(&pipe.shared.lock().bytes).into_owned();
            let lines: Vec<_> = text.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
            match last {
                [] => write!(f, "\n   nothing on {name}")?,
                _ => write!(f, "\n   its last words on {name}:")?,
            }
            for line in last {
                write!(f, "\n      {line}")?;
            }
        }
        Ok(())
    }
}

/// One output of a program, read by a thread so that the program never waits for us.
pub(super) struct Pipe {
    pub(super) shared: Arc<Shared>,
    /// What was waited for ends here.
    at: usize,
}

#[derive(Default)]
pub(super) struct Shared {
    buffer: Mutex<Buffer>,
    pub(super) changed: Notify,
}

/// Who is shown each line.
pub(super) type See = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    ended: bool,
    pub(super) see: Option<See>,
    /// What was shown ends here.
    shown: usize,
}

impl Buffer {
    pub(super) fn show_lines(&mut self) {
        let Some(see) = &self.see else { return };
        let unseen = &self.bytes[self.shown..];
        let whole = unseen.iter().rposition(|&byte| byte == b'\n');
        let lines = &unseen[..whole.map_or(0, |end| end + 1)];
        String::from_utf8_lossy(lines)
            .lines()
            .for_each(|line| see(line));
        self.shown += lines.len();
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().expect("no holder panics")
    }
}

impl Pipe {
    pub(super) fn read(from: Option<impl Read + Send + 'static>) -> Self {
        let shared = Arc::<Shared>::default();
        let Some(mut from) = from else {
            shared.lock().ended = true;
            return Self { shared, at: 0 };
        };
        let ours = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut chunk = vec![0; 64 << 10];
            loop {
                let length = from.read(&mut chunk).unwrap_or_default();
                let mut buffer = ours.lock();
                buffer.bytes.extend_from_slice(&chunk[..length]);
                buffer.ended = length == 0;
                buffer.show_lines();
                drop(buffer);
                ours.changed.notify_one();
                if length == 0 {
                    return;
                }
            }
        });
        Self { shared, at: 0 }
    }

    /// All whole lines so far.
    fn lines(&self) -> String {
        let buffer = self.shared.lock();
        let whole = buffer.bytes.iter().rposition(|&byte| byte == b'\n');
        String::from_utf8_lossy(&buffer.bytes[..whole.map_or(0, |end| end + 1)]).into_owned()
    }

    pub(super) async fn line_with(&mut self, words: &str) -> String {
        let what = format!("a line with {words:?}");
        let line = |bytes: &[u8]| {
            let mut end = 0;
            for line in bytes.split_inclusive(|&byte| byte == b'\n') {
                end += line.len();
                let text = String::from_utf8_lossy(line);
                if line.ends_with(b"\n") && text.contains(words) {
                    return Some((text.trim_end().to_owned(), end));
                }
            }
            None
        };
        self.wait_for(&what, line).await
    }

    /// Waits until `find` returns a value and how many bytes belong to it.
    pub(super) async fn wait_for<T>(
        &mut self,
        what: &str,
        find: impl Fn(&[u8]) -> Option<(T, usize)>,
    ) -> T {
        let began = Instant::now();
        loop {
            let unread = {
                let buffer = self.shared.lock();
                if let Some((value, length)) = find(&buffer.bytes[self.at..]) {
                    self.at += length;
                    return value;
                }
                let unread = String::from_utf8_lossy(&buffer.bytes[self.at..]).into_owned();
                assert!(
                    !buffer.ended,
                    "the program ended without {what}; it said:\n{unread}"
                );
                unread
            };
            assert!(
                began.elapsed() < PATIENCE,
                "{what} did not come within {PATIENCE:?}; the program said:\n{unread}"
            );
            tokio::select! {
                () = self.shared.changed.notified() => {}
                () = sleep(LOOK) => {}
            }
        }
    }

    /// Waits until nothing more can come; but not for ever, as a child of the program may keep the pipe open.
    pub(super) async fn until_end(&self) {
        let end = async {
            while !self.shared.lock().ended {
                sleep(LOOK).await;
            }
        };
        let _ = timeout(Duration::from_secs(5), end).await;
    }

    /// What was not waited for, when the program has ended.
    pub(super) async fn rest(&self) -> Vec<u8> {
        self.until_end().await;
        self.shared.lock().bytes[self.at..].to_vec()
    }
}

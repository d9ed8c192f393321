//! Control messages of a page: what they ask for, and how many may come.

use std::sync::Arc;

use tokio::io::AsyncWrite;
use wire::control::{ClientMessage, HostMessage, Notice};
use wire::limits::MAX_CONTROL_BYTES;

use super::{Ended, PageSession};
use crate::stream;

/// Control messages that a client may send in a second; more end the session.
const MESSAGES_PER_SECOND: u32 = 100;

const MICROS_PER_SECOND: u64 = 1_000_000;

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Does what a control message asks for.
    pub(super) async fn control(&mut self, text: &str) -> Result<(), Ended> {
        if !self.control_rate.admit(self.shared.clock.now()) {
            return Err(Ended::ControlFlood(MESSAGES_PER_SECOND));
        }
        if text.len() > MAX_CONTROL_BYTES {
            let bytes = text.len();
            return Err(Ended::BadControl(format!(
                "a control message of {bytes} bytes; {MAX_CONTROL_BYTES} are allowed"
            )));
        }
        let message: ClientMessage = serde_json::from_str(text)
            .map_err(|error| Ended::BadControl(format!("no control message: {error}")))?;
        match self.session.control(&message) {
            Some(answer) => {
                self.tell(&answer);
                self.watch();
                if matches!(answer, HostMessage::Options(_) | HostMessage::Lab(_)) {
                    self.tell(&HostMessage::Counters(self.session.counters()));
                }
            }
            None => match message {
                ClientMessage::Server(rules) => self.change_server(rules).await,
                ClientMessage::Stream(writes) => self.echo_stream(writes),
                ClientMessage::Options(_) | ClientMessage::Lab(_) | ClientMessage::Counters => {}
            },
        }
        Ok(())
    }

    /// Asks the TCP echo; one question at a time, so that nobody can open connections without end.
    fn echo_stream(&mut self, writes: Vec<String>) {
        let answers = &self.streams.0;
        // Two senders: this session's own, and that of a question which is not yet answered.
        if answers.strong_count() > 1 {
            self.tell_notice(
                "busy",
                "the last question to the byte stream is not answered yet",
            );
            return;
        }
        let answers = answers.clone();
        let asking = async move {
            let answer = match stream::echo(writes).await {
                Ok(echo) => HostMessage::Stream(echo),
                Err(error) => HostMessage::Notice(Notice {
                    code: "stream".to_owned(),
                    text: format!("the byte stream failed: {error}"),
                }),
            };
            // The session may have ended meanwhile.
            let _ = answers.send(answer).await;
        };
        Arc::clone(self.shared).sessions.spawn(asking);
    }
}

/// Counts control messages by the second.
#[derive(Debug, Default)]
pub(super) struct ControlRate {
    second: u64,
    count: u32,
}

impl ControlRate {
    /// Whether one more may come at `now`, in microseconds.
    fn admit(&mut self, now: u64) -> bool {
        let second = now / MICROS_PER_SECOND;
        if second != self.second {
            *self = Self { second, count: 0 };
        }
        self.count += 1;
        self.count <= MESSAGES_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_control_messages_is_told_from_a_burst() {
        let mut rate = ControlRate::default();
        assert!((0..MESSAGES_PER_SECOND).all(|_| rate.admit(10)));
        assert!(!rate.admit(999_999));
        assert!(rate.admit(MICROS_PER_SECOND));
    }
}

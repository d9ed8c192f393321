//! Control messages of a page: what they ask for, and how many may come.

use std::sync::Arc;

use tokio::io::AsyncWrite;
use wire::control::{ClientMessage, HostMessage, Notice};
use wire::limits::MAX_CONTROL_BYTES;

use super::{Ended, PageSession};
use crate::stream;

/// Messages that are answered in a row before it is the turn of other sessions: one read may bring 16,000 of them.
const IN_A_ROW: u32 = 64;

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Does what a control message asks for.
    pub(super) async fn control(&mut self, text: &str) -> Result<(), Ended> {
        let count = self.allowance.control(1).map_err(Ended::ControlFlood)?;
        if count.is_multiple_of(IN_A_ROW) {
            tokio::task::yield_now().await;
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

//! What a page asks for, and what the session does about it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use wire::control::{ClientMessage, HostMessage, Notice, Options, ServerRules, ServerState};
use wire::lane::{AboutLane, LaneRequest};

use super::PageSession;
use super::server::PrivateServer;
use crate::cause::{plain, without_numbers};
use crate::relay::close::CloseReason;
use crate::relay::protocol::parse;
use crate::stream;

/// Messages that are answered in a row before it is the turn of other sessions: one read may bring 16,000 of them.
const IN_A_ROW: u32 = 64;

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Does what a control message asks for.
    pub(super) async fn control(&mut self, text: &str) -> Result<(), CloseReason> {
        let count = self.rate.control(1).map_err(CloseReason::ControlFlood)?;
        if count.is_multiple_of(IN_A_ROW) {
            tokio::task::yield_now().await;
        }
        if self.lane.is_some() && text.starts_with("{\"lane\"") {
            self.on_lane_request(parse::<AboutLane<LaneRequest>>(text)?.lane);
            return Ok(());
        }
        let message = match (parse(text), self.lane.is_some()) {
            (Err(end), true) => {
                // Blanks are free.
                let about = parse::<AboutLane<LaneRequest>>(text).map_err(|_| end)?;
                self.on_lane_request(about.lane);
                return Ok(());
            }
            (message, _) => message?,
        };
        match self.session.control(&message) {
            Some(mut answer) => {
                if let HostMessage::Options(options) = answer {
                    answer = self.connect_or_not(options);
                }
                self.page.notify(&answer);
                self.observe();
                if matches!(answer, HostMessage::Options(_) | HostMessage::Lab(_)) {
                    self.send_counters();
                }
            }
            None => match message {
                ClientMessage::Server(rules) => self.change_server(rules).await,
                ClientMessage::Stream(writes) => self.echo_stream(writes),
                ClientMessage::Capture => self.offer_capture(),
                ClientMessage::Options(_)
                | ClientMessage::Lab(_)
                | ClientMessage::Once(_)
                | ClientMessage::Counters => {}
            },
        }
        Ok(())
    }

    /// Connects the session's UDP socket to its server, or puts an unconnected one with the same port in its place, as the
    /// options say. Returns those that are in force then.
    fn connect_or_not(&mut self, options: Options) -> HostMessage {
        let is_connected = self.udp.peer().is_some();
        let changed = match (options.connected, is_connected) {
            (true, false) => self.udp.reconnect(self.server).map_err(Into::into),
            (false, true) => self
                .udp
                .unconnected(self.context.offload)
                .map(|udp| self.udp = udp),
            _ => Ok(()),
        };
        if let Err(error) = changed {
            let why = without_numbers(&format!("{error:#}"));
            self.page.notice(
                "socket",
                format!("the session's UDP socket stays as it was: {why}"),
            );
            return self.session.keep_connected(is_connected);
        }
        HostMessage::Options(options)
    }

    /// Gives the session a server of its own with these rules.
    async fn change_server(&mut self, rules: ServerRules) {
        if !self.target.is_own_server() {
            let text = format!(
                "the target {:?} is not the host's server; its rules are its own",
                self.target.name
            );
            return self.page.notice("server", text);
        }
        match self.start_server(rules).await {
            Ok(server) => self.page.notify(&HostMessage::Server(ServerState {
                server: server.to_string(),
                rules,
            })),
            Err(error) => {
                let why = without_numbers(&format!("{error:#}"));
                self.page.notice("server", why);
            }
        }
        self.send_counters();
    }

    async fn start_server(&mut self, rules: ServerRules) -> anyhow::Result<SocketAddr> {
        let address = match self.private.take() {
            Some(server) => server.stop().await,
            None => any_loopback_port(self.target.address),
        };
        let (offload, clock) = (self.context.offload, self.context.clock);
        let private = PrivateServer::start(address, rules, offload, clock)?;
        let address = private.address;
        if self.udp.peer().is_some() {
            let turned = self.udp.reconnect(address);
            turned.context("turn to the session's own server")?;
        }
        self.server = address;
        self.observation
            .turn_to(&private.observers, self.udp.local_addr());
        self.private = Some(private);
        self.observe();
        Ok(address)
    }

    /// Asks the TCP echo, unless the last question is not answered yet.
    fn echo_stream(&mut self, writes: Vec<String>) {
        if !self.streams.ask(writes, &self.context.sessions.tasks) {
            self.page.notice(
                "busy",
                "the last question to the byte stream is not answered yet",
            );
        }
    }
}

/// Questions to the TCP echo: one at a time, so that no page can open connections without end.
#[derive(Debug)]
pub(super) struct StreamQuestions {
    answers: mpsc::Sender<HostMessage>,
    answered: mpsc::Receiver<HostMessage>,
}

impl StreamQuestions {
    /// None is asked yet.
    pub(super) fn new() -> Self {
        let (answers, answered) = mpsc::channel(1);
        Self { answers, answered }
    }

    /// Asks in a task of its own; false when the last question is not answered yet.
    fn ask(&self, writes: Vec<String>, tasks: &TaskTracker) -> bool {
        // Two senders: this one, and that of a question which is not yet answered.
        if self.answers.strong_count() > 1 {
            return false;
        }
        let answers = self.answers.clone();
        tasks.spawn(async move {
            let answer = match stream::echo(writes).await {
                Ok(echo) => HostMessage::Stream(echo),
                Err(error) => HostMessage::Notice(Notice {
                    code: "stream".to_owned(),
                    text: format!("the byte stream failed: {}", plain(&error)),
                }),
            };
            // The session may have ended meanwhile.
            let _ = answers.send(answer).await;
        });
        true
    }

    /// Waits for the answer.
    pub(super) async fn answered(&mut self) -> HostMessage {
        let answer = self.answered.recv().await;
        answer.expect("a sender stays with the receiver")
    }
}

/// Any free port of this machine, in the family of `server`.
fn any_loopback_port(server: SocketAddr) -> SocketAddr {
    match server {
        SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, 0).into(),
    }
}

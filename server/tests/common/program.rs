//! The host as a program of its own, on free ports; it ends with the test.

// What cannot be done here fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::soon;

/// The program itself, on free ports.
pub struct Program {
    child: Child,
    /// What it says, for as long as anybody listens.
    output: Option<Lines<BufReader<ChildStdout>>>,
    /// Address of the page and the relay.
    pub http: SocketAddr,
}

impl Program {
    /// Starts it with further settings.
    pub async fn start(settings: &[&str]) -> Self {
        Self::start_logging(settings, Stdio::null()).await
    }

    /// Starts it with further settings, and with its log going to `log`.
    pub async fn start_logging(settings: &[&str], log: Stdio) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_udp-echo"))
            .args(free_ports(settings))
            .args(settings)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let page = soon("the address", output.next_line())
            .await
            .unwrap()
            .unwrap();
        let address = page.split("http://").nth(1).unwrap().trim_end_matches('/');
        let http = address.parse().unwrap();
        Self {
            child,
            output: Some(output),
            http,
        }
    }

    /// Address of a WebSocket route.
    pub fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.http)
    }

    /// Sends it a signal by its name, such as `-TERM`.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.await.unwrap().success());
    }

    /// Closes the pipe into which it speaks.
    pub fn stop_listening(&mut self) {
        self.output = None;
    }

    /// Waits for a line of its output with these words.
    pub async fn said(&mut self, words: &str) {
        soon(words, async {
            let output = self.output.as_mut().unwrap();
            while let Some(line) = output.next_line().await.unwrap() {
                if line.contains(words) {
                    return;
                }
            }
            panic!("it never said {words:?}");
        })
        .await;
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        soon("the end of the program", self.child.wait())
            .await
            .unwrap()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }
}

/// Flags for free ports, but where a test gives a port of its own: a flag may be given once.
fn free_ports<'a>(settings: &[&str]) -> Vec<&'a str> {
    let given = |flag: &str| settings.iter().any(|setting| setting.starts_with(flag));
    let flags = ["--http", "--udp"].into_iter().filter(|flag| !given(flag));
    flags.flat_map(|flag| [flag, "127.0.0.1:0"]).collect()
}

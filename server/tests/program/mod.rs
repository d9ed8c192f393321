//! Programs as their users run them: our own binary, and strangers' ones.

// Each test program uses a part of this.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// How long a test waits for something that must happen; long enough for a machine that builds at the same time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program, which ends with the test.
pub(crate) struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

/// What a program that has ended leaves behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Our own binary.
    pub(crate) fn udp_echo(arguments: &[&str]) -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_udp-echo")).args(arguments))
    }

    /// One of the scripts in `strangers`.
    pub(crate) fn python(script: &str, arguments: &[&str]) -> Self {
        // Bytecode of the scripts' own modules has no place in the source tree.
        Self::start(
            Command::new("python3")
                .arg("-B")
                .arg(strangers().join(script))
                .args(arguments),
        )
    }

    /// Any other program; `needs` says which package brings it.
    pub(crate) fn other(name: &str, arguments: &[&str]) -> Self {
        Self::start(Command::new(name).args(arguments))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Writes to its standard input and leaves it open.
    pub(crate) async fn write(&mut self, text: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text).await.unwrap();
        stdin.flush().await.unwrap();
    }

    /// Waits for a line of standard error with these words and returns it.
    pub(crate) async fn says(&mut self, words: &str) -> String {
        line_with(&mut self.stderr, words).await
    }

    /// Waits for a line of standard output with these words and returns it.
    pub(crate) async fn prints(&mut self, words: &str) -> String {
        line_with(&mut self.stdout, words).await
    }

    /// Waits for exactly this many bytes on standard output.
    pub(crate) async fn prints_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let read = timeout(PATIENCE, self.stdout.read_exact(&mut bytes)).await;
        read.expect("the bytes come in time")
            .expect("the program goes on");
        bytes
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = self.child.id().expect("the program is running").to_string();
        let status = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end, and returns what it wrote since the last line that was waited for.
    pub(crate) async fn finished(mut self) -> Finished {
        drop(self.child.stdin.take());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let end = async {
            let (out, err, status) = tokio::join!(
                self.stdout.read_to_end(&mut stdout),
                self.stderr.read_to_end(&mut stderr),
                self.child.wait()
            );
            out.unwrap();
            err.unwrap();
            status.unwrap()
        };
        let status = timeout(PATIENCE, end)
            .await
            .expect("the program ends in time");
        Finished {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// Whether this machine has a program; `cargo test` leaves out what needs one that is missing, and says so.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        println!("left out: {program} is not installed");
    }
    found
}

/// The folder of the strangers' scripts.
pub(crate) fn strangers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers")
}

async fn line_with(lines: &mut (impl AsyncRead + Unpin + AsyncBufReadExt), words: &str) -> String {
    let mut seen = String::new();
    let search = async {
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).await.unwrap() == 0 {
                panic!("the program ended without saying {words:?}; it said:\n{seen}");
            }
            if line.contains(words) {
                return line.trim_end().to_owned();
            }
            seen.push_str(&line);
        }
    };
    timeout(PATIENCE, search)
        .await
        .unwrap_or_else(|_| panic!("{words:?} was not said within {PATIENCE:?}"))
}

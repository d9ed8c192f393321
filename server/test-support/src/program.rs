//! Programs as their users run them: our own binary, and strangers' ones. Each ends with the test.

mod output;
mod start;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

pub use output::Said;
use output::{Pipe, See};
pub use start::{Attempt, DidNotComeUp};

use crate::PATIENCE;

/// How often a program is looked at that gives no sign by itself: one that ends, or that listens without saying so.
const LOOK: Duration = Duration::from_millis(10);

/// A running program, which ends with this value.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Pipe,
    stderr: Pipe,
}

/// What a program that has ended leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// What it wrote to standard output since the last line that was waited for.
    pub stdout: String,
    /// What it wrote to standard error since the last line that was waited for.
    pub stderr: String,
}

impl Program {
    /// Starts a program, and does not wait for anything.
    ///
    /// # Panics
    /// When there is no such program.
    pub fn spawn(command: &mut Command) -> Self {
        Self::spawn_with(command, None, None)
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
    }

    /// Our own binary, whose place [`udp_echo`] tells.
    pub fn udp_echo(arguments: &[&str]) -> Self {
        Self::spawn(Command::new(udp_echo()).args(arguments))
    }

    /// One of the scripts in `server/tests/strangers`.
    pub fn python(script: &str, arguments: &[&str]) -> Self {
        // Bytecode of the scripts' own modules has no place in the source tree.
        let script = strangers().join(script);
        Self::spawn(
            Command::new("python3")
                .arg("-B")
                .arg(script)
                .args(arguments),
        )
    }

    /// Any other program, from the path.
    pub fn other(name: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(name).args(arguments))
    }

    fn spawn_with(
        command: &mut Command,
        output: Option<Stdio>,
        log: Option<Stdio>,
    ) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(output.unwrap_or_else(Stdio::piped))
            .stderr(log.unwrap_or_else(Stdio::piped))
            .spawn()?;
        Ok(Self {
            name: command.get_program().to_string_lossy().into_owned(),
            stdin: child.stdin.take(),
            stdout: Pipe::read(child.stdout.take()),
            stderr: Pipe::read(child.stderr.take()),
            child,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its standard input and leaves it open.
    pub async fn write(&mut self, text: &[u8]) {
        let stdin = self.stdin.as_mut().expect("its input is open");
        stdin.write_all(text).expect("the program reads");
        stdin.flush().expect("the program reads");
    }

    /// Waits for a line of standard error with these words and returns it.
    pub async fn says(&mut self, words: &str) -> String {
        self.stderr.line_with(words).await
    }

    /// Waits for a line of standard output with these words and returns it.
    pub async fn prints(&mut self, words: &str) -> String {
        self.stdout.line_with(words).await
    }

    /// Waits for exactly this many bytes on standard output.
    pub async fn prints_bytes(&mut self, count: usize) -> Vec<u8> {
        let many =
            move |bytes: &[u8]| (bytes.len() >= count).then(|| (bytes[..count].to_vec(), count));
        let what = format!("{count} bytes of output");
        self.stdout.wait_for(&what, many).await
    }

    /// All that it has said so far.
    pub fn said(&self) -> Said<'_> {
        Said(self)
    }

    /// Calls `see` with each line of both outputs from the first on, for as long as there is output.
    pub fn each_line(&mut self, see: impl Fn(&str) + Send + Sync + 'static) {
        let see: See = Arc::new(see);
        for pipe in [&self.stdout, &self.stderr] {
            let mut buffer = pipe.shared.lock();
            buffer.see = Some(Arc::clone(&see));
            buffer.show_lines();
        }
    }

    /// Sends it a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let id = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("run `kill`").success(), "kill -s {name} {id}");
    }

    /// Ends it as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        drop(self.stdin.take());
        let end = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("the process is ours") {
                    return status;
                }
                sleep(LOOK).await;
            }
        };
        match timeout(PATIENCE, end).await {
            Ok(status) => status,
            Err(_) => panic!(
                "{} did not end within {PATIENCE:?}{}",
                self.name,
                self.said()
            ),
        }
    }

    /// [`Self::ended`] for tests without a runtime.
    pub fn ended_blocking(&mut self) -> ExitStatus {
        block_on(self.ended())
    }

    /// Waits for its end, and returns what it wrote since the last line that was waited for.
    pub async fn finished(mut self) -> Finished {
        let status = self.ended().await;
        Finished {
            code: status.code(),
            stdout: String::from_utf8_lossy(&self.stdout.rest().await).into_owned(),
            stderr: String::from_utf8_lossy(&self.stderr.rest().await).into_owned(),
        }
    }

    /// Waits for its end, and returns the bytes that it wrote to standard output since the last that were waited for.
    pub async fn output(mut self) -> Vec<u8> {
        self.ended().await;
        self.stdout.rest().await
    }

    /// Ends it at once, and returns what it wrote since the last line that was waited for.
    pub async fn killed(mut self) -> Finished {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.finished().await
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build();
    runtime.expect("a runtime starts").block_on(future)
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the strangers' scripts.
pub fn strangers() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/strangers"))
}

/// Where the host's binary is: what `UDP_ECHO_HOST` names, or else `udp-echo` in the folder into which cargo builds programs
/// in the profile of the test that asks.
///
/// # Panics
/// When there is none.
pub fn udp_echo() -> PathBuf {
    let named = std::env::var_os("UDP_ECHO_HOST").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| {
        let test = std::env::current_exe().expect("a test has a path");
        // Tests lie in `deps`, beside which the programs lie.
        let folder = test.parent().and_then(|deps| deps.parent());
        let name = format!("udp-echo{}", std::env::consts::EXE_SUFFIX);
        folder.expect("the test lies in a target folder").join(name)
    });
    assert!(
        binary.is_file(),
        "{} is not there: run `cargo build -p udp-echo`, or name the host's binary in UDP_ECHO_HOST",
        binary.display()
    );
    binary
}

#[cfg(test)]
mod tests;

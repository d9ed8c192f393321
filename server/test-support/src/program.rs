//! Programs as their users run them: our own binary, and strangers' ones. Each ends with the test.

use std::fmt;
use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::{PATIENCE, port};

/// How often a program is started before the test fails.
const ATTEMPTS: usize = 4;

/// How often a program is looked at that gives no sign by itself: one that ends, or that listens without saying so.
const LOOK: Duration = Duration::from_millis(10);

/// Lines of each output that a report of a failure shows.
const LAST_LINES: usize = 20;

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

/// Why a program did not come up, with what it said in each attempt.
#[derive(Debug)]
pub struct DidNotComeUp {
    attempts: Vec<String>,
}

impl fmt::Display for DidNotComeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = self.attempts.len();
        write!(f, "the program did not come up in {many} attempts")?;
        for (attempt, number) in self.attempts.iter().zip(1..) {
            write!(f, "\n{number}. {attempt}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DidNotComeUp {}

/// One attempt to start a program: its command, and what tells that it is ready.
pub struct Attempt<R> {
    command: Command,
    ready: R,
    wait: Duration,
    log: Option<Stdio>,
    output: Option<Stdio>,
}

impl<R> Attempt<R> {
    /// The program is ready when `ready` finds what it looks for.
    pub fn new(command: Command, ready: R) -> Self {
        Self {
            command,
            ready,
            wait: PATIENCE,
            log: None,
            output: None,
        }
    }

    /// Waits this long instead of [`PATIENCE`].
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Standard error goes there, and is not read here.
    #[must_use]
    pub fn stderr(mut self, log: impl Into<Stdio>) -> Self {
        self.log = Some(log.into());
        self
    }

    /// Standard output goes there, and is not read here.
    #[must_use]
    pub fn stdout(mut self, output: impl Into<Stdio>) -> Self {
        self.output = Some(output.into());
        self
    }
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

    /// Starts a program and waits until it is ready. A program that ends or keeps silent instead is started again with what
    /// `attempt` makes then, such as a command with another port.
    ///
    /// # Errors
    /// When no attempt succeeds: why, with the program's last words.
    pub async fn start<T, R>(
        mut attempt: impl FnMut() -> Attempt<R>,
    ) -> Result<(Self, T), DidNotComeUp>
    where
        R: FnMut(&Said<'_>) -> Option<T>,
    {
        let mut attempts = Vec::new();
        while attempts.len() < ATTEMPTS {
            let mut starting = match Starting::begin(attempt()) {
                Ok(starting) => starting,
                Err(reason) => {
                    attempts.push(reason);
                    continue;
                }
            };
            match starting.look_until_ready().await {
                Ok(value) => return Ok((starting.program, value)),
                Err(reason) => attempts.push(reason),
            }
        }
        Err(DidNotComeUp { attempts })
    }

    /// [`Self::start`] for tests without a runtime.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_blocking<T, R>(
        attempt: impl FnMut() -> Attempt<R>,
    ) -> Result<(Self, T), DidNotComeUp>
    where
        R: FnMut(&Said<'_>) -> Option<T>,
    {
        block_on(Self::start(attempt))
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

/// An attempt under way.
struct Starting<R> {
    program: Program,
    ready: R,
    wait: Duration,
}

impl<R> Starting<R> {
    fn begin(attempt: Attempt<R>) -> Result<Self, String> {
        let Attempt {
            mut command,
            ready,
            wait,
            log,
            output,
        } = attempt;
        let program = Program::spawn_with(&mut command, output, log)
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        Ok(Self {
            program,
            ready,
            wait,
        })
    }

    async fn look_until_ready<T>(&mut self) -> Result<T, String>
    where
        R: FnMut(&Said<'_>) -> Option<T>,
    {
        let began = Instant::now();
        loop {
            // In this order: what it said before it ended is all here when its end is seen.
            let status = self.program.child.try_wait().expect("the process is ours");
            if let Some(status) = status {
                self.program.stdout.until_end().await;
                self.program.stderr.until_end().await;
                let Program { name, .. } = &self.program;
                let said = self.program.said();
                return Err(format!("{name} ended before it was ready: {status}{said}"));
            }
            if let Some(value) = (self.ready)(&self.program.said()) {
                return Ok(value);
            }
            if began.elapsed() > self.wait {
                let Program { name, .. } = &self.program;
                let (wait, said) = (self.wait, self.program.said());
                return Err(format!("{name} was not ready within {wait:?}{said}"));
            }
            tokio::select! {
                () = self.program.stdout.shared.changed.notified() => {}
                () = self.program.stderr.shared.changed.notified() => {}
                () = sleep(LOOK) => {}
            }
        }
    }
}

/// What a program has said so far. As text, it is the last words in a report.
pub struct Said<'a>(&'a Program);

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
struct Pipe {
    shared: Arc<Shared>,
    /// What was waited for ends here.
    at: usize,
}

#[derive(Default)]
struct Shared {
    buffer: Mutex<Buffer>,
    changed: Notify,
}

/// Who is shown each line.
type See = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    ended: bool,
    see: Option<See>,
    /// What was shown ends here.
    shown: usize,
}

impl Buffer {
    fn show_lines(&mut self) {
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
    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().expect("no holder panics")
    }
}

impl Pipe {
    fn read(from: Option<impl Read + Send + 'static>) -> Self {
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

    async fn line_with(&mut self, words: &str) -> String {
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
    async fn wait_for<T>(&mut self, what: &str, find: impl Fn(&[u8]) -> Option<(T, usize)>) -> T {
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
    async fn until_end(&self) {
        let end = async {
            while !self.shared.lock().ended {
                sleep(LOOK).await;
            }
        };
        let _ = timeout(Duration::from_secs(5), end).await;
    }

    /// What was not waited for, when the program has ended.
    async fn rest(&self) -> Vec<u8> {
        self.until_end().await;
        self.shared.lock().bytes[self.at..].to_vec()
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

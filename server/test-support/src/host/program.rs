//! The host as a program of its own, on free ports; it ends with the test.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus};

use crate::program::{self, Attempt, Program, Said};

/// The program itself, on free ports.
pub struct HostProgram {
    program: Program,
    /// Address of the page and the relay.
    pub http: SocketAddr,
}

impl HostProgram {
    /// Starts it with further settings.
    pub async fn start(settings: &[&str]) -> Self {
        Self::started(|| Attempt::new(command(settings), address)).await
    }

    /// Starts it on this processor alone, with further settings.
    pub async fn start_on_processor(number: usize, settings: &[&str]) -> Self {
        let command = || {
            let mut command = Command::new("taskset");
            command.args(["-c", &number.to_string()]);
            command.arg(program::udp_echo());
            command.args(free_ports(settings)).args(settings);
            command
        };
        Self::started(|| Attempt::new(command(), address)).await
    }

    /// Starts it with further settings, and with these names in its environment.
    pub async fn start_in(environment: &[(&str, &str)], settings: &[&str]) -> Self {
        let command = || {
            let mut command = command(settings);
            command.envs(environment.iter().copied());
            command
        };
        Self::started(|| Attempt::new(command(), address)).await
    }

    /// Starts it with further settings, and with its log going to `log`.
    pub async fn start_logging(settings: &[&str], log: OwnedFd) -> Self {
        let attempt = || Attempt::new(command(settings), address).stderr(log.try_clone().unwrap());
        Self::started(attempt).await
    }

    /// Starts it and closes, once it has told its address, the pipes into which it speaks.
    pub async fn start_unheard() -> Self {
        let attempt = || {
            let (output, into_output) = std::io::pipe().unwrap();
            let (log, into_log) = std::io::pipe().unwrap();
            let mut pipes = Some((output, log));
            let ready = move |_: &Said<'_>| {
                let (output, _log) = pipes.take()?;
                let line = BufReader::new(output).lines().next()?;
                address_in(&line.ok()?)
            };
            let attempt = Attempt::new(command(&[]), ready);
            attempt.stdout(into_output).stderr(into_log)
        };
        Self::started(attempt).await
    }

    async fn started<R>(attempt: impl FnMut() -> Attempt<R>) -> Self
    where
        R: FnMut(&Said<'_>) -> Option<SocketAddr>,
    {
        let started = Program::start(attempt).await;
        let (program, http) = started.unwrap_or_else(|failure| panic!("{failure}"));
        Self { program, http }
    }

    /// Address of a WebSocket route.
    pub fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.http)
    }

    /// Sends it a signal by its name, such as `-TERM`.
    pub async fn signal(&self, name: &str) {
        self.program.signal(name.trim_start_matches('-'));
    }

    /// Waits for a line of its output with these words.
    pub async fn said(&mut self, words: &str) {
        self.program.prints(words).await;
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        self.program.ended().await
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }
}

fn command(settings: &[&str]) -> Command {
    let mut command = Command::new(program::udp_echo());
    command.args(free_ports(settings)).args(settings);
    command
}

/// The address of the page, once the program has told it.
fn address(said: &Said<'_>) -> Option<SocketAddr> {
    said.stdout().lines().find_map(address_in)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("http://")?;
    address.trim_end_matches('/').parse().ok()
}

/// Flags for free ports, but where a test gives a port of its own: a flag may be given once.
fn free_ports<'a>(settings: &[&str]) -> Vec<&'a str> {
    let given = |flag: &str| settings.iter().any(|setting| setting.starts_with(flag));
    let flags = ["--http", "--udp"].into_iter().filter(|flag| !given(flag));
    flags.flat_map(|flag| [flag, "127.0.0.1:0"]).collect()
}

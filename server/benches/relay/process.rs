//! Programs under measurement: started, asked for their address, and read in /proc.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Ticks of a second in /proc, on every Linux (proc(5), USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running program; it ends with this value.
pub(crate) struct Program {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Program {
    /// The host, with every limit that could matter taken away, on free ports.
    pub(crate) fn host(settings: &[&str]) -> (Self, SocketAddr, SocketAddr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_udp-echo"));
        command.args(["--http", "127.0.0.1:0", "--udp", "127.0.0.1:0"]);
        command.args(settings);
        let mut program = Self::start(&mut command);
        let http = program.address_after("page");
        let udp = program.address_after("UDP echo");
        (program, http, udp)
    }

    /// The project's echo server alone, without its transcript.
    pub(crate) fn echo(settings: &[&str]) -> (Self, SocketAddr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_udp-echo"));
        command.args(["echo", "--quiet", "127.0.0.1:0"]);
        command.args(settings);
        let mut program = Self::start(&mut command);
        let address = program.address_after("UDP echo");
        (program, address)
    }

    /// One of this program's other parts.
    pub(crate) fn part(arguments: &[&str]) -> (Self, SocketAddr) {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("part").args(arguments);
        let mut program = Self::start(&mut command);
        let address = program.address_after("listening");
        (program, address)
    }

    /// Starts any program.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Waits for the line that begins with `words` and returns the address in it.
    pub(crate) fn address_after(&mut self, words: &str) -> SocketAddr {
        loop {
            let mut line = String::new();
            let bytes = self.lines.read_line(&mut line).unwrap();
            assert!(bytes > 0, "a program ended before it said {words:?}");
            if let Some(rest) = line.strip_prefix(words) {
                let address = rest.trim().trim_start_matches("http://");
                return address.trim_end_matches('/').parse().unwrap();
            }
        }
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Processor time that it has used so far, in user mode and in the kernel.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name, in parentheses, may hold anything.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: f64 = ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum();
        Duration::from_secs_f64(ticks / TICKS_PER_SECOND)
    }

    /// Bytes of memory that it holds.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Datagrams that this machine's kernel has dropped so far because a receive buffer was full.
pub(crate) fn kernel_drops() -> u64 {
    let snmp = fs::read_to_string("/proc/net/snmp").unwrap();
    let mut udp = snmp.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let (names, values) = (udp.next().unwrap(), udp.next().unwrap());
    let mut both = names.split(' ').zip(values.split(' '));
    let (_, drops) = both.find(|(name, _)| *name == "RcvbufErrors").unwrap();
    drops.parse().unwrap()
}

//! The table of echo servers: processor time for a message, in one process, without a relay.

use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::load::{Address, Measured, measure};
use crate::process::Program;
use crate::report::{Checked, median};
use crate::shapes::Load;

/// The tutorial's server without its prints. It is told its port, for it says nothing.
const TUTORIAL: &str = "
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
sock.bind(('127.0.0.1', int(sys.argv[1])))
while True:
    data, address = sock.recvfrom(65536)
    if data:
        sent = sock.sendto(data, address)
";

/// How much more than the bare loop the host may use with offload off.
const OVER_BARE: f64 = 1.1;

/// One line: medians of all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) shape: String,
    pub(crate) ours: Measured,
    pub(crate) ours_no_offload: Measured,
    pub(crate) plain: Measured,
    pub(crate) bare: Measured,
    pub(crate) python: Measured,
    pub(crate) checks: Vec<Checked>,
}

/// Measures every shape in so many rounds.
pub(crate) fn run(
    shapes: &[(Load, f64)],
    rounds: usize,
    time: Duration,
    mut progress: impl FnMut(&str),
) -> Vec<Line> {
    let mut lines = Vec::new();
    for &(load, goal) in shapes {
        let mut measured: [Vec<Measured>; 5] = Default::default();
        for round in 0..rounds {
            progress(&format!("echo, {load}: round {} of {rounds}", round + 1));
            let servers = [
                || Program::echo(&[]),
                || Program::echo(&["--no-offload"]),
                || Program::part(&["plain-udp-echo"]),
                || Program::part(&["bare-udp-echo"]),
                python,
            ];
            for (start, measured) in servers.iter().zip(&mut measured) {
                let (server, address) = start();
                measured.push(measure(&server, &Address::Udp(address), load, time));
            }
        }
        let [ours, ours_no_offload, plain, bare, python] = measured.map(|rounds| median(&rounds));
        let checks = vec![
            Checked::at_most("CPU of plain", ours.cpu_us / plain.cpu_us, goal),
            Checked::at_most(
                "no offload, of bare",
                ours_no_offload.cpu_us / bare.cpu_us,
                OVER_BARE,
            ),
            Checked::at_most("CPU of Python", ours.cpu_us / python.cpu_us, 1.0),
            Checked::at_most("wrong", (ours.wrong + ours_no_offload.wrong) as f64, 0.0),
        ];
        lines.push(Line {
            shape: load.to_string(),
            ours,
            ours_no_offload,
            plain,
            bare,
            python,
            checks,
        });
    }
    lines
}

fn python() -> (Program, std::net::SocketAddr) {
    // Somebody else may take the port first; then the program ends, and is started on another.
    for _ in 0..4 {
        let port = test_support::port::free();
        let text = port.to_string();
        let mut program = Program::start(Command::new("python3").args(["-c", TUTORIAL, &text]));
        if is_bound_by(&mut program, port) {
            return (program, std::net::SocketAddr::from(([127, 0, 0, 1], port)));
        }
    }
    panic!("python3 does not listen");
}

/// Waits until the program has this UDP port, or has ended without.
fn is_bound_by(program: &mut Program, port: u16) -> bool {
    let entry = format!("0100007F:{port:04X} ");
    let started = std::time::Instant::now();
    while program.is_running() && started.elapsed() < test_support::PATIENCE {
        let sockets = std::fs::read_to_string("/proc/net/udp").unwrap();
        if sockets.contains(&entry) {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

//! What the benchmark is asked for, and the parts of it that run as processes of their own.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;

#[cfg(feature = "webtransport")]
use crate::lanes;
use crate::report::{Checked, Table, grouped, verdict};
use crate::shapes::{ECHO_SHAPES, SHAPES};
use crate::{echoes, floors, idle, neighbours, plain, plot, relays};

/// Lanes to open at most: each has a UDP socket here.
#[cfg(feature = "webtransport")]
const MOST_LANES: u64 = 1000;

/// Measure the host beside a plain axum relay and beside what the kernel allows
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    part: Option<Command>,

    /// Tables to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = ALL)]
    only: Vec<Subject>,

    /// Lines of the tables of relays and echo servers, from 1 on; all when none is named
    #[arg(long, value_name = "N", value_delimiter = ',')]
    shape: Vec<usize>,

    /// Rounds of which the median is taken
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    rounds: u64,

    /// Milliseconds that each program is measured in each round
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(50..=10_000))]
    time: u64,

    /// Idle sessions to open
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=50_000))]
    sessions: u64,

    /// One short round of everything: to see that it works, not how fast
    #[arg(long)]
    quick: bool,

    /// Fail when a goal is missed
    #[arg(long)]
    enforce: bool,

    /// Folder for `bench.json` and `bench.svg`
    #[arg(long, value_name = "FOLDER", default_value = "bench")]
    out: PathBuf,

    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The parts that run as processes of their own.
#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand, hide = true)]
    Part(Part),
}

#[derive(Debug, Subcommand)]
enum Part {
    PlainRelay { target: SocketAddr },
    WebsocketEcho,
    PlainUdpEcho,
    BareUdpEcho,
    Flood { http: SocketAddr, path: String },
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// The host against a plain relay
    Relays,
    /// The echo server against other echo servers
    Echo,
    /// Many sessions that do nothing
    Idle,
    /// Pings beside a flood
    Fairness,
    /// A session that does not trace beside one that does
    Tracing,
    /// The second lane beside the WebSocket
    #[cfg(feature = "webtransport")]
    Lanes,
}

/// Without the lanes, which have a table of their own in the README.
const ALL: [Subject; 5] = [
    Subject::Relays,
    Subject::Echo,
    Subject::Idle,
    Subject::Fairness,
    Subject::Tracing,
];

/// All that was measured.
#[derive(Debug, Default, Serialize)]
struct Results {
    rounds: usize,
    milliseconds: u64,
    relays: Vec<relays::Line>,
    echo: Vec<echoes::Line>,
    idle: Vec<idle::Idle>,
    fairness: Vec<neighbours::Pings>,
    tracing: Option<neighbours::Tracing>,
    #[cfg(feature = "webtransport")]
    lanes: Option<lanes::Lanes>,
    #[serde(skip)]
    fair: Vec<Checked>,
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.part {
        None => bench(&cli),
        Some(Command::Part(part)) => {
            match part {
                Part::PlainRelay { target } => plain::run(target),
                Part::WebsocketEcho => floors::websocket_echo(),
                Part::PlainUdpEcho => floors::plain_udp_echo(),
                Part::BareUdpEcho => floors::bare_udp_echo(),
                Part::Flood { http, path } => neighbours::run_flood(http, &path),
            }
            ExitCode::SUCCESS
        }
    }
}

fn bench(cli: &Cli) -> ExitCode {
    raise_descriptor_limit();
    let started = Instant::now();
    let (rounds, time) = match cli.quick {
        true => (1, 50),
        false => (cli.rounds as usize, cli.time),
    };
    let sessions = match cli.quick {
        true => cli.sessions.min(500),
        false => cli.sessions,
    };
    let mut results = Results {
        rounds,
        milliseconds: time,
        ..Results::default()
    };
    let time = Duration::from_millis(time);
    let chosen = |at: usize| cli.shape.is_empty() || cli.shape.contains(&(at + 1));
    for subject in &cli.only {
        match subject {
            Subject::Relays => {
                let shapes = SHAPES.iter().enumerate().filter(|(at, _)| chosen(*at));
                let shapes: Vec<_> = shapes.map(|(_, shape)| *shape).collect();
                results.relays = relays::run(&shapes, rounds, time, progress);
                show_relays(&results.relays);
            }
            Subject::Echo => {
                let shapes = ECHO_SHAPES.iter().enumerate().filter(|(at, _)| chosen(*at));
                let shapes: Vec<_> = shapes.map(|(_, shape)| *shape).collect();
                results.echo = echoes::run(&shapes, rounds, time, progress);
                show_echo(&results.echo);
            }
            Subject::Idle => {
                progress(&format!("{sessions} idle sessions"));
                results.idle = idle::run(sessions as usize, rounds, time);
                show_idle(&results.idle);
            }
            Subject::Fairness => {
                progress("pings beside a flood");
                (results.fairness, results.fair) = neighbours::fairness(rounds, 2 * time);
                show_fairness(&results.fairness, &results.fair);
            }
            Subject::Tracing => {
                progress("a session beside one that traces");
                let tracing = neighbours::tracing(rounds, time);
                show_tracing(&tracing);
                results.tracing = Some(tracing);
            }
            #[cfg(feature = "webtransport")]
            Subject::Lanes => {
                progress("both lanes of a session");
                let lanes = lanes::run(sessions.min(MOST_LANES) as usize, rounds, 4 * time);
                show_lanes(&lanes);
                results.lanes = Some(lanes);
            }
        }
    }
    write(cli, &results);
    let missed = results.missed();
    println!(
        "{} in {:.0} s: {} goals, {missed} missed",
        cli.out.display(),
        started.elapsed().as_secs_f64(),
        results.checks().count(),
    );
    match cli.enforce && missed > 0 {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

impl Results {
    fn checks(&self) -> impl Iterator<Item = &Checked> {
        let relays = self.relays.iter().flat_map(|line| &line.checks);
        let echo = self.echo.iter().flat_map(|line| &line.checks);
        let idle = self.idle.iter().flat_map(|idle| &idle.checks);
        let tracing = self.tracing.iter().flat_map(|tracing| &tracing.checks);
        relays
            .chain(echo)
            .chain(idle)
            .chain(tracing)
            .chain(&self.fair)
    }

    fn missed(&self) -> usize {
        self.checks().filter(|check| !check.met).count()
    }
}

fn write(cli: &Cli, results: &Results) {
    fs::create_dir_all(&cli.out).unwrap();
    let json = serde_json::to_string_pretty(results).unwrap();
    fs::write(cli.out.join("bench.json"), json).unwrap();
    if !results.relays.is_empty() {
        plot::draw(&results.relays, &cli.out.join("bench.svg"));
    }
}

fn progress(what: &str) {
    eprintln!("    {what}");
}

/// Sessions need descriptors: here, and in the programs that are started from here.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const WANTED: u64 = 110_000;
    let had = getrlimit(Resource::Nofile);
    let to = |limit| Rlimit {
        current: limit,
        maximum: limit,
    };
    // Past the hard limit only with privileges; else what there is.
    let _ = setrlimit(Resource::Nofile, to(Some(WANTED)))
        .or_else(|_| setrlimit(Resource::Nofile, to(had.maximum)));
}

fn show_relays(lines: &[relays::Line]) {
    let mut table = Table::new(&[
        "sessions x in flight, size",
        "host/s",
        "/sockets/s",
        "plain/s",
        "host us CPU",
        "/sockets us CPU",
        "plain us CPU",
        "WebSocket echo/s",
        "UDP echo/s",
        "p50, p99 us: host, /sockets, plain",
        "lost (by the kernel): host, /sockets, plain",
        "times plain (goal)",
    ]);
    for line in lines {
        let (host, plain) = (&line.host, &line.plain);
        let trips = match host.p50_us > 0.0 {
            true => format!(
                "{:.0}, {:.0}; {:.0}, {:.0}; {:.0}, {:.0}",
                host.p50_us,
                host.p99_us,
                line.sockets.p50_us,
                line.sockets.p99_us,
                plain.p50_us,
                plain.p99_us
            ),
            false => String::new(),
        };
        table.row(vec![
            line.shape.clone(),
            grouped(host.per_second),
            grouped(line.sockets.per_second),
            grouped(plain.per_second),
            format!("{:.2}", host.cpu_us),
            format!("{:.2}", line.sockets.cpu_us),
            format!("{:.2}", plain.cpu_us),
            grouped(line.websocket_echo.per_second),
            grouped(line.udp_echo.per_second),
            trips,
            format!(
                "{} ({}), {} ({}), {} ({})",
                host.lost,
                host.kernel_drops,
                line.sockets.lost,
                line.sockets.kernel_drops,
                plain.lost,
                plain.kernel_drops
            ),
            verdict(&line.checks),
        ]);
    }
    println!("{table}");
}

fn show_echo(lines: &[echoes::Line]) {
    let mut table = Table::new(&[
        "CPU us for a message",
        "ours",
        "no offload",
        "plain tokio",
        "bare mmsg",
        "Python",
        "ours/s",
        "plain/s",
        "times (goal)",
    ]);
    for line in lines {
        table.row(vec![
            line.shape.clone(),
            format!("{:.2}", line.ours.cpu_us),
            format!("{:.2}", line.ours_no_offload.cpu_us),
            format!("{:.2}", line.plain.cpu_us),
            format!("{:.2}", line.bare.cpu_us),
            format!("{:.2}", line.python.cpu_us),
            grouped(line.ours.per_second),
            grouped(line.plain.per_second),
            verdict(&line.checks),
        ]);
    }
    println!("{table}");
}

fn show_idle(lines: &[idle::Idle]) {
    let mut table = Table::new(&[
        "idle sessions",
        "KiB each",
        "opened a second",
        "p50 us beside them",
        "p50 us alone",
        "still open",
        "goals",
    ]);
    for idle in lines {
        table.row(vec![
            format!("{} of {}", idle.sessions, idle.what),
            format!("{:.1}", idle.kib_each),
            grouped(idle.opened_per_second),
            format!("{:.1}", idle.p50_us),
            format!("{:.1}", idle.empty_p50_us),
            idle.still_open.to_string(),
            verdict(&idle.checks),
        ]);
    }
    println!("{table}");
}

fn show_fairness(lines: &[neighbours::Pings], checks: &[Checked]) {
    let mut table = Table::new(&["pings of 31 sessions", "p50 us", "p99 us", "lost"]);
    for line in lines {
        table.row(vec![
            line.what.to_owned(),
            format!("{:.0}", line.p50_us),
            format!("{:.0}", line.p99_us),
            line.lost.to_string(),
        ]);
    }
    println!("{table}\n{}\n", verdict(checks));
}

fn show_tracing(tracing: &neighbours::Tracing) {
    let mut table = Table::new(&["untraced sessions", "/s", "us CPU", "goals"]);
    table.row(vec![
        format!("{}, nobody traces", tracing.shape),
        grouped(tracing.nobody.per_second),
        format!("{:.2}", tracing.nobody.cpu_us),
        String::new(),
    ]);
    table.row(vec![
        format!("{}, another traces", tracing.shape),
        grouped(tracing.another.per_second),
        format!("{:.2}", tracing.another.cpu_us),
        verdict(&tracing.checks),
    ]);
    println!("{table}");
}

#[cfg(feature = "webtransport")]
fn show_lanes(lanes: &lanes::Lanes) {
    let mut trips = Table::new(&["1 x 1, 42 B by", "p50 us", "p99 us", "host us CPU", "lost"]);
    for line in &lanes.trips {
        trips.row(vec![
            line.what.to_owned(),
            format!("{:.0}", line.p50_us),
            format!("{:.0}", line.p99_us),
            format!("{:.1}", line.cpu_us),
            line.lost.to_string(),
        ]);
    }
    println!("{trips}");
    let mut many = Table::new(&[
        "lanes",
        "opened",
        "echoed",
        "seconds",
        "KiB each",
        "dropped by the kernel",
        "refused",
    ]);
    for line in &lanes.many {
        many.row(vec![
            line.what.clone(),
            format!("{} of {}", line.opened, line.asked),
            line.echoed.to_string(),
            format!("{:.1}", line.seconds),
            format!("{:.0}", line.kib_each),
            line.kernel_drops.to_string(),
            line.refused.join("; "),
        ]);
    }
    println!("{many}");
}

//! What sessions feel of each other: pings beside a flood, and a relay beside a page that traces.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::LocalSet;

use crate::flow::{Flow, Tally};
use crate::load::{Address, Framed, Measured, connect, measure};
use crate::process::Program;
use crate::relays::{NO_LIMITS, host_before, path};
use crate::report::{Checked, median, middle};
use crate::shapes::Load;

/// Sessions that ping.
const PINGING: usize = 31;

/// Pause of each between an answer and its next ping.
const PAUSE: Duration = Duration::from_millis(5);

/// Payload bytes of pings and of the flood.
const SIZE: usize = 42;

/// Bytes of the flood that are written at once.
const FLOOD_BYTES: usize = 64 * 1024;

/// Round trips of the pings, in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Pings {
    pub(crate) what: &'static str,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Pings that were not answered.
    pub(crate) lost: u64,
}

/// Pings through the host and through the plain relay, without a flood and with one.
pub(crate) fn fairness(rounds: usize, time: Duration) -> (Vec<Pings>, Vec<Checked>) {
    type Start = fn(SocketAddr) -> (Program, Address);
    let host: Start = |udp| host_before(udp, &[]);
    let limited: Start = |udp| {
        let target = format!("--target=other={udp}");
        let (host, http, _) = Program::host(&["--allow-private-targets", &target]);
        (host, path(http, "/relay/raw?target=other"))
    };
    let plain: Start = |udp| {
        let (plain, http) = Program::part(&["plain-relay", &udp.to_string()]);
        (plain, path(http, "/"))
    };
    let cases = [
        ("host, nobody floods", host, false),
        ("host, one floods, limits off", host, true),
        ("host, one floods, default limits", limited, true),
        ("plain relay, nobody floods", plain, false),
        ("plain relay, one floods", plain, true),
    ];
    let mut measured: [Vec<(f64, f64, u64)>; 5] = Default::default();
    for _ in 0..rounds {
        for ((_, start, flooded), measured) in cases.iter().zip(&mut measured) {
            let (_echo, udp) = Program::echo(&[]);
            let (_relay, address) = start(udp);
            let _flood = flooded.then(|| flood(&address));
            let mut tally = ping(&address, time);
            let micros = |part, tally: &mut Tally| tally.round_trip(part).as_secs_f64() * 1e6;
            measured.push((
                micros(0.5, &mut tally),
                micros(0.99, &mut tally),
                tally.lost,
            ));
        }
    }
    let pings: Vec<_> = cases
        .iter()
        .zip(measured)
        .map(|((what, ..), rounds)| Pings {
            what,
            p50_us: middle(rounds.iter().map(|round| round.0).collect()),
            p99_us: middle(rounds.iter().map(|round| round.1).collect()),
            lost: rounds.iter().map(|round| round.2).sum(),
        })
        .collect();
    let checks = vec![Checked::at_most(
        "p99 under a flood, of the plain relay's",
        pings[1].p99_us / pings[4].p99_us,
        1.0,
    )];
    (pings, checks)
}

/// A process that floods one session.
fn flood(address: &Address) -> Program {
    let Address::WebSocket(http, path) = address else {
        unreachable!("a relay's address")
    };
    Program::part(&["flood", &http.to_string(), path]).0
}

/// The flooding process: it writes as fast as it is read, and reads what comes.
pub(crate) fn run_flood(http: SocketAddr, path: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = connect(http, path, None).await.unwrap();
        println!("listening {http}");
        let mut socket = Framed::new(stream, SIZE);
        let mut frames = Vec::new();
        Flow::websocket(0, FLOOD_BYTES / SIZE, SIZE).refill(&mut frames);
        loop {
            if socket.output.is_empty() {
                socket.output.extend_from_slice(&frames);
            }
            if poll_fn(|cx| socket.poll_step(cx, |_| {})).await.is_err() {
                return;
            }
        }
    });
}

fn ping(address: &Address, time: Duration) -> Tally {
    let Address::WebSocket(http, path) = address else {
        unreachable!("a relay's address")
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let mut flows = Vec::new();
        for session in 1..=PINGING {
            let stream = connect(*http, path, None).await.unwrap();
            let flow = Rc::new(RefCell::new(Flow::websocket(session, 1, SIZE)));
            flows.push(Rc::clone(&flow));
            tokio::task::spawn_local(ping_one(Framed::new(stream, SIZE), flow));
        }
        tokio::time::sleep(time).await;
        let mut total = Tally::default();
        for flow in flows {
            total.add(flow.borrow().tally.clone());
        }
        total
    })
}

async fn ping_one(mut socket: Framed, flow: Rc<RefCell<Flow>>) {
    const LOST_AFTER: Duration = Duration::from_millis(500);
    loop {
        flow.borrow_mut().refill(&mut socket.output);
        let answered = async {
            let before = flow.borrow().tally.echoed;
            while flow.borrow().tally.echoed == before {
                poll_fn(|cx| socket.poll_step(cx, |echo| flow.borrow_mut().take(echo))).await?;
            }
            std::io::Result::Ok(())
        };
        match tokio::time::timeout(LOST_AFTER, answered).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => flow.borrow_mut().give_up(),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A session that does not trace, while nobody and while another session traces.
#[derive(Debug, Serialize)]
pub(crate) struct Tracing {
    pub(crate) shape: String,
    pub(crate) nobody: Measured,
    pub(crate) another: Measured,
    pub(crate) checks: Vec<Checked>,
}

/// How much slower a session may be because another one traces: less than rounds differ among themselves.
const SLOWER: f64 = 1.05;

/// Measures sessions that do not trace.
pub(crate) fn tracing(rounds: usize, time: Duration) -> Tracing {
    let load = Load {
        sessions: 32,
        window: 8,
        size: SIZE,
    };
    let mut measured: [Vec<Measured>; 2] = Default::default();
    for _ in 0..rounds {
        for (traced, measured) in [false, true].into_iter().zip(&mut measured) {
            let (host, http, _) = Program::host(&NO_LIMITS);
            let _page = traced.then(|| trace(http));
            measured.push(measure(&host, &path(http, "/relay/raw"), load, time));
        }
    }
    let [nobody, another] = measured.map(|rounds| median(&rounds));
    let checks = vec![
        Checked::at_most("CPU", another.cpu_us / nobody.cpu_us, SLOWER),
        Checked::at_most("time", nobody.per_second / another.per_second, SLOWER),
    ];
    Tracing {
        shape: load.to_string(),
        nobody,
        another,
        checks,
    }
}

/// A page's session that traces, for as long as the stream lives.
fn trace(http: SocketAddr) -> std::net::TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let stream = connect(http, "/relay", None).await.unwrap();
        stream.into_std().unwrap()
    });
    let text = br#"{"options":{"tracing":true}}"#;
    // Masked with zeroes, which is as good as any mask here.
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text);
    (&stream).write_all(&frame).unwrap();
    stream
}

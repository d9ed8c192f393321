//! One seed, one story: the same link in the host, in the page that simulates it, and in plain Rust.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use wire::control::{ClientMessage, Event, HostMessage, Lab, Options, What};
use wire::link::Impairment;
use wire::simulator::{Outgoing, Simulator};

use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::page::Page;
use test_support::host::TestServer;

const DATAGRAMS: u64 = 40;
const SEED: u64 = 2024;
const MODES: [&str; 2] = ["simulated", "live"];

/// The link in the words of the element's attributes. What is delayed there takes another time than what is delayed back,
/// and both take much longer than the sending: so the order of arrivals follows from the seed alone, on every machine.
const ATTRIBUTES: &str =
    "seed=2024 timeout=30000 loss='15 10' delay='400 1000' reorder=30 duplicate=20 corrupt=10";

/// The same.
fn lab() -> Lab {
    let link = |loss_ppm, delay_us| Impairment {
        loss_ppm,
        delay_us,
        reorder_ppm: 300_000,
        duplicate_ppm: 200_000,
        corrupt_ppm: 100_000,
        ..Impairment::default()
    };
    Lab {
        up: link(150_000, 400_000),
        down: link(100_000, 1_000_000),
        seed: SEED,
    }
}

/// All that happened, without the times, which no two machines have in common.
#[derive(Debug, PartialEq)]
struct Story {
    /// What happened to each copy of each datagram, in order.
    copies: Vec<(u64, u8, Vec<What>)>,
    /// The copies in the order in which the server received them.
    at_server: Vec<(u64, u8)>,
}

impl Story {
    fn of(mut events: Vec<Event>) -> Self {
        events.sort_by_key(|event| event.0);
        let mut copies: Vec<(u64, u8, Vec<What>)> = Vec::new();
        let mut at_server = Vec::new();
        for Event(_, number, copy, what) in events {
            if matches!(what, What::EchoIn(_)) {
                at_server.push((number, copy));
            }
            match copies
                .iter_mut()
                .find(|known| (known.0, known.1) == (number, copy))
            {
                Some(known) => known.2.push(what),
                None => copies.push((number, copy, vec![what])),
            }
        }
        copies.sort_by_key(|copy| (copy.0, copy.1));
        Self { copies, at_server }
    }

    /// Whether this happened to some copy.
    fn has(&self, happened: impl Fn(&What) -> bool) -> bool {
        self.copies.iter().any(|copy| copy.2.iter().any(&happened))
    }
}

/// The run in plain Rust, where time passes as it likes.
fn in_rust() -> Story {
    let mut host = Simulator::new(0, 1);
    host.control(&ClientMessage::Options(Options {
        timeout_ms: 30_000,
        ..Options::default()
    }));
    host.control(&ClientMessage::Lab(lab()));
    let mut events = Vec::new();
    let mut take = |host: &mut Simulator, now| {
        while let Some(outgoing) = host.poll(now) {
            if let Outgoing::Control(HostMessage::Events(more)) = outgoing {
                events.extend(more);
            }
        }
    };
    for number in 1..=DATAGRAMS {
        host.datagram(number * 100, format!("datagram {number}").into());
        take(&mut host, number * 100);
    }
    while let Some(due) = host.next_due() {
        take(&mut host, due);
    }
    Story::of(events)
}

/// As much of an exported run as matters here.
#[derive(Deserialize)]
struct Trace {
    simulated: bool,
    datagrams: Vec<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    events: Vec<Event>,
}

/// The run in the page, in this mode.
async fn in_page(page: &Page, origin: &str, mode: &str) -> Result<Story> {
    page.open(&format!("{origin}/{mode}")).await?;
    page.wait_for_state(mode).await?;
    page.script(&format!(
        "const element = document.querySelector('udp-echo');
         globalThis.settled = 0;
         for (const name of ['udp-echoed', 'udp-lost']) element.addEventListener(name, () => settled++);
         for (let number = 1; number <= {DATAGRAMS}; number++) element.send(`datagram ${{number}}`);"
    ))
    .await?;
    page.wait_for("every fate", &format!("return settled === {DATAGRAMS}"))
        .await?;
    // A second copy may still be on its way after the fate: until nothing new is reported, the story goes on.
    let expected = in_rust()
        .copies
        .iter()
        .map(|copy| copy.2.len())
        .sum::<usize>();
    let trace = page
        .wait_for(
            "the whole run",
            &format!(
                "document.querySelector('udp-echo').export().then((run) => globalThis.run = run);
                 if (!globalThis.run) return null;
                 const events = JSON.parse(run).datagrams.reduce((sum, {{ events }}) => sum + events.length, 0);
                 return events >= {expected} && run;"
            ),
        )
        .await?;
    let trace = trace.as_str().context("a run is a text")?;
    let trace: Trace = serde_json::from_str(trace).context("read the run")?;
    ensure!(
        trace.simulated == (mode == "simulated"),
        "{mode} says simulated: {}",
        trace.simulated
    );
    let datagrams = trace.datagrams.into_iter();
    Ok(Story::of(datagrams.flat_map(|sent| sent.events).collect()))
}

#[tokio::test]
async fn one_seed_gives_one_list_of_events_in_host_browser_and_plain_rust() {
    let plain = in_rust();
    // A story in which nothing happens would be the same everywhere.
    assert!(plain.has(|what| matches!(what, What::Dropped(..))));
    assert!(plain.has(|what| matches!(what, What::Corrupted(..))));
    assert!(
        plain.copies.iter().any(|copy| copy.1 == 1),
        "nothing arrived twice"
    );
    assert!(!plain.at_server.is_sorted(), "nothing overtook anything");
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    site.bundle("/udp/").unwrap();
    for mode in MODES {
        let element = format!(
            "<udp-echo mode={mode} relay=http://{} {ATTRIBUTES}></udp-echo>",
            host.http()
        );
        let head =
            "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>";
        site.page(&format!("/{mode}"), "", &format!("{head}{element}"));
    }
    let origin = site.serve();
    in_chromium(async |page| {
        for mode in MODES {
            let seen = in_page(page, &origin, mode).await?;
            ensure!(
                seen == plain,
                "{mode}: {seen:#?}\nand in plain Rust: {plain:#?}"
            );
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// The attributes of a link are read where all attributes are: no chunk is loaded for a number.
#[tokio::test]
async fn a_live_widget_with_a_link_echoes_with_the_core_alone_and_the_link_is_in_force() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let embed = format!("http://{}/embed?loss=100+0&timeout=300&motion=none", host.http());
        page.open(&embed).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the loss", "tr[data-fate=dropped]")
            .await?;
        let loaded = page
            .script(
                "return performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop())
                     .filter((name) => name.startsWith('udp-echo')).sort()",
            )
            .await?;
        let core = [
            "udp-echo-web.js",
            "udp-echo-web_bg.wasm",
            "udp-echo.css",
            "udp-echo.js",
        ];
        ensure!(loaded == serde_json::json!(core), "it loaded {loaded}");
        page.script("document.querySelector('udp-echo').loss = '0'")
            .await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("an echo", "tr[data-number='2'][data-fate=echoed]")
            .await?;
        page.script("document.querySelector('udp-echo').setAttribute('loss', '101')")
            .await?;
        page.wait_for_in_widget("it goes on", "[data-state=live]")
            .await?;
        // What goes on when the host is gone comes after the first echo, for its files go with the host.
        page.wait_for(
            "what stands in for a host",
            "return performance.getEntriesByType('resource').filter(({ name }) => name.includes('udp-echo-simulator')).length === 2",
        )
        .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

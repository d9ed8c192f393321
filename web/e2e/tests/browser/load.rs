//! The page under load: 2,000 datagrams a second, drawn, without a long task and without growing.
//!
//! Short in every `verify`; `UDP_ECHO_LOAD_SECONDS=60 cargo test -p e2e --features browser load:: -- --nocapture`
//! is the long one, on a quiet machine and with an optimized host (`--release`).

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::browser::in_chromium;
use crate::first_echo::open_live;
use test_support::host::TestServer;

/// Datagrams a second.
const RATE: u64 = 2000;

/// The longest task that a reader does not feel (W3C Long Tasks).
const LONG_TASK_MS: u64 = 50;

/// Sends for so many seconds in ticks of a timer, as much each time as the clock says is due, and watches: long tasks,
/// frames and memory. Leaves what it saw in `seen` when everything is settled.
const RUN: &str = "const [seconds, rate] = [SECONDS, RATE];
    const done = (seen) => (globalThis.seen = seen);
    const element = document.querySelector('udp-echo');
    const long = [];
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => long.push(Math.round(duration)))).observe({ type: 'longtask' });
    let frames = 0, last, heap = [];
    const count = () => (frames += 1, requestAnimationFrame(count));
    requestAnimationFrame(count);
    element.addEventListener('udp-stats', ({ detail }) => (last = detail));
    const began = performance.now();
    let sent = 0;
    const payload = new TextEncoder().encode('This is the message.  It will be repeated.');
    const timer = setInterval(() => {
        const passed = (performance.now() - began) / 1000;
        const due = Math.min(Math.floor(passed * rate), seconds * rate);
        if (due > sent) element.burst(due - sent, 0, payload);
        sent = due;
        heap.push(performance.memory.usedJSHeapSize);
        if (sent === seconds * rate) {
            clearInterval(timer);
            const took = performance.now() - began;
            const settled = setInterval(() => {
                if (last?.sent < sent || last?.inFlight > 0) return;
                clearInterval(settled);
                const rows = element.shadowRoot.querySelectorAll('tr[data-number]').length;
                const lines = element.shadowRoot.querySelectorAll('[data-kind]').length;
                done({ sent, took, frames, long, last, rows, lines, heap });
            }, 20);
        }
    }, 10)";

#[tokio::test]
async fn two_thousand_datagrams_a_second_are_drawn_without_a_long_task_and_without_growing() {
    let asked = std::env::var("UDP_ECHO_LOAD_SECONDS").ok();
    let seconds: u64 = asked.as_deref().map_or(3, |text| text.parse().unwrap());
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_live(page, &host).await?;
        let run = RUN.replace("SECONDS", &seconds.to_string()).replace("RATE", &RATE.to_string());
        page.script(&run).await?;
        let began = Instant::now();
        let seen = loop {
            match page.wait_for("the end of the load", "return globalThis.seen").await {
                Err(_) if began.elapsed() < Duration::from_secs(seconds + 40) => {}
                seen => break seen?,
            }
        };
        let number = |name: &str| seen[name].as_u64().context(format!("{name} in {seen}"));
        let counts = &seen["last"];
        let heap: Vec<u64> = serde_json::from_value(seen["heap"].clone())?;
        let long: Vec<u64> = serde_json::from_value(seen["long"].clone())?;
        let took = seen["took"].as_f64().context("how long it took")? / 1000.0;
        println!(
            "{} datagrams in {took:.1} s, {} frames, long tasks {long:?} ms, rows {}, lines {}, heap {} to {} KB, {counts}",
            number("sent")?, number("frames")?, number("rows")?, number("lines")?,
            lowest(&heap, 0)? / 1000, lowest(&heap, 3)? / 1000,
        );
        // Counting is exact: every datagram has its fate, and nothing was refused because the page could not keep up.
        ensure!(counts["sent"] == seconds * RATE, "{counts}");
        let fates = ["echoed", "lost", "dropped", "refused", "rejected", "unanswered"];
        let ended: u64 = fates.iter().filter_map(|fate| counts[fate].as_u64()).sum();
        ensure!(ended == seconds * RATE, "the fates do not add up: {counts}");
        // On a busy machine an answer may come later than the page waits for it; nothing else may happen to a datagram.
        let late = if asked.is_some() { 0 } else { seconds * RATE / 10 };
        let lost = counts["lost"].as_u64().unwrap_or_default();
        ensure!(counts["echoed"] == ended - lost && lost <= late, "not every datagram came back: {counts}");
        // Drawing is capped.
        ensure!(number("rows")? <= 200 && number("lines")? <= 800, "more is drawn than shown");
        ensure!(number("frames")? >= seconds * 5, "the page stood still");
        if asked.is_some() {
            // What a figure is about needs a quiet machine and an optimized host: the short run beside others asserts the
            // counting and the caps.
            ensure!(long.iter().all(|ms| *ms <= LONG_TASK_MS), "long tasks: {long:?} ms");
            let (early, late) = (lowest(&heap, 1)?, lowest(&heap, 3)?);
            ensure!(late < early + early / 4 + 2_000_000, "memory grew from {early} to {late} bytes");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// The least memory in a quarter of the run, counted from 0: what is left after a collection.
fn lowest(heap: &[u64], quarter: usize) -> Result<u64> {
    let length = (heap.len() / 4).max(1);
    let part = heap
        .chunks(length)
        .nth(quarter)
        .context("too few samples")?;
    part.iter().min().copied().context("an empty part")
}

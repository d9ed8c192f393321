//! A real run for the picture of the README, recorded as `target/shots/run.json`: `cargo xtask picture`.

use std::fs;

use anyhow::{Context, Result};

use crate::browser::in_chromium;
use crate::page::Page;
use test_support::host::TestServer;

/// A session whose link loses, delays, doubles and overtakes: the seed decides which datagram.
const ELEMENT: &str = "<udp-echo view=timeline seed=11 delay=20 jitter='6 6' loss='12 8' duplicate='8 0' reorder='10 0' timeout=150></udp-echo>";

/// What is sent, and the milliseconds between: the tutorial's message, and an empty one, which gets no answer.
const SENDS: usize = 12;
const EMPTY: usize = 7;
const PAUSE_MILLIS: u32 = 12;

#[tokio::test]
async fn a_run_in_which_a_network_does_what_networks_do() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http())).await?;
        page.script(&format!("document.body.innerHTML = `{ELEMENT}`"))
            .await?;
        page.wait_for_state("live").await?;
        let run = record(page).await?;
        let folder = crate::pictures::folder()?;
        fs::write(folder.join("run.json"), run).context("write the run")
    })
    .await;
    host.shutdown().await;
}

/// Sends all of it, waits until the last has its fate, and exports.
async fn record(page: &Page) -> Result<String> {
    page.script(&format!(
        "const element = document.querySelector('udp-echo');
         let number = 0;
         const next = () => {{
             number += 1;
             element.send(number === {EMPTY} ? new Uint8Array() : undefined);
             if (number < {SENDS}) setTimeout(next, {PAUSE_MILLIS});
         }};
         next();"
    ))
    .await?;
    for number in 1..=SENDS {
        let row = format!("tr[data-number='{number}']:not([data-fate='in flight'])");
        page.wait_for_in_widget("a fate for each", &row).await?;
    }
    let run = page
        .script_that_calls_back("document.querySelector('udp-echo').export().then(arguments[0])")
        .await?;
    Ok(run.as_str().context("a run is a text")?.to_owned())
}

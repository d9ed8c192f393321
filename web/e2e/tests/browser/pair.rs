//! Two clients of one server: what tells them apart, for everybody.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use test_support::host::TestServer;

use crate::axe::assert_accessible;
use crate::browser::in_chromium;
use crate::experiments;
use crate::page::Page;

/// The server's box, block by block: the client's letter, what stands in the block, its colour.
async fn blocks(page: &Page) -> Result<Vec<(String, String, String)>> {
    let blocks = page
        .script(
            "return [...document.querySelectorAll('.shared-server .served')].map((block) => [
                block.querySelector('.letter').textContent, block.querySelector('pre').textContent,
                getComputedStyle(block).borderInlineStartColor])",
        )
        .await?;
    serde_json::from_value(blocks).context("blocks")
}

async fn one_server_tells_its_clients_apart(
    page: &Page,
    host: &TestServer,
    mode: &str,
) -> Result<()> {
    let case = experiments::CASES
        .iter()
        .find(|case| case.name == "two-clients")
        .context("the case")?;
    experiments::perform(page, host, case, mode).await?;
    page.wait_for(
        "all that the server did",
        "return document.querySelectorAll('.shared-server .served').length === 6",
    )
    .await?;

    // One box of the server, and none inside the clients.
    let shown = page
        .script(
            "return [...document.querySelectorAll('.elements udp-echo')].map((one) =>
                [...one.shadowRoot.querySelectorAll('[data-transcript]')].filter((side) => side.checkVisibility()).map((side) => side.dataset.transcript).join())",
        )
        .await?;
    ensure!(shown == serde_json::json!(["client", "client"]), "{shown}");
    // The server stands right below them.
    let gaps = page
        .script(
            "return [...document.querySelectorAll('.elements udp-echo')].map((one) =>
                Math.round(one.offsetHeight - one.shadowRoot.querySelector('[part=frame]').offsetHeight))",
        )
        .await?;
    ensure!(gaps == serde_json::json!([0, 0]), "{gaps}");
    let server = page
        .script("return document.querySelector('.shared-server h4 code').textContent")
        .await?;
    let port = server
        .as_str()
        .and_then(|server| server.rsplit(':').next())
        .context("a port")?;
    let log = page
        .script("return document.querySelector('.shared-server .lines').textContent")
        .await?;
    let log = log.as_str().context("text")?;
    ensure!(
        log.starts_with(&format!(
            "starting up on 127.0.0.1 port {port}\nwaiting to receive message"
        )),
        "{log}"
    );

    // Each with a letter, a colour and a port of its own, everywhere the same.
    let titles = page
        .script(
            "return [...document.querySelectorAll('.client h4')].map((title) => title.textContent)",
        )
        .await?;
    let all = blocks(page).await?;
    let mut colours = BTreeSet::new();
    for (place, letter) in ["A", "B"].into_iter().enumerate() {
        let title = titles[place].as_str().context("a title")?;
        let client = title
            .strip_prefix(&format!("{letter} Client {letter} 127.0.0.1:"))
            .with_context(|| format!("{title:?}"))?;
        let of_it: Vec<_> = all.iter().filter(|block| block.0 == letter).collect();
        ensure!(of_it.len() == 3, "{all:?}");
        for (index, (_, text, colour)) in of_it.into_iter().enumerate() {
            let message = format!("{letter}: message {}", index + 1);
            let bytes = message.len();
            ensure!(
                *text
                    == format!(
                        "received {bytes} bytes from ('127.0.0.1', {client})\n{message}\nsent {bytes} bytes back to ('127.0.0.1', {client})"
                    ),
                "{text:?}"
            );
            colours.insert((letter, colour.clone()));
        }
    }
    let different: BTreeSet<&String> = colours.iter().map(|(_, colour)| colour).collect();
    ensure!(colours.len() == 2 && different.len() == 2, "{colours:?}");
    let messages = page
        .script(
            "return [...document.querySelectorAll('.elements udp-echo')].map((one) =>
                [...one.shadowRoot.querySelectorAll('[data-transcript=client] [part~=line]')].map((line) => line.textContent)
                    .filter((line) => line.startsWith('received')))",
        )
        .await?;
    let received = |letter: &str| -> Vec<Value> {
        (1..=3)
            .map(|n| format!("received \"{letter}: message {n}\"").into())
            .collect()
    };
    ensure!(
        messages == serde_json::json!([received("A"), received("B")]),
        "{messages}"
    );
    assert_accessible(page, "two clients").await
}

#[tokio::test]
async fn two_clients_stand_in_one_box_of_the_server_each_with_its_letter_colour_and_port() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for mode in ["live", "simulated"] {
            one_server_tells_its_clients_apart(page, &host, mode)
                .await
                .context(mode)?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

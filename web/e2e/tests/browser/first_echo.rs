//! The main job: a visitor opens the page, presses Send, and reads what happened.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use thirtyfour::Key;

use crate::browser::in_chromium;
use crate::page::{Page, eventually};
use test_support::host::TestServer;

const DEFAULT_MESSAGE: &str = "This is the message.  It will be repeated.";

/// Opens the host's page, waits until its widget is live, and asks for all there is of it.
pub(crate) async fn open_live(page: &Page, host: &TestServer) -> Result<()> {
    open_first(page, host).await?;
    page.click(".more").await?;
    for part in ["[part~=lab]", "[part~=byte-view]"] {
        page.wait_for_in_widget("all there is of it", part).await?;
    }
    Ok(())
}

/// Opens the host's page as it comes, and waits until its widget is live.
pub(crate) async fn open_first(page: &Page, host: &TestServer) -> Result<()> {
    page.open(&format!("http://{}/", host.http())).await?;
    page.wait_for_state("live").await
}

/// The lines of a transcript, as a visitor reads them; remarks of ours are no part of the tutorial's words.
async fn transcript(page: &Page, side: &str) -> Result<Vec<String>> {
    let lines = page
        .in_widget(&format!(
            "return [...root.querySelectorAll('[data-transcript={side}] [data-kind]:not([data-kind=remark])')]
                .map((line) => line.textContent)"
        ))
        .await?;
    serde_json::from_value(lines).context("lines of a transcript")
}

/// Waits until the datagram with this number has this fate.
pub(crate) async fn wait_for_fate(page: &Page, number: u64, fate: &str) -> Result<()> {
    let row = format!("tr[data-number=\"{number}\"][data-fate={fate}]");
    page.wait_for_in_widget(&format!("datagram {number} {fate}"), &row)
        .await
}

#[tokio::test]
async fn the_default_message_comes_back_and_both_transcripts_say_so_in_the_tutorials_words() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let navigated = Instant::now();
        open_first(page, &host).await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        let first_echo = navigated.elapsed();
        println!("from opening the page to the first echo: {} ms", first_echo.as_millis());

        let client = transcript(page, "client").await?;
        let quoted = format!("\"{DEFAULT_MESSAGE}\"");
        let expected = [
            format!("sending {quoted}"),
            "waiting to receive".to_owned(),
            format!("received {quoted}"),
        ];
        ensure!(client == expected, "the client's transcript: {client:#?}");

        // Its last lines may come after the echo: the server's own report takes another way than the datagram.
        let server = eventually("the server waits again", async || {
            let lines = transcript(page, "server").await?;
            Ok((lines.len() >= 8).then_some(lines))
        })
        .await?;
        let peer = server[3].rsplit_once(" from ").context("a peer")?.1;
        let port = peer.strip_prefix("('127.0.0.1', ").and_then(|rest| rest.strip_suffix(')'));
        port.with_context(|| format!("{peer} as Python prints it"))?.parse::<u16>()?;
        let expected = [
            format!("starting up on 127.0.0.1 port {}", host.udp().port()),
            String::new(),
            "waiting to receive message".to_owned(),
            format!("received 42 bytes from {peer}"),
            DEFAULT_MESSAGE.to_owned(),
            format!("sent 42 bytes back to {peer}"),
            String::new(),
            "waiting to receive message".to_owned(),
        ];
        ensure!(server == expected, "the server's transcript: {server:#?}");

        let row = page
            .in_widget("return [...root.querySelector('tr[data-number]').cells].map((cell) => cell.textContent)")
            .await?;
        ensure!(row[0] == json!("1") && row[1] == json!("42"), "the row: {row}");
        ensure!(row[2].as_str().is_some_and(|trip| trip.contains("ms") || trip.contains("µs")), "{row}");
        ensure!(row[5] == json!("echoed"), "{row}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_keyboard_alone_sends_a_message_of_ones_own() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_first(page, &host).await?;
        // From the top of the page, as somebody without a mouse would come.
        page.tab_to("message").await?;
        page.select_all().await?;
        page.press("Grüße" + Key::Enter).await?;
        wait_for_fate(page, 1, "echoed").await?;
        let client = transcript(page, "client").await?;
        ensure!(
            client.contains(&"received \"Grüße\"".to_owned()),
            "{client:#?}"
        );
        let server = transcript(page, "server").await?;
        ensure!(
            server
                .iter()
                .any(|line| line.starts_with("received 7 bytes from ")),
            "{server:#?}"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_line_that_no_datagram_holds_is_said_to_be_too_long_kept_and_rejected() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_first(page, &host).await?;
        page.in_widget(
            "const message = root.querySelector('[part=message]');
             message.value = 'a'.repeat(100_000);
             message.dispatchEvent(new InputEvent('input', { bubbles: true }))",
        )
        .await?;
        let said = "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=length]').textContent";
        page.wait_for("the sentence", &format!("{said}.includes('More than the 65507 bytes')"))
            .await?;
        let said = page.script(said).await?;
        let said = said.as_str().context("a sentence")?;
        ensure!(said.contains("100000 bytes"), "{said}");
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "rejected").await?;
        let kept = page
            .in_widget(
                "return [root.querySelector('[part=message]').value.length, root.querySelector('tr[data-number]').cells[1].textContent,
                     root.querySelector('[part=widget]').dataset.state, document.documentElement.scrollWidth <= innerWidth]",
            )
            .await?;
        ensure!(kept == json!([100_000, "100000", "live", true]), "{kept}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_host_that_goes_away_is_said_and_come_back_to() {
    let host = TestServer::start(&[]).await;
    let address = host.http().to_string();
    in_chromium(async |page| {
        open_first(page, &host).await?;
        host.shutdown().await;
        page.wait_for_state("gone").await?;
        // The browser itself logs each connection that fails; these are what this test is about.
        page.console().await?;
        let again = TestServer::start(&["--http", &address]).await;
        page.wait_for_state("live").await?;
        page.console().await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        again.shutdown().await;
        page.wait_for_state("gone").await?;
        page.console().await?;
        Ok(())
    })
    .await;
}

//! Who is not there: a server that has not started, and a host that is gone. What a reader sees of them, and what goes on.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_support::host::{HostProgram, TestServer};

use crate::axe::assert_accessible;
use crate::browser::in_chromium;
use crate::experiments;
use crate::first_echo::wait_for_fate;
use crate::page::Page;

/// The widget of the card that is open.
const CARD: &str = ".elements udp-echo";

/// The first widget of the page.
const FIRST: &str = "udp-echo";

/// What a script returns that finds the shadow root of a widget as `root`.
async fn inside(page: &Page, widget: &str, body: &str) -> Result<Value> {
    let root = format!("const root = document.querySelector('{widget}').shadowRoot;");
    page.script(&format!("{root} {body}")).await
}

/// The lines that one side of the card's widget printed.
async fn lines(page: &Page, side: &str) -> Result<Vec<String>> {
    let lines = inside(page, CARD, &format!(
            "return [...root.querySelectorAll('[data-transcript={side}] [part~=line]')].map((line) => line.textContent)"
        ))
        .await?;
    serde_json::from_value(lines).context("lines")
}

/// Whether the text of the first element that matches is struck out.
async fn is_struck_out(page: &Page, widget: &str, selector: &str) -> Result<bool> {
    let line = inside(
        page,
        widget,
        &format!("return getComputedStyle(root.querySelector('{selector}')).textDecorationLine"),
    )
    .await?;
    Ok(line == "line-through")
}

const SERVER_STATION: &str = "[part=station]:nth-of-type(5) b";
const SERVER_TITLE: &str = "[data-transcript=server] b";
const SERVER_LANE: &str = "[part=lane-name]:nth-of-type(3)";

/// All that the page says, widgets included.
const ALL_TEXT: &str = "const texts = (root) => [...root.querySelectorAll('*')].flatMap((one) =>
        [...[...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data), ...(one.shadowRoot ? texts(one.shadowRoot) : [])]);
    return texts(document).join('\\n');";

async fn not_started(page: &Page, host: &TestServer, mode: &str) -> Result<()> {
    experiments::open(page, host, "nobody-listening", mode).await?;
    let down = format!(
        "return document.querySelector('{CARD}').shadowRoot.querySelector('[data-server-down]')"
    );
    page.wait_for("the server is down", &format!("{down} !== null"))
        .await?;
    let said = lines(page, "server").await?;
    let address = said
        .first()
        .and_then(|line| line.strip_prefix("not running: nobody has bound "))
        .with_context(|| format!("{said:?}"))?
        .to_owned();
    ensure!(said.len() == 1, "{said:?}");
    ensure!(mode == "live" || address == "127.0.0.1:10000", "{address}");
    ensure!(
        is_struck_out(page, CARD, SERVER_STATION).await?
            && is_struck_out(page, CARD, SERVER_TITLE).await?
    );
    let shown = inside(
        page,
        CARD,
        "return root.querySelector('[data-ref=server]').textContent",
    )
    .await?;
    ensure!(shown == json!(address), "{shown} and {address}");
    page.script(&format!(
        "document.querySelector('{CARD}').view = 'timeline'"
    ))
    .await?;
    let lane = format!(
        "return document.querySelector('{CARD}').shadowRoot.querySelector('{SERVER_LANE}') !== null"
    );
    page.wait_for("the picture", &lane).await?;
    ensure!(is_struck_out(page, CARD, SERVER_LANE).await?);
    page.script(&format!(
        "document.querySelector('{CARD}').removeAttribute('view')"
    ))
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_has_not_started_is_struck_out_and_waits_for_nothing() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for mode in ["live", "simulated"] {
            not_started(page, &host, mode).await.context(mode)?;
            let case = experiments::CASES
                .iter()
                .find(|case| case.name == "nobody-listening");
            experiments::act(page, case.context("the case")?).await?;

            let said = lines(page, "server").await?;
            let start = said.get(1).map_or("", String::as_str);
            ensure!(
                start.starts_with("starting up on 127.0.0.1 port "),
                "{said:?}"
            );
            ensure!(
                said[3] == "waiting to receive message" && said[4].starts_with("received 42 bytes"),
                "{said:?}"
            );
            ensure!(
                !is_struck_out(page, CARD, SERVER_STATION).await?
                    && !is_struck_out(page, CARD, SERVER_TITLE).await?
            );
            let client = lines(page, "client").await?;
            let connected = client
                .iter()
                .filter(|line| line.starts_with("connect() sends nothing. It fixes the peer"));
            ensure!(connected.count() == 1, "{client:?}");
            // In the order of the calls: connect, and then send.
            let place = |begins: &str, nth| {
                let mut places = (0..client.len()).filter(|at| client[*at].starts_with(begins));
                places.nth(nth)
            };
            ensure!(
                place("connect() sends", 0) < place("sending", 1),
                "{client:?}"
            );
            let said = page.script(ALL_TEXT).await?;
            let said = said.as_str().context("text")?;
            ensure!(said.contains("Connection refused"));
            for never in ["os error", "““", "””", "\"“"] {
                ensure!(!said.contains(never), "{never} in {said}");
            }
            assert_accessible(page, "nobody listens").await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_host_that_is_gone_is_behind_a_broken_line_and_the_reader_goes_on_simulated() {
    let mut host = HostProgram::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http)).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        let colour_of_time = "return getComputedStyle(root.querySelector('tr[data-number] td:nth-of-type(2)')).color";
        let before = page.in_widget(colour_of_time).await?;
        ensure!(!is_struck_out(page, FIRST, SERVER_STATION).await?);
        let hidden = "return root.querySelector('[part=simulate]').hidden";
        ensure!(page.in_widget(hidden).await? == true);

        host.signal("-TERM").await;
        host.ended().await;
        page.wait_for_in_widget("the host is gone", "[data-host-gone]")
            .await?;
        ensure!(is_struck_out(page, FIRST, SERVER_STATION).await? && is_struck_out(page, FIRST, SERVER_TITLE).await?);
        let cross = page
            .in_widget("return getComputedStyle(root.querySelector('[part=hop]:nth-of-type(2) [part=wire]'), '::after').content")
            .await?;
        ensure!(cross.as_str().is_some_and(|content| content.contains('✕')), "{cross}");
        let after = page.in_widget(colour_of_time).await?;
        ensure!(before != after, "the time is as dark as ever: {after}");
        page.in_widget("root.querySelector('tr[data-number]').scrollIntoView()").await?;
        assert_accessible(page, "a host that is gone").await?;

        let offered = page
            .in_widget("return root.querySelector('[part=simulate]').textContent")
            .await?;
        ensure!(offered == "Continue simulated", "{offered}");
        page.press_in_widget("[part=simulate]").await?;
        page.wait_for_state("simulated").await?;
        ensure!(page.in_widget(hidden).await? == true);
        ensure!(!is_struck_out(page, FIRST, SERVER_STATION).await?);
        let detail = page
            .in_widget("return root.querySelector('[part=detail]').textContent")
            .await?;
        ensure!(
            detail.as_str().is_some_and(|said| said.contains("No datagram leaves this page")),
            "{detail}"
        );
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        // Tries that meet nobody are errors to the browser; they are what this test is about.
        page.console().await?;
        Ok(())
    })
    .await;
}

//! The words and the numbers of the widget say what is true: how long something took and where, what became of it, and who
//! can know.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_support::host::TestServer;

use crate::browser::in_chromium;
use crate::first_echo::wait_for_fate;
use crate::page::Page;

const MODES: [&str; 2] = ["live", "simulated"];

/// Opens the bare widget with these attributes, as the address of an iframe has them.
async fn open(page: &Page, host: &TestServer, mode: &str, attributes: &str) -> Result<()> {
    page.open(&format!(
        "http://{}/embed?mode={mode}&{attributes}",
        host.http()
    ))
    .await?;
    page.wait_for_state(mode).await
}

async fn press_send(page: &Page) -> Result<()> {
    page.part("send").await?.click().await?;
    Ok(())
}

/// The texts of what a selector finds inside the widget and a reader sees.
async fn seen(page: &Page, selector: &str) -> Result<Vec<String>> {
    let texts = page
        .in_widget(&format!(
            "return [...root.querySelectorAll('{selector}')].filter((one) => one.checkVisibility()).map((one) => one.textContent.trim())"
        ))
        .await?;
    serde_json::from_value(texts).context("texts")
}

/// The lines of a transcript.
async fn transcript(page: &Page, side: &str) -> Result<Vec<String>> {
    seen(page, &format!("[data-transcript={side}] [data-kind]")).await
}

/// Waits until a transcript has this line.
async fn wait_for_line(page: &Page, side: &str, line: &str) -> Result<()> {
    let (side, line) = (Value::from(side), Value::from(line));
    page.wait_for(
        &format!("{line} in the transcript of {side}"),
        &format!(
            "const lines = document.querySelector('udp-echo').shadowRoot.querySelectorAll(`[data-transcript=${{{side}}}] [data-kind]`);
             return [...lines].some((one) => one.textContent === {line})"
        ),
    )
    .await?;
    Ok(())
}

/// How many clicks, and how many sends of a script in between.
const SENDS: usize = 24;

/// What the table and the path call the time before the relay, in milliseconds, of clicks and of a script's sends in turns: of
/// each kind the time that a quarter of them do not exceed. A busy machine makes some of both slow, and not the quickest.
async fn quick_ones(page: &Page) -> Result<[f64; 2]> {
    page.script("globalThis.before = []").await?;
    for number in 1..=2 * SENDS {
        if number % 2 == 1 {
            press_send(page).await?;
        } else {
            page.script("document.querySelector('udp-echo').send()")
                .await?;
        }
        page.wait_for("its echo", &format!("return before.length === {number}"))
            .await?;
    }
    let before: Vec<f64> = serde_json::from_value(page.script("return before").await?)?;
    Ok([0, 1].map(|turn| {
        let mut kind: Vec<f64> = before.iter().skip(turn).step_by(2).copied().collect();
        kind.sort_by(f64::total_cmp);
        kind[kind.len() / 4]
    }))
}

/// Chromium holds back what arrives after a click until it has painted: a frame, 16 ms. Nobody must take that for the WebSocket.
#[tokio::test]
async fn what_a_click_sends_takes_no_longer_to_the_relay_than_what_a_script_sends() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "live", "").await?;
        page.script(
            "document.querySelector('udp-echo').addEventListener('udp-echoed',
                 ({ detail: { roundTrip, beyondRelay } }) => before.push(roundTrip - beyondRelay))",
        )
        .await?;
        let mut rounds = Vec::new();
        for _ in 0..3 {
            let [clicked, scripted] = quick_ones(page).await?;
            println!(
                "before the relay: {clicked:.2} ms after a click, {scripted:.2} ms from a script"
            );
            rounds.push((clicked, scripted));
            if clicked <= 3.0 * scripted + 1.0 {
                break;
            }
        }
        let (clicked, scripted) = rounds[rounds.len() - 1];
        ensure!(
            clicked <= 3.0 * scripted + 1.0,
            "clicks are slow: {rounds:?}"
        );
        // The part is called by what it contains.
        ensure!(
            seen(page, "[part=hop]:nth-of-type(2) > span:first-child").await?
                == ["browser, WebSocket"]
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_got_no_answer_was_lost_on_the_link_or_had_no_answer_in_time_and_nothing_else() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for mode in MODES {
            open(page, &host, mode, "loss=100+0&timeout=300").await?;
            press_send(page).await?;
            wait_for_fate(page, 1, "dropped").await?;
            let row = "tr[data-number=\"1\"] [part=fate]";
            ensure!(seen(page, row).await? == ["lost on the link, on the way there"]);
            let sum = seen(page, "[part=equation] [part=count]").await?;
            ensure!(sum == ["1sent", "1lost on the link"], "{mode}: zeros are hidden: {sum:?}");

            page.script("const one = document.querySelector('udp-echo'); one.loss = '0'; one.delay = '600 0'").await?;
            press_send(page).await?;
            wait_for_fate(page, 2, "lost").await?;
            wait_for_line(page, "client", "too late: datagram 2 had timed out").await?;
            let row = "tr[data-number=\"2\"] [part=fate]";
            page.wait_for_in_widget("the row", &format!("{row} [part=fate-detail]:not(:empty)")).await?;
            ensure!(seen(page, row).await? == ["no answer in time, answered too late"]);
            let sum = seen(page, "[part=equation] [part=count]").await?;
            ensure!(sum == ["2sent", "1no answer in time", "1lost on the link"], "{mode}: {sum:?}");
            let beside = seen(page, "[part=beside] [part=count]").await?;
            ensure!(beside == ["1answered too late"], "{mode}: {beside:?}");
            let signs = page
                .in_widget(
                    "return [...root.querySelectorAll('[part=equation] [part=count]')].filter((one) => one.checkVisibility())
                         .map((one) => getComputedStyle(one, '::before').content)",
                )
                .await?;
            ensure!(signs == json!(["none", "\"=\"", "\"+\""]), "{mode}: {signs}");

            let said = page.in_widget("return root.textContent").await?;
            let said = said.as_str().context("a text")?;
            for other in ["dropped", "the lab"] {
                ensure!(!said.contains(other), "{mode}: {other:?} in {said}");
            }
            let told = page.in_widget("return root.querySelector('[part=announcer]').textContent").await?;
            ensure!(told.as_str().is_some_and(|told| told.contains("lost on the link") || told.contains("no answer in time")), "{told}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_client_says_timed_out_and_causes_stand_in_what_the_link_did() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for mode in MODES {
            open(page, &host, mode, "view=transcript&message=ping").await?;
            press_send(page).await?;
            wait_for_line(page, "client", "received \"ping\"").await?;
            ensure!(seen(page, "[data-transcript=link]").await?.is_empty(), "{mode}: there is no link that does anything");

            open(page, &host, mode, "view=transcript&message=ping&timeout=700&loss=0+100&duplicate=100+0").await?;
            let title = seen(page, "[data-transcript=link] [part=title]").await?;
            ensure!(title == ["Link what the link did"], "{mode}: {title:?}");
            press_send(page).await?;
            // The page knows by now, and the client still waits.
            wait_for_line(page, "link", "datagram 1: lost on the way back").await?;
            let early = transcript(page, "client").await?;
            wait_for_line(page, "client", "timed out (datagram 1)").await?;
            let client = transcript(page, "client").await?;
            let expected = ["sending \"ping\"", "waiting to receive", "timed out (datagram 1)"];
            ensure!(client == expected, "{mode}: {client:?}");
            ensure!(early == expected[..2] || early == expected, "{mode}: {early:?}");
            let did = transcript(page, "link").await?;
            let lost = "datagram 1: lost on the way back";
            ensure!(did == ["datagram 1: doubled on the way there", lost, lost], "{mode}: {did:?}");
            // The lane has a name for screen readers, and the Tab key reaches it.
            let lane = page
                .in_widget(
                    "const log = root.querySelector('[data-transcript=link] [role=log]');
                     const name = root.getElementById ? root.getElementById(log.getAttribute('aria-labelledby')) : null;
                     return [log.tabIndex, (name ?? root.querySelector('#link-title')).textContent, log.parentElement.getAttribute('role')]",
                )
                .await?;
            ensure!(lane == json!([0, "Link what the link did", "group"]), "{mode}: {lane}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn times_have_three_digits_and_a_unit_and_every_echo_has_a_round_trip() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for mode in MODES {
            open(page, &host, mode, "delay=300+300&timeout=5000").await?;
            press_send(page).await?;
            wait_for_fate(page, 1, "echoed").await?;
            let title = seen(page, "[part=way-title]").await?;
            ensure!(title == ["Datagram 1: time since it reached the relay"], "{mode}: {title:?}");
            let times = seen(page, "[part=way] [part=number]").await?;
            let is_short = |time: &String| {
                let digits = time.chars().filter(char::is_ascii_digit).count();
                !time.starts_with('+') && (1..=3).contains(&digits) && [" s", " ms", " µs"].iter().any(|unit| time.ends_with(unit))
            };
            ensure!(times.len() == 6 && times.iter().all(is_short), "{mode}: {times:?}");
            ensure!(times[0] == "0 µs" && times[1].ends_with(" ms") && !times[5].ends_with("µs"), "{mode}: {times:?}");

            let rough = "loss=10+10&duplicate=20+20&delay=20+20&jitter=15+15&reorder=20+20&count=60&interval=25&timeout=5000";
            open(page, &host, mode, rough).await?;
            press_send(page).await?;
            page.wait_for(
                "all fates",
                "const rows = [...document.querySelector('udp-echo').shadowRoot.querySelectorAll('tr[data-fate]')];
                 return rows.length === 60 && !rows.some((row) => row.dataset.fate === 'in flight')",
            )
            .await?;
            let without = page
                .in_widget(
                    "const rows = [...root.querySelectorAll('tr[data-fate=echoed]')];
                     return [rows.length > 10, rows.filter(({ cells }) => !/^[0-9.]{1,4} (s|ms|µs)$/.test(cells[2].textContent)).map((row) => row.textContent)]",
                )
                .await?;
            ensure!(without == json!([true, []]), "{mode}: {without}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

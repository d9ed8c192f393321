//! A second lane of a session: datagrams between page and relay by WebTransport.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::browser::{Browser, in_browser, in_chromium};
use crate::embed::site::Site;
use crate::first_echo::wait_for_fate;
use crate::page::Page;
use test_support::host::TestServer;

/// A host with lanes.
async fn host() -> TestServer {
    TestServer::start(&["--webtransport", "127.0.0.1:0"]).await
}

/// Opens the widget alone, with these attributes.
async fn open(page: &Page, host: &TestServer, attributes: &str) -> Result<()> {
    let address = format!("http://{}/embed?motion=none&{attributes}", host.http());
    page.open(&address).await?;
    page.wait_for_state("live").await
}

/// Waits until the badge says this.
async fn wait_for_badge(page: &Page, words: &str) -> Result<()> {
    let badge = format!(
        "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=badge]')?.textContent.trim() === {}",
        json!(words)
    );
    page.wait_for(&format!("the badge {words:?}"), &badge)
        .await?;
    Ok(())
}

/// The text of a place in the widget.
async fn text(page: &Page, selector: &str) -> Result<String> {
    let text = page
        .in_widget(&format!(
            "return root.querySelector({}).textContent",
            json!(selector)
        ))
        .await?;
    Ok(text.as_str().context("a text")?.to_owned())
}

/// Chromium up to 156 knows the keyword for lanes in the host's own policy only as an error in its console.
async fn pass_over_unknown_keyword(page: &Page) -> Result<()> {
    let console = page.console().await?;
    let is_known =
        |line: &String| line.contains("'unsafe-webtransport-hashes''. It will be ignored");
    ensure!(
        console.iter().all(is_known),
        "errors in the console: {console:#?}"
    );
    Ok(())
}

async fn send(page: &Page, message: &str) -> Result<()> {
    let message = json!(message);
    page.script(&format!(
        "document.querySelector('udp-echo').send({message})"
    ))
    .await?;
    Ok(())
}

/// Sends so many bytes.
async fn send_bytes(page: &Page, bytes: usize) -> Result<()> {
    page.script(&format!(
        "document.querySelector('udp-echo').send(new Uint8Array({bytes}))"
    ))
    .await?;
    Ok(())
}

/// Counts what pages send in binary messages by their WebSockets, as `bySocket`.
const WATCH_SOCKETS: &str = "globalThis.bySocket = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (typeof data !== 'string') bySocket += 1;
        return send.call(this, data);
    };";

/// Loses datagrams that say so between page and relay, there or back; and keeps the newest lane as `lane`.
const LOSE: &str = "const says = (bytes, words) => new TextDecoder().decode(bytes).includes(words);
    globalThis.WebTransport = class extends WebTransport {
        constructor(...all) {
            super(...all);
            globalThis.lane = this;
        }
    };
    const { write } = WritableStreamDefaultWriter.prototype;
    WritableStreamDefaultWriter.prototype.write = function (data) {
        return says(data, 'lost there') ? Promise.resolve() : write.call(this, data);
    };
    const { read } = ReadableStreamDefaultReader.prototype;
    ReadableStreamDefaultReader.prototype.read = async function () {
        for (;;) {
            const item = await read.call(this);
            if (item.done || !says(item.value, 'lost back')) return item;
        }
    };";

#[tokio::test]
async fn a_session_moves_to_webtransport_when_that_opens_and_longer_datagrams_go_by_the_websocket()
{
    let host = host().await;
    in_chromium(async |page| {
        page.before_each_page(WATCH_SOCKETS).await?;
        open(page, &host, "lane=auto").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        let hop = text(page, "[part=hop]:nth-of-type(2) > span:first-child").await?;
        ensure!(hop == "browser, WebTransport", "{hop}");
        for (number, message) in [(1, "by the lane"), (2, "once more")] {
            send(page, message).await?;
            wait_for_fate(page, number, "echoed").await?;
        }
        let client = text(page, "[data-transcript=client]").await?;
        ensure!(client.contains("received \"once more\""), "{client}");
        ensure!(page.script("return bySocket").await? == json!(0));

        send_bytes(page, 2000).await?;
        wait_for_fate(page, 3, "echoed").await?;
        ensure!(page.script("return bySocket").await? == json!(1));
        let detail = text(page, "[part=detail]").await?;
        ensure!(
            detail.contains("Datagram 3 has 2000 bytes, and a datagram of this lane at most 1")
                && detail.contains(": it went by the WebSocket."),
            "{detail}"
        );
        send(page, "and back to the lane").await?;
        wait_for_fate(page, 4, "echoed").await?;
        send(page, "").await?;
        wait_for_fate(page, 5, "unanswered").await?;
        ensure!(page.script("return bySocket").await? == json!(1));
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_session_that_begins_on_webtransport_rejects_what_is_too_long_and_names_the_limit() {
    let host = host().await;
    in_chromium(async |page| {
        page.before_each_page(WATCH_SOCKETS).await?;
        open(page, &host, "lane=webtransport&autosend&message=first").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        wait_for_fate(page, 1, "echoed").await?;
        send_bytes(page, 2000).await?;
        wait_for_fate(page, 2, "rejected").await?;
        let why = text(page, "tr[data-number='2'] [part=fate]").await?;
        ensure!(
            why.contains("too long for the lane: 2000 bytes, and it carries")
                && why.contains("at most"),
            "{why}"
        );
        send(page, "after it").await?;
        wait_for_fate(page, 3, "echoed").await?;
        ensure!(page.script("return bySocket").await? == json!(0));
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_lost_between_page_and_relay_is_lost_and_the_books_close() {
    let host = host().await;
    in_chromium(async |page| {
        page.before_each_page(LOSE).await?;
        open(page, &host, "lane=auto&timeout=5000&view=timeline").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        page.script(
            "const element = document.querySelector('udp-echo');
             for (const message of ['one', 'lost there', 'three', 'lost back', 'five']) element.send(message);",
        )
        .await?;
        for (number, fate) in [(1, "echoed"), (3, "echoed"), (5, "echoed"), (2, "dropped"), (4, "dropped")] {
            wait_for_fate(page, number, fate).await?;
        }
        for (number, way) in [(2, "there"), (4, "back")] {
            let row = text(page, &format!("tr[data-number='{number}'] [part=fate]")).await?;
            let expected = format!("lost on the link between this page and the host on the way {way}");
            ensure!(row == expected, "{row}");
        }
        let sum = text(page, "[part=equation]").await?;
        for term in ["5", "3", "2"] {
            ensure!(sum.contains(term), "{sum}");
        }
        // The picture has the losses in the browser's strip.
        for number in [2, 4] {
            let hop = format!("[data-ref=picture] line[part=hop][data-lost][data-number='{number}']");
            page.wait_for_in_widget("the loss in the picture", &hop).await?;
        }
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_lane_that_ends_leaves_the_session_to_the_websocket_and_is_opened_again() {
    let host = host().await;
    in_chromium(async |page| {
        page.before_each_page(LOSE).await?;
        page.before_each_page(WATCH_SOCKETS).await?;
        open(page, &host, "lane=auto").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        send(page, "by the lane").await?;
        wait_for_fate(page, 1, "echoed").await?;
        page.script("lane.close()").await?;
        wait_for_badge(page, "Live over WebSocket").await?;
        let detail = text(page, "[part=detail]").await?;
        ensure!(detail.contains("The WebTransport lane ended"), "{detail}");
        send(page, "by the WebSocket").await?;
        wait_for_fate(page, 2, "echoed").await?;
        ensure!(page.script("return bySocket").await? == json!(1));
        wait_for_badge(page, "Live over WebTransport").await?;
        send(page, "by the second lane").await?;
        wait_for_fate(page, 3, "echoed").await?;
        ensure!(page.script("return bySocket").await? == json!(1));
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

/// Waits for an echo over the WebSocket, and for this in the words that say why.
async fn expect_reason(page: &Page, reason: &str) -> Result<()> {
    wait_for_badge(page, "Live over WebSocket").await?;
    let detail = text(page, "[part=detail]").await?;
    ensure!(
        detail.contains("WebTransport did not open, so datagrams go by the WebSocket. "),
        "{detail}"
    );
    ensure!(detail.contains(reason), "{detail}");
    send(page, "still here").await?;
    wait_for_fate(page, 1, "echoed").await
}

#[tokio::test]
async fn a_lane_that_does_not_open_changes_nothing_and_says_why() {
    let without = TestServer::start(&[]).await;
    let host = host().await;
    in_chromium(async |page| {
        for lane in ["auto", "webtransport"] {
            open(page, &without, &format!("lane={lane}")).await?;
            expect_reason(page, "This host offers none: it was started without --webtransport.").await?;
        }
        // A policy that does not name the lane.
        let mut site = Site::named("localhost").await?;
        site.bundle("/")?;
        let body = format!(
            "<!doctype html><title>t</title><script type=module src=/udp-echo.js></script><udp-echo lane=auto relay=http://{}></udp-echo>",
            host.http()
        );
        let policy = format!("connect-src 'self' http://{0} ws://{0}", host.http());
        site.page("/", &policy, &body);
        page.open(&format!("{}/", site.serve())).await?;
        page.wait_for_state("live").await?;
        wait_for_badge(page, "Live over WebSocket").await?;
        let detail = text(page, "[part=detail]").await?;
        ensure!(detail.contains("The Content-Security-Policy of this page forbids it. Add to it: connect-src https://127.0.0.1:"), "{detail}");
        // The browser logs the violation.
        page.console().await?;

        page.before_each_page("delete globalThis.WebTransport").await?;
        open(page, &host, "lane=webtransport").await?;
        expect_reason(page, "This browser has no WebTransport").await?;
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
    without.shutdown().await;
}

/// Takes another certificate than the host's, so that the handshake fails.
const WRONG_HASH: &str = "globalThis.WebTransport = class extends WebTransport {
        constructor(url, options) {
            options.serverCertificateHashes.forEach(({ value }) => (value[0] ^= 1));
            super(url, options);
        }
    };";

/// The page's clock is twenty days ahead.
const IN_TWENTY_DAYS: &str = "const now = Date.now;
    Date.now = () => now() + 20 * 24 * 3600 * 1000;";

#[tokio::test]
async fn a_lane_whose_certificate_is_not_taken_names_the_handshake_and_an_expired_one_its_day() {
    let host = host().await;
    in_chromium(async |page| {
        page.before_each_page(WRONG_HASH).await?;
        open(page, &host, "lane=auto").await?;
        let causes = "What may be in the way: something on the way that stops UDP to 127.0.0.1:";
        expect_reason(page, causes).await?;
        let detail = text(page, "[part=detail]").await?;
        ensure!(
            detail.contains("a QUIC handshake from 127.0.0.1 "),
            "{detail}"
        );
        // The browser logs the handshake that failed.
        page.console().await?;

        page.before_each_page(IN_TWENTY_DAYS).await?;
        open(page, &host, "lane=auto").await?;
        let expired = "By the clock of this machine, the host's certificate expired on 20";
        expect_reason(page, expired).await?;
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn where_udp_is_blocked_the_session_goes_on_and_says_that_no_packet_came() {
    // A port that somebody has, and where nobody answers.
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let settings = [
        "--webtransport",
        "127.0.0.1:0",
        "--webtransport-url",
        url.as_str(),
    ];
    let host = TestServer::start(&settings).await;
    in_chromium(async |page| {
        open(page, &host, "lane=auto").await?;
        let came = "no QUIC packet from 127.0.0.1 has reached this host in the last 30 seconds";
        expect_reason(page, came).await?;
        let detail = text(page, "[part=detail]").await?;
        ensure!(detail.contains(&format!("UDP to {url}")), "{detail}");
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn without_the_attribute_nothing_of_the_lane_is_loaded() {
    let host = host().await;
    in_chromium(async |page| {
        open(page, &host, "view=transcript").await?;
        wait_for_badge(page, "Live").await?;
        let loads = "return performance.getEntriesByType('resource').filter(({ name }) => name.includes('lane')).length";
        ensure!(page.script(loads).await? == json!(0));
        page.script(
            "globalThis.errors = [];
             const element = document.querySelector('udp-echo');
             element.addEventListener('udp-error', ({ detail }) => errors.push(detail));
             element.lane = 'quic'",
        )
        .await?;
        let error = page.wait_for("the error", "return errors[0]").await?;
        ensure!(error["message"] == "lane=\"quic\" makes no sense and was left out", "{error}");
        ensure!(error["hint"] == "lane=\"websocket\", \"webtransport\" or \"auto\"", "{error}");
        page.script("document.querySelector('udp-echo').lane = 'auto'").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        ensure!(page.script(loads).await? == json!(1));
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

/// Opens so many sessions, and then all their lanes in the same moment. Calls back with how many opened.
const OPEN_MANY: &str = "const session = () => new Promise((have, fail) => {
        const socket = new WebSocket(`ws://${location.host}/relay`);
        socket.onclose = ({ reason }) => fail(reason);
        socket.onmessage = ({ data }) => data.startsWith?.('{\"hello\"') && have([socket, JSON.parse(data).hello.lane]);
    });
    const open = async ([, { url, token, hashes }]) => {
        const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
        const serverCertificateHashes = hashes.map((hash) => ({ algorithm: 'sha-256', value: bytes(hash) }));
        const lane = new WebTransport(`${url}?token=${token}`, { serverCertificateHashes });
        await lane.ready;
        return lane;
    };
    const run = async () => {
        globalThis.sessions = await Promise.all(Array.from({ length: COUNT }, session));
        globalThis.lanes = await Promise.allSettled(sessions.map(open));
        return lanes.filter(({ status }) => status === 'fulfilled').length;
    };
    run().then(arguments[0], (error) => arguments[0](String(error)));";

/// An early trial had a hundred lanes at once from one page, of which a third did not open: that is the browser's own limit.
#[tokio::test]
async fn chromium_opens_64_lanes_of_a_page_at_a_time_and_refuses_the_others_itself() {
    let host = host().await;
    in_chromium(async |page| {
        let mut opened = [0; 2];
        for (asked, count) in [64, 100].into_iter().zip(&mut opened) {
            page.open(&format!("http://{}/embed", host.http())).await?;
            let script = OPEN_MANY.replace("COUNT", &asked.to_string());
            let said = page.script_that_calls_back(&script).await?;
            *count = said.as_u64().with_context(|| said.to_string())?;
        }
        // One that has opened while the others were asked for makes room for another.
        ensure!(
            opened[0] == 64 && (64..100).contains(&opened[1]),
            "{opened:?}"
        );
        for (outcome, count) in [
            ("joined", opened[0] + opened[1]),
            ("refused", 0),
            ("failed", 0),
            ("crowded", 0),
        ] {
            let series = format!("udp_echo_lane_handshakes_total{{outcome=\"{outcome}\"}}");
            let seen = test_support::host::metric(host.http(), &series).await;
            ensure!(seen == Some(count), "{outcome}: {seen:?} of {opened:?}");
        }
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn datagrams_go_by_webtransport_in_firefox_too() {
    let host = host().await;
    in_browser(Browser::Firefox, async |page| {
        open(page, &host, "lane=webtransport&autosend&message=first").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        wait_for_fate(page, 1, "echoed").await?;
        send_bytes(page, 2000).await?;
        wait_for_fate(page, 2, "rejected").await?;

        open(page, &host, "lane=auto").await?;
        wait_for_badge(page, "Live over WebTransport").await?;
        send(page, "by the lane").await?;
        wait_for_fate(page, 1, "echoed").await?;
        send_bytes(page, 2000).await?;
        wait_for_fate(page, 2, "echoed").await?;
        let detail = text(page, "[part=detail]").await?;
        ensure!(detail.contains("it went by the WebSocket."), "{detail}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// What stands in the card of an experiment with two lanes: its sentences, the verdict, and of each chart that is shown the caption, how
/// many crosses each lane has and how many pieces its line has.
const CARD: &str = "const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent);
    const charts = [...document.querySelectorAll('.delays:not([hidden])')].map((chart) => {
        const count = (what) => ['websocket', 'webtransport'].map((lane) => chart.querySelectorAll(`svg ${what}[data-lane=${lane}]`).length);
        return { caption: chart.querySelector('b').textContent, lost: count('.lost'), pieces: count('polyline') };
    });
    return { told: texts('.told li'), verdict: texts('.verdict')[0], charts, conditions: texts('.conditions')[0],
        marks: [...document.querySelectorAll('.lanes mark')].filter((mark) => mark.checkVisibility()).length };";

/// Waits until a sentence of the card holds this. Returns the card.
async fn wait_for_sentence(page: &Page, words: &str) -> Result<serde_json::Value> {
    let holds = format!(
        "return [...document.querySelectorAll('.told li')].some((one) => one.textContent.includes({}))",
        json!(words)
    );
    page.wait_for(words, &holds).await?;
    page.script(CARD).await
}

/// Opens an experiment with two lanes, guesses, sends a hundred and replays. Returns the card before and after the replay.
async fn perform(
    page: &Page,
    host: &TestServer,
    name: &str,
    guess: usize,
    sent: &str,
) -> Result<[serde_json::Value; 2]> {
    page.open(&format!("http://{}/#experiment={name}", host.http()))
        .await?;
    let press = async |place: usize| {
        let button = format!(".actions button:nth-of-type({place})");
        let may = format!("return document.querySelector('{button}')?.ariaDisabled === null");
        page.wait_for("a button that may be pressed", &may).await?;
        page.click(&button).await
    };
    page.wait_for(
        "the question",
        "return document.querySelector('.steps label input')",
    )
    .await?;
    page.click(&format!(".steps label:nth-of-type({guess}) input"))
        .await?;
    press(1).await?;
    let live = wait_for_sentence(page, sent).await?;
    press(2).await?;
    let recorded = wait_for_sentence(page, "Recorded, WebTransport").await?;
    Ok([live, recorded])
}

/// What was recorded: the first round of each lane with the most loss, the control, and the conditions.
fn recorded() -> serde_json::Value {
    let kept = include_str!("../../../../www/experiments/experiments-lanes.json");
    serde_json::from_str(kept).expect("JSON")
}

/// How many of the first round with loss had no answer.
fn unanswered(recorded: &serde_json::Value, lane: &str) -> usize {
    let rows = recorded["rows"].as_array().expect("rows");
    let row = rows.iter().rfind(|row| row["lane"] == lane).expect("a row");
    let delays = row["first"].as_array().expect("delays");
    delays.iter().filter(|delay| delay.is_null()).count()
}

#[tokio::test]
async fn the_browsers_hop_loses_over_webtransport_and_never_over_the_websocket() {
    let host = host().await;
    in_chromium(async |page| {
        let live = "Live, without loss: the slowest of a hundred answers took";
        let [before, after] = perform(page, &host, "hop", 3, live).await?;
        ensure!(before["charts"] == json!([{ "caption": "Live, from here to the host", "lost": [0, 0], "pieces": [1, 1] }]), "{before}");
        ensure!(before["marks"] == 0, "{before}");

        let recorded = recorded();
        let lost = unanswered(&recorded, "webtransport");
        ensure!(unanswered(&recorded, "websocket") == 0 && lost > 0);
        let told = &after["told"];
        ensure!(told[1] == "Recorded, WebSocket: 100 sent = 100 echoed + 0 lost between page and relay.", "{told}");
        ensure!(told[2] == format!("Recorded, WebTransport: 100 sent = {} echoed + {lost} lost between page and relay.", 100 - lost), "{told}");
        ensure!(after["verdict"] == "As you predicted.", "{after}");
        ensure!(after["charts"][1]["lost"] == json!([0, lost]), "{after}");
        ensure!(after["marks"] == 2, "{after}");
        let conditions = after["conditions"].as_str().context("conditions")?;
        let date = recorded["conditions"]["date"].as_str().context("a date")?;
        ensure!(conditions.starts_with(&format!("Recorded on {date}, Linux ")), "{conditions}");
        ensure!(conditions.contains("5 of 100 packets each way, a datagram every 20 ms") && conditions.contains("The control, 1,000 datagrams of each lane"), "{conditions}");
        // The picture of the second box has the losses in the browser's strip, and that of the first has none.
        let in_picture = "return [...document.querySelectorAll('.lanes udp-echo')].map((one) =>
            new Set([...one.shadowRoot.querySelectorAll('line[part=hop][data-lost]')].map((line) => line.dataset.number)).size > 0)";
        ensure!(page.script(in_picture).await? == json!([false, true]));
        crate::axe::assert_accessible(page, "two lanes").await?;
        pass_over_unknown_keyword(page).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn behind_a_loss_the_websocket_stalls_and_webtransport_goes_on() {
    let without = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let none = "There is no second lane here: a host that runs with --webtransport offers one.";
        let [_, after] = perform(page, &without, "head-of-line", 1, none).await?;
        let told = &after["told"];
        let number = |which: usize, before: &str| -> Result<f64> {
            let text = told[which].as_str().context("a sentence")?;
            let (_, rest) = text.split_once(before).with_context(|| text.to_owned())?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().context("a number")
        };
        // As the recorded delays have it, to a frame of the browser.
        let [late, slowest] = ["WebSocket: ", "the slowest after "].map(|before| number(1, before));
        ensure!(late? > 5.0 && slowest? > 90.0, "{told}");
        let (late, slowest) = (
            number(2, "WebTransport: ")?,
            number(2, "the slowest after ")?,
        );
        ensure!(late <= 2.0 && slowest < 60.0, "{told}");
        ensure!(
            after["verdict"]
                == "You predicted “They go past it”. It is “They wait until it has come again”.",
            "{after}"
        );
        let chart = &after["charts"][1];
        ensure!(
            chart["pieces"][0] == 1 && chart["pieces"][1].as_u64() > Some(3),
            "{chart}"
        );
        Ok(())
    })
    .await;
    without.shutdown().await;
}

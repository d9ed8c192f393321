//! The dots that travel the way of the datagrams, as a reader sees them.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::first_echo::{open_first, wait_for_fate};
use crate::page::{Page, Scheme};
use crate::pictures::pictures;
use test_support::host::TestServer;

/// Notes every place at which a dot is drawn, when the first echo came, and the frames that the panel asks for.
const WATCH: &str = "globalThis.places = [];
    globalThis.frames = 0;
    addEventListener('udp-echoed', () => (globalThis.echoed ??= performance.now()));
    const request = requestAnimationFrame;
    globalThis.requestAnimationFrame = (callback) => {
        if (new Error().stack.includes('udp-echo-motion')) frames += 1;
        return request.call(globalThis, callback);
    };
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
        const root = attach.call(this, options);
        new MutationObserver(() => {
            for (const dot of root.querySelectorAll('[part=dot]:not([hidden])'))
                places.push([dot.textContent, dot.dataset.lane, Number(dot.style.getPropertyValue('--at')), dot.dataset.end]);
        }).observe(root, { subtree: true, childList: true, attributes: true });
        return root;
    };";

/// Opens a page with one element that simulates, with these attributes.
async fn open(page: &Page, attributes: &str) -> Result<()> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    let element = format!("<udp-echo mode=simulated {attributes}></udp-echo>");
    let head = "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>";
    site.page("/", "", &format!("{head}{element}"));
    page.open(&site.serve()).await?;
    page.wait_for_state("simulated").await
}

/// The sentence below the way.
async fn sentence(page: &Page) -> Result<String> {
    let text = page
        .in_widget("return root.querySelector('[part=motion-sentence]').textContent")
        .await?;
    Ok(text.as_str().context("a text")?.to_owned())
}

/// Waits until nothing moves any more.
async fn wait_for_rest(page: &Page) -> Result<()> {
    let rests = "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=replay]:not([hidden])')?.textContent === 'Replay'";
    page.wait_for("the button that shows it again", rests)
        .await?;
    Ok(())
}

/// All dots that there are: what stands in them, and how they ended.
async fn dots(page: &Page) -> Result<Value> {
    page.in_widget("return [...root.querySelectorAll('[part=dot]')].map((dot) => [dot.textContent, dot.dataset.end])")
        .await
}

#[tokio::test]
async fn after_the_first_send_a_dot_travels_there_and_back_on_the_first_screen_and_then_nothing_moves()
 {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.before_each_page(WATCH).await?;
        page.emulate(1280, 900, Scheme::Light).await?;
        open_first(page, &host).await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        page.wait_for_in_widget("the dot", "[part=dot]:not([hidden])").await?;
        let bottom = page.in_widget("return root.querySelector('[part=motion-bar]').getBoundingClientRect().bottom").await?;
        ensure!(bottom.as_f64().is_some_and(|bottom| bottom < 900.0), "the way ends at {bottom}");
        wait_for_rest(page).await?;
        // It went to the server above the wire, and back below it, and never turned round on the way.
        let places: Vec<(String, String, u64, String)> = serde_json::from_value(page.script("return places").await?)?;
        let lane = |name: &str| -> Vec<u64> {
            let of_lane = places.iter().filter(|(_, lane, ..)| lane == name);
            of_lane.map(|(_, _, at, _)| *at).collect()
        };
        let (there, back) = (lane("there"), lane("back"));
        ensure!(there.is_sorted() && there.last() > Some(&3_800), "there: {there:?}");
        ensure!(back.is_sorted_by(|one, next| one >= next) && back.last() == Some(&0), "back: {back:?}");
        ensure!(there.len() + back.len() > 10, "it jumped: {there:?}, {back:?}");
        let pace = page.in_widget("return root.querySelector('[part=motion-pace]').textContent").await?;
        let pace = pace.as_str().context("a pace")?;
        ensure!(pace.starts_with("UDP ") && pace.ends_with(" times slower"), "{pace}");
        let said = sentence(page).await?;
        ensure!(
            said.starts_with("Datagram 1: ") && said.contains(" from relay to server, ") && said.contains(" back."),
            "{said}"
        );
        // The first echo waited for none of this, and at rest no frame is drawn.
        let asked_for = "return performance.getEntriesByType('resource').find(({ name }) => name.includes('udp-echo-motion')).startTime > echoed";
        ensure!(page.script(asked_for).await? == true, "the chunk was asked for before the first echo");
        let before = page.script("return frames").await?;
        page.frames(20).await?;
        let after = page.script("return frames").await?;
        ensure!(before == after, "at rest it asked for frames: {before}, then {after}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_button_shows_it_again_or_stops_it_and_a_screen_reader_hears_the_end() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.before_each_page(WATCH).await?;
        open_first(page, &host).await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the dot", "[part=dot]:not([hidden])").await?;
        wait_for_rest(page).await?;
        page.script("places.length = 0").await?;
        page.part("replay").await?.click().await?;
        page.wait_for("it moves again", "return places.some(([, lane, at]) => lane === 'there' && at > 0)").await?;
        let button = page.in_widget("return root.querySelector('[part=replay]').textContent").await?;
        ensure!(button == json!("Stop"), "{button}");
        page.part("replay").await?.click().await?;
        wait_for_rest(page).await?;
        ensure!(dots(page).await? == json!([["1", "home"]]));
        let heard = "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=announcer]').textContent.includes('from relay to server')";
        page.wait_for("the announcement", heard).await?;
        assert_accessible_in_both_schemes(page, "the way at rest").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_loss_stays_on_the_link_a_copy_forks_off_and_whoever_overtakes_is_named() {
    in_chromium(async |page| {
        page.before_each_page(WATCH).await?;
        open(page, "loss='100 0'").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the loss", "[part=dot][data-end=lost]").await?;
        wait_for_rest(page).await?;
        ensure!(sentence(page).await? == "Datagram 1 is lost on the link. Nobody sends it again.");
        ensure!(dots(page).await? == json!([["1×", "lost"]]));
        let farthest = page.script("return Math.max(...places.map(([, , at]) => at))").await?;
        ensure!(farthest.as_u64().is_some_and(|at| 3_800 < at && at < 10_000), "it came to {farthest}");

        open(page, "duplicate='100 0'").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the copy", "[part=dot][data-copy]:not([hidden])").await?;
        wait_for_rest(page).await?;
        ensure!(sentence(page).await? == "1 of 1 came back, 1 came twice.");

        // With this seed the second overtakes the first.
        open(page, "delay='80 0' reorder='50 0' seed=11 count=6 interval=1").await?;
        page.script(
            "globalThis.said = new Set();
             const root = document.querySelector('udp-echo').shadowRoot;
             new MutationObserver(() => said.add(root.querySelector('[part=motion-sentence]')?.textContent)).observe(root, { subtree: true, childList: true })",
        )
        .await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the dots", "[part=dot][data-number='6']:not([hidden])").await?;
        wait_for_rest(page).await?;
        let overtakes = "return [...said].some((said) => /^Datagram \\d overtakes datagram \\d on the way to the server\\.$/.test(said))";
        ensure!(page.script(overtakes).await? == true, "{}", page.script("return [...said]").await?);
        let said = sentence(page).await?;
        ensure!(said.starts_with("6 of 6 came back, ") && said.ends_with(" out of order."), "{said}");
        pictures(page, "motion", Some("udp-echo")).await
    })
    .await;
}

#[tokio::test]
async fn whoever_asked_for_less_motion_sees_a_still_picture_with_times() {
    in_chromium(async |page| {
        page.before_each_page(WATCH).await?;
        page.emulate_media(&[("prefers-reduced-motion", "reduce")])
            .await?;
        open(page, "").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the dot", "[part=dot]:not([hidden])")
            .await?;
        ensure!(
            sentence(page).await?.starts_with("Datagram 1: "),
            "{}",
            sentence(page).await?
        );
        page.frames(20).await?;
        let moved = page
            .script("return [places.filter(([, , at]) => at !== 0), frames]")
            .await?;
        ensure!(
            moved[0] == json!([]) || moved[1] == json!(0),
            "it moved: {moved}"
        );
        page.wait_for_in_widget("no button", "[part=replay][hidden]")
            .await
    })
    .await;
}

#[tokio::test]
async fn an_author_can_do_without_the_dots_and_nothing_is_loaded_for_them() {
    in_chromium(async |page| {
        open(page, "motion=none").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        page.wait_for_network_silence().await?;
        let loaded = "return performance.getEntriesByType('resource').some(({ name }) => name.includes('motion'))";
        ensure!(page.script(loaded).await? == false, "the chunk was loaded");
        ensure!(dots(page).await? == json!([]));
        // The page may change its mind.
        page.script("document.querySelector('udp-echo').motion = 'auto'").await?;
        page.wait_for_in_widget("the dot", "[part=dot]").await
    })
    .await;
}

//! The race of UDP and TCP, as a reader sees it.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::page::{Page, Scheme};
use crate::pictures::pictures;
use test_support::host::TestServer;

const SUMMARY: &str =
    "UDP: 43 of 50 arrived, the last after 7.4 s. TCP: 50 of 50, the longest stall 1.2 s.";

/// Opens the page at this place of it, and waits for the race.
async fn open(page: &Page, host: &TestServer, hash: &str) -> Result<()> {
    page.open(&format!("http://{}/{hash}", host.http())).await?;
    page.script("document.querySelector('#race').scrollIntoView()")
        .await?;
    page.wait_for(
        "the race",
        "return document.querySelector('#race-stage .start')",
    )
    .await?;
    Ok(())
}

async fn wait_for_end(page: &Page) -> Result<()> {
    let summary = "return document.querySelector('#race-stage .summary').textContent";
    page.wait_for("the end of the race", summary).await?;
    Ok(())
}

/// The states of the cells of a side, in order.
fn cells(side: &str) -> String {
    format!(
        "[...document.querySelectorAll('#race-stage [data-side={side}] .cell')].map((cell) => cell.dataset.state)"
    )
}

#[tokio::test]
async fn a_link_with_a_seed_runs_that_race_with_holes_here_and_a_stall_and_a_catch_up_there() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        open(page, &host, "#race=2").await?;
        // While TCP waits for what was lost, what came behind it is held back; UDP has gone on.
        let stalls = format!(
            "const [udp, tcp] = [{}, {}];
             return tcp.filter((state) => state === 'waiting').length > 2
                 && udp.filter((state) => state === 'delivered').length > tcp.filter((state) => state === 'delivered').length",
            cells("udp"),
            cells("tcp")
        );
        page.wait_for("the stall", &stalls).await?;
        let begins = page.script("return document.querySelector('#race-stage .start').textContent").await?;
        ensure!(begins == json!("Skip to the end"), "{begins}");
        wait_for_end(page).await?;
        let said = page.script("return document.querySelector('#race-stage .summary').textContent").await?;
        ensure!(said == json!(SUMMARY), "{said}");
        let lost = format!("return {}.flatMap((state, place) => state === 'lost' ? [place] : [])", cells("udp"));
        ensure!(page.script(&lost).await? == json!([9, 12, 13, 14, 17, 34, 35]));
        let all = format!("return {}.every((state) => state === 'delivered')", cells("tcp"));
        ensure!(page.script(&all).await? == true, "TCP has all of them in the end");
        let words = page.script("return document.querySelector('#race').textContent").await?;
        let words = words.as_str().context("a text")?;
        ensure!(words.contains("TCP’s side is a model") && words.contains("43 of 50 arrived, 7 lost"), "{words}");
        assert_accessible_in_both_schemes(page, "the race at its end").await?;
        pictures(page, "race", Some("#race")).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_keyboard_starts_skips_and_asks_for_other_losses_which_the_address_then_names() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "").await?;
        let quiet = "return document.querySelector('#race-stage .summary').textContent";
        ensure!(page.script(quiet).await? == json!(""), "it began by itself");
        page.script("document.querySelector('#race-stage .start').focus()").await?;
        page.press(" ").await?;
        page.wait_for("the start", &format!("return {}.some((state) => state === 'delivered')", cells("udp"))).await?;
        page.press(" ").await?;
        wait_for_end(page).await?;
        ensure!(page.script(quiet).await? == json!(SUMMARY));
        page.script("document.querySelector('#race-stage .other').focus()").await?;
        page.press(" ").await?;
        page.wait_for("another seed in the address", "return /^#race=\\d+$/.test(location.hash)").await?;
        let shown = page.script("return [location.href, document.querySelector('#race-stage .link code').textContent]").await?;
        ensure!(shown[0] == shown[1], "{shown}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn whoever_asked_for_less_motion_has_the_finished_race_at_once_at_every_width() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.before_each_page("globalThis.states = new Set(); new MutationObserver(() => document.querySelectorAll('.cells .cell').forEach((cell) => states.add(cell.dataset.state))).observe(document, { subtree: true, attributes: true, childList: true })").await?;
        for width in [320, 390, 1280, 2560] {
            page.emulate(width, 900, Scheme::Light).await?;
            page.emulate_media(&[("prefers-reduced-motion", "reduce")]).await?;
            for direction in ["ltr", "rtl"] {
                open(page, &host, "#race=2").await?;
                wait_for_end(page).await?;
                page.script(&format!("document.documentElement.dir = '{direction}'")).await?;
                page.frames(2).await?;
                let wide = page.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await?;
                ensure!(wide == 0, "{width}, {direction}: {wide} pixels too wide");
                let side_by_side = "const [udp, tcp] = [...document.querySelectorAll('#race-stage .side')].map((side) => side.getBoundingClientRect().y); return udp === tcp";
                ensure!(page.script(side_by_side).await? == true, "{width}, {direction}: one below the other");
            }
            ensure!(page.script("return states.has('waiting')").await? == false, "{width}: it moved");
            page.open("about:blank").await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

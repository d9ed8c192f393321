//! The card of an experiment as a course of three steps, and what the page remembers of the experiments that are done.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::experiments::{CASES, open, perform};
use crate::page::{Page, eventually};
use test_support::host::TestServer;

/// The step that is lit, and the button in it; how many are lit; whether the widget's own field for a message shows.
const LIT: &str = "const lit = [...document.querySelectorAll('.steps > [aria-current=step]')];
    const button = document.querySelector('.actions [data-next]');
    const composer = document.querySelector('.elements udp-echo').shadowRoot.querySelector('[part~=composer]');
    return [lit.length, lit[0].querySelector('h4').textContent, button && button.textContent, composer.checkVisibility()]";

/// The sentence above the list, and the names of the experiments with a tick.
const TALLY: &str = "return [document.querySelector('.tally').textContent,
    [...document.querySelectorAll('.experiments li')].filter((entry) => entry.textContent.includes('✓ done')).map((entry) => entry.dataset.name)]";

async fn wait_for_step(page: &Page, wanted: serde_json::Value) -> Result<()> {
    wait_until(page, LIT, wanted).await
}

async fn wait_for_tally(page: &Page, wanted: serde_json::Value) -> Result<()> {
    wait_until(page, TALLY, wanted).await
}

/// The page is drawn a moment after it is asked for, and after a click.
async fn wait_until(page: &Page, script: &str, wanted: serde_json::Value) -> Result<()> {
    let mut seen = json!(null);
    let waited = eventually("what is wanted", async || {
        seen = page.script(script).await?;
        Ok((seen == wanted).then_some(()))
    })
    .await;
    ensure!(waited.is_ok(), "{seen} instead of {wanted}");
    Ok(())
}

#[tokio::test]
async fn one_step_is_lit_at_a_time_and_the_widgets_own_field_stays_out_of_the_way() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "empty", "live").await?;
        let place = page
            .script("return document.querySelector('.experiment .place').textContent")
            .await?;
        ensure!(place == "Experiment 5 of 16", "{place}");
        let next = "const { textContent, dataset } = document.querySelector('.next'); return [textContent, 'main' in dataset]";
        ensure!(page.script(next).await? == json!(["Skip to: A buffer of 4,096", false]));
        wait_for_step(page, json!([1, "Predict", null, false])).await?;
        page.click(".steps label:nth-of-type(2) input").await?;
        for (place, button) in ["Send nothing", "Answer empty ones too", "Send nothing again"].iter().enumerate() {
            wait_for_step(page, json!([1, "Try it", button, false])).await?;
            // What comes later cannot be pressed yet.
            let later = page.script("return [...document.querySelectorAll('.actions [aria-disabled]')].map((one) => one.textContent)").await?;
            ensure!(later.as_array().is_some_and(|all| all.len() == 2 - place), "{later}");
            page.click(".actions [data-next]").await?;
        }
        wait_for_step(page, json!([1, "Read what happened", null, false])).await?;
        ensure!(page.script(next).await? == json!(["Next: A buffer of 4,096", true]));
        assert_accessible_in_both_schemes(page, "an experiment that is done").await?;
        page.click(".own").await?;
        wait_for_step(page, json!([1, "Read what happened", null, true])).await?;
        page.click(".next").await?;
        page.wait_for("the next", "return document.querySelector('article.experiment').dataset.name === 'buffer'").await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_done_is_ticked_remembered_and_forgotten_when_asked() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "empty", "simulated").await?;
        wait_for_tally(page, json!(["0 of 16 done. Forget what I have done", []])).await?;
        for name in ["empty", "buffer"] {
            let case = CASES.iter().find(|case| case.name == name).expect("the experiment is there");
            perform(page, &host, case, "simulated").await?;
        }
        let kept = json!([
            "2 of 16 done. This browser remembers it; nobody else is told. Forget what I have done",
            ["empty", "buffer"]
        ]);
        wait_for_tally(page, kept.clone()).await?;
        // In another visit, too, and beside the text.
        page.open("about:blank").await?;
        page.open(&format!("http://{}/", host.http())).await?;
        page.wait_for("the list", "return document.querySelector('.tally')").await?;
        wait_for_tally(page, kept.clone()).await?;
        let beside = page.script("return [...document.querySelectorAll('.claim .tick')].map((tick) => tick.closest('.claim').id)").await?;
        ensure!(beside == json!(["empty", "buffer"]), "{beside}");
        // What somebody else has written there is no reason to fail.
        for nonsense in ["'{'", "'7'", "'[\"nonsense\", \"loss\", null]'"] {
            page.script(&format!("localStorage.setItem('udp-echo.experiments-done', {nonsense})")).await?;
            page.open("about:blank").await?;
            page.open(&format!("http://{}/", host.http())).await?;
            page.wait_for("the list", "return document.querySelector('.tally')").await?;
        }
        let tally = page.script(TALLY).await?;
        ensure!(tally[1] == json!(["loss"]), "{tally}");
        page.click(".tally button").await?;
        wait_for_tally(page, json!(["0 of 16 done. Forget what I have done", []])).await?;
        ensure!(page.script("return localStorage.length").await? == 0);
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_browser_that_lets_the_page_keep_nothing_counts_as_long_as_the_page_is_open() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.before_each_page("Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })")
            .await?;
        let case = CASES.iter().find(|case| case.name == "buffer").expect("the experiment is there");
        // The first answer may come too late on a machine that is busy with other things; then it is sent again.
        if perform(page, &host, case, "simulated").await.is_err() {
            perform(page, &host, case, "simulated").await?;
        }
        let tally = page.script(TALLY).await?;
        ensure!(
            tally
                == json!([
                    "1 of 16 done. This browser keeps nothing for this page: it is forgotten when you leave. Forget what I have done",
                    ["buffer"]
                ]),
            "{tally}"
        );
        page.click(".tally button").await?;
        ensure!(page.script(TALLY).await?[1] == json!([]));
        Ok(())
    })
    .await;
    host.shutdown().await;
}

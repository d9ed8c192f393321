//! What the methods promise, they keep or say why not: no promise waits for what is not to come.

use anyhow::{Result, ensure};
use serde_json::json;

use super::behaviour::site;
use super::site::Site;
use crate::browser::in_chromium;
use crate::page::Page;

/// Calls these methods on `element` and notes in `ended`, by name, what becomes of each: "kept", or the error's name.
const CALL: &str = "globalThis.ended = {};
    const call = (name) => element[name]().then(() => 'kept', (error) => error.name).then((end) => (ended[name] = end));";

/// Waits until all methods that promise something have ended, and compares how.
async fn all_end(page: &Page, methods: usize, how: &str) -> Result<()> {
    let done = format!("return Object.keys(ended).length === {methods} && [Object.values(ended)]");
    let ended = page.wait_for("every promise to end", &done).await?;
    let ended = ended[0].as_array().cloned().unwrap_or_default();
    ensure!(ended.iter().all(|end| end == how), "{ended:?}, not {how}");
    Ok(())
}

#[tokio::test]
async fn who_waits_for_an_element_that_leaves_is_told_and_it_may_come_back() {
    // Out of sight it does not begin by itself.
    let body = "<div style='height: 300vh'></div><udp-echo mode=simulated></udp-echo>";
    let origin = site(body).await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        for leave in ["element.remove()", "element.disconnect()"] {
            page.script(&format!(
                "globalThis.element ??= document.querySelector('udp-echo');
                 {CALL}
                 for (const name of ['whenReady', 'send', 'ask', 'burst', 'export']) call(name);
                 {leave}"
            ))
            .await?;
            all_end(page, 5, "AbortError").await?;
        }
        // One that is told to begin, and leaves while the module is still loading.
        page.script(&format!(
            "document.body.prepend(element); {CALL} call('connect'); element.disconnect()"
        ))
        .await?;
        all_end(page, 1, "AbortError").await?;
        page.script("element.remove()").await?;

        page.script(&format!(
            "document.body.prepend(element); {CALL} for (const name of ['connect', 'send', 'export']) call(name)"
        ))
        .await?;
        all_end(page, 3, "kept").await?;
        // What was recorded is still given when it has left.
        page.script(&format!("element.remove(); {CALL} call('export')"))
            .await?;
        all_end(page, 1, "kept").await
    })
    .await;
}

#[tokio::test]
async fn an_element_that_is_moved_while_it_loads_keeps_its_promises() {
    let origin = site("<main></main><udp-echo mode=simulated></udp-echo>")
        .await
        .unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.script(&format!(
            "globalThis.element = document.querySelector('udp-echo');
             {CALL} call('connect'); call('export');
             document.querySelector('main').append(element)"
        ))
        .await?;
        all_end(page, 2, "kept").await
    })
    .await;
}

#[tokio::test]
async fn a_reset_makes_those_wait_that_send_after_it() {
    let origin = site("<udp-echo mode=simulated></udp-echo>").await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        page.script(
            "globalThis.element = document.querySelector('udp-echo');
             for (const name of ['udp-ready', 'udp-error', 'udp-echoed']) element.addEventListener(name, () => told.push(name))",
        )
        .await?;
        for again in ["element.reset()", "element.disconnect(); element.connect()"] {
            page.script(&format!("globalThis.told = []; {again}; element.send('again')")).await?;
            page.wait_for("the echo", "return told.includes('udp-echoed')").await?;
            let told = page.script("return told").await?;
            ensure!(told == json!(["udp-ready", "udp-echoed"]), "{again}: {told}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_what_cannot_start_hears_the_code() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/udp/").unwrap();
    let head = "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>";
    site.page(
        "/",
        "default-src 'self'",
        &format!("{head}<udp-echo></udp-echo>"),
    );
    let nothing = "<udp-echo mode=replay src=/nothing.json></udp-echo>";
    site.page("/replay", "", &format!("{head}{nothing}"));
    let origin = site.serve();
    in_chromium(async |page| {
        // A refusal stays: who asks afterwards hears the same.
        for (path, name) in [("/", "csp-wasm"), ("/replay", "refused")] {
            page.open(&format!("{origin}{path}")).await?;
            for _ in 0..2 {
                page.script(&format!(
                    "globalThis.element = document.querySelector('udp-echo');
                     {CALL} for (const name of ['connect', 'whenReady', 'send', 'export']) call(name)"
                ))
                .await?;
                all_end(page, 4, name).await?;
            }
            page.console().await?;
        }
        Ok(())
    })
    .await;
}

//! Pages that require Trusted Types, and what a browser throws into the start.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{ensure_is, site};
use crate::browser::in_chromium;
use crate::page::Page;

const REQUIRED: &str = "require-trusted-types-for 'script'";
const NO_POLICIES: &str = "require-trusted-types-for 'script'; trusted-types 'none'";

/// Sends, and finds everything there that the widget has.
async fn has_everything(page: &Page, origin: &str) -> Result<()> {
    page.open(origin).await?;
    page.wait_for_state("simulated").await?;
    for panel in [
        "[part=stage] svg",
        "#seed",
        "#bytes-hex",
        "svg[viewBox] path[part=curve-area]",
    ] {
        page.wait_for_in_widget(panel, panel).await?;
    }
    page.part("send").await?.click().await?;
    page.wait_for_in_widget("an echo", "tr[data-fate=echoed]")
        .await?;
    let names = "return [...root.querySelectorAll('svg, path')].every(({ namespaceURI }) => namespaceURI.endsWith('svg'))";
    ensure!(
        page.in_widget(names).await? == json!(true),
        "drawings are drawings"
    );
    let run = page
        .script_that_calls_back("const done = arguments[arguments.length - 1]; document.querySelector('udp-echo').export().then((run) => done(run.length > 100))")
        .await?;
    ensure!(run == json!(true), "export: {run}");
    Ok(())
}

#[tokio::test]
async fn a_page_that_requires_trusted_types_has_the_whole_widget_with_a_policy_and_without() {
    for policy in [REQUIRED, NO_POLICIES] {
        let origin = site(policy, "", "view=full").await.unwrap().serve();
        in_chromium(async |page| has_everything(page, &origin).await).await;
    }
}

#[tokio::test]
async fn the_classic_loader_and_an_experiment_need_no_trusted_types_either() {
    let mut site = site(NO_POLICIES, "", "").await.unwrap();
    let html =
        "<!doctype html><title>t</title><script defer src=\"/udp/udp-echo.classic.js\"></script>
        <udp-echo mode=simulated loading=eager view=full experiment=two-spaces></udp-echo>";
    site.page("/", NO_POLICIES, html);
    let origin = site.serve();
    in_chromium(async |page| has_everything(page, &origin).await).await;
}

/// What the page has done to its browser is one of many ways: an exception where the module expects none.
#[tokio::test]
async fn whatever_throws_inside_the_start_is_a_failure_with_a_name_and_a_sentence() {
    let broken = "<script>Element.prototype.querySelector = () => { throw new TypeError('not on this page') }</script>";
    let origin = site("", broken, "").await.unwrap().serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let failed = page
            .script_that_calls_back("const done = arguments[arguments.length - 1]; customElements.whenDefined('udp-echo').then(() => document.querySelector('udp-echo').connect()).catch(({ name }) => done(name))")
            .await?;
        ensure!(failed == json!("panic"), "{failed}");
        let said = "const error = document.querySelector('udp-echo').shadowRoot.querySelectorAll('[part=error]');
            return [error.length, error[0].dataset.code, error[0].textContent.includes('not on this page'), document.querySelector('udp-echo').state]";
        ensure_is(page, "said", said, json!([1, "panic", true, "gone"])).await?;
        // The browser tells of the exceptions too.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_listener_of_the_page_that_throws_stops_nothing() {
    let throws = "<script>addEventListener('udp-state', () => { throw new TypeError('of the page') })</script>";
    let origin = site("", throws, "").await.unwrap().serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("an echo", "tr[data-fate=echoed]")
            .await?;
        ensure!(
            page.in_widget("return !!root.querySelector('[part=restarted]')")
                .await?
                == json!(false),
            "it began again"
        );
        page.console().await?;
        Ok(())
    })
    .await;
}

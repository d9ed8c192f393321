//! Tests of the harness itself: a watched console that misses errors would make every other test worthless.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::axe::assert_accessible;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, Scheme, eventually};

/// A page made of this body, without a host.
fn page_of(body: &str) -> String {
    format!("data:text/html,<!doctype html><title>t</title>{body}")
}

/// Opens a page that does something wrong and waits for the console to say so.
async fn console_after(page: &Page, body: &str, expected: &str) -> Result<()> {
    page.open(&page_of(body)).await?;
    let mut seen = String::new();
    eventually(expected, async || {
        if let Err(error) = page.assert_console_is_clean().await {
            seen.push_str(&format!("{error:#}\n"));
        }
        Ok(seen.contains(expected).then_some(()))
    })
    .await
    .with_context(|| format!("the console said {seen:?}"))
}

#[tokio::test]
async fn every_kind_of_page_error_is_seen() {
    in_chromium(async |page| {
        console_after(page, "<script>console.error('logged')</script>", "logged").await?;
        console_after(page, "<script>throw new Error('thrown')</script>", "thrown").await?;
        console_after(
            page,
            "<script>Promise.reject(new Error('rejected'))</script>",
            "rejected",
        )
        .await?;
        console_after(page, "<img src='http://127.0.0.1:9/none.png'>", "none.png").await?;
        console_after(
            page,
            "<script>new WebSocket('ws://127.0.0.1:9/no-host')</script>",
            "no-host",
        )
        .await
    })
    .await;
}

#[tokio::test]
async fn page_errors_are_seen_in_firefox_too() {
    in_browser(Browser::Firefox, async |page| {
        page.assert_console_is_clean().await?;
        console_after(page, "<script>console.error('logged')</script>", "logged").await?;
        console_after(page, "<script>throw new Error('thrown')</script>", "thrown").await?;
        let rejection = "<script>Promise.reject(new Error('rejected'))</script>";
        console_after(page, rejection, "rejected").await
    })
    .await;
}

#[tokio::test]
async fn what_shuts_people_out_is_named_inside_shadow_roots_too() {
    in_chromium(async |page| {
        let grey = "<main><h1>t</h1><udp-echo></udp-echo></main><script>document.documentElement.lang = 'en';
            document.querySelector('udp-echo').attachShadow({ mode: 'open' }).innerHTML =
            '<p style=\"color: silver; background: white\">pale</p><input>'</script>";
        page.open(&page_of(grey)).await?;
        let error = assert_accessible(page, "grey").await.expect_err("axe sees it");
        let text = format!("{error:#}");
        for part in ["axe on grey", "color-contrast", "label", "udp-echo p"] {
            ensure!(text.contains(part), "no {part:?} in {text}");
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "errors in the console")]
async fn an_error_in_the_console_fails_a_test_that_is_content() {
    in_chromium(async |page| {
        page.open(&page_of("<script>console.error('x')</script>"))
            .await
    })
    .await;
}

#[tokio::test]
async fn size_and_colour_scheme_are_those_asked_for() {
    in_chromium(async |page| {
        page.open(&page_of("<p>hello")).await?;
        for (width, scheme, dark) in [(390, Scheme::Dark, true), (1280, Scheme::Light, false)] {
            page.emulate(width, 800, scheme).await?;
            let seen = page
                .script("return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]")
                .await?;
            ensure!(seen == serde_json::json!([width, 800, dark]), "{scheme:?}: {seen}");
        }
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("harness.png");
        page.screenshot(&picture).await?;
        let png = std::fs::read(&picture)?;
        // The width stands in the header of a PNG, after the signature and the name of the first chunk.
        ensure!(png.get(16..20) == Some(&1280_u32.to_be_bytes()[..]), "not 1280 pixels wide");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn parts_are_found_inside_the_widget_and_pressed_as_a_visitor_would() {
    in_chromium(async |page| {
        let widget = "<udp-echo></udp-echo><script>
            const root = document.querySelector('udp-echo').attachShadow({ mode: 'open' });
            root.innerHTML = '<button part=\"primary send\">Send</button>';
            root.firstChild.onclick = (event) => setTimeout(() => { window.trusted = event.isTrusted });
        </script>";
        page.open(&page_of(widget)).await?;
        page.part("send").await?.click().await?;
        let trusted = page.wait_for("the click", "return 'trusted' in window && [trusted]").await?;
        ensure!(trusted == serde_json::json!([true]));
        ensure!(page.part("no-such-part").await.is_err());
        Ok(())
    })
    .await;
}

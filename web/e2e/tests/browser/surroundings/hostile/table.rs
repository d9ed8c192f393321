//! Pages whose styles and layouts were written without a thought of us: in each of them, a reader sends a datagram and sees the echo.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::browser::{Browser, in_browser, in_chromium};
use crate::embed::site::Site;
use crate::page::{Page, Scheme};

/// What Tailwind and other resets take from every element.
const RESET: &str = "*, ::before, ::after { box-sizing: border-box; margin: 0; padding: 0; border: 0 solid }
    html { line-height: 1.5; tab-size: 4 } button, input, textarea, select { font: inherit; color: inherit; background: transparent; border-radius: 0 }
    ol, ul { list-style: none } table { text-indent: 0; border-collapse: collapse } svg { display: block; vertical-align: middle } summary { display: list-item }";

/// A page: what is wrong with it, its style, the tags around the element, and what shows the element where it is not shown at first.
const PAGES: [(&str, &str, &str, &str); 9] = [
    (
        "everything is unset",
        "* { all: unset } head, style, script, title { display: none }",
        "<main>",
        "",
    ),
    ("a reset", RESET, "<main>", ""),
    ("a small root", "html { font-size: 62.5% }", "<main>", ""),
    (
        "text from the right",
        "html { direction: rtl }",
        "<main>",
        "",
    ),
    (
        "a transformed parent",
        "main { transform: rotate(.2deg) scale(.95); perspective: 500px }",
        "<main>",
        "",
    ),
    (
        "closed details",
        "",
        "<details><summary>Try it</summary>",
        "document.querySelector('details').open = true",
    ),
    (
        "a tab that is not chosen",
        "",
        "<div hidden role=tabpanel>",
        "document.querySelector('[role=tabpanel]').hidden = false",
    ),
    (
        "a tab that is displayed later",
        "",
        "<section style='display: none'>",
        "document.querySelector('section').style.display = ''",
    ),
    (
        "a column of 200 pixels",
        "main { width: 200px }",
        "<main>",
        "",
    ),
];

async fn open(page: &Page, style: &str, around: &str, attributes: &str) -> Result<()> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    let html = format!(
        "<!doctype html><title>t</title><style>body {{ margin: 0 }} {style}</style>
         <script type=module src=/udp/udp-echo.js></script>{around}
         <udp-echo mode=simulated {attributes}></udp-echo>"
    );
    site.page("/", "", &html);
    page.open(&site.serve()).await
}

#[tokio::test]
async fn in_a_hostile_page_a_reader_sends_and_sees_the_echo() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            for (what, style, around, shows) in PAGES {
                sends(browser, page, style, around, shows)
                    .await
                    .with_context(|| format!("in {what}"))?;
            }
            Ok(())
        })
        .await;
    }
}

async fn sends(
    browser: Browser,
    page: &Page,
    style: &str,
    around: &str,
    shows: &str,
) -> Result<()> {
    open(page, style, around, "").await?;
    if !shows.is_empty() {
        page.frames(3).await?;
        let before = page.script("return [document.querySelector('udp-echo').state, performance.getEntriesByType('resource').some(({ name }) => name.endsWith('.wasm'))]").await?;
        ensure!(
            before == json!(["idle", false]),
            "it began unseen: {before}"
        );
        page.script(shows).await?;
    }
    page.wait_for_state("simulated").await?;
    if browser == Browser::Chromium {
        page.part("send").await?.click().await?;
    } else {
        // The driver of Firefox finds nothing inside a widget.
        page.in_widget("root.querySelector('[part~=send]').click()")
            .await?;
    }
    page.wait_for_in_widget("an echo", "tr[data-fate=echoed]")
        .await?;
    // What a reader needs is there to see, inside its column, and big enough to press.
    let seen = page
        .in_widget(
            "const host = root.host, column = host.parentElement.getBoundingClientRect();
             const box = (part) => root.querySelector(`[part~=${part}]`).getBoundingClientRect();
             const send = box('send'), widget = box('widget');
             return [send.width >= 44 && send.height >= 24, widget.left >= column.left - 1 && widget.right <= column.right + 1,
                 getComputedStyle(root.querySelector('[part~=frame]')).direction]",
        )
        .await?;
    ensure!(
        seen == json!([true, true, "ltr"]),
        "the button, the column, the direction: {seen}"
    );
    Ok(())
}

/// Room that each view keeps before it is there, and what it then takes, where the column is another width than the window.
#[tokio::test]
async fn the_room_that_is_kept_follows_the_column_and_not_the_window() {
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        let mut wrong = Vec::new();
        for (width, views) in [
            (200, &["mini", "transcript"][..]),
            (360, &["mini", "transcript", "timeline"]),
        ] {
            for view in views {
                let style = format!("main {{ width: {width}px }}");
                let heights = "<script>globalThis.heights = [];
                    addEventListener('DOMContentLoaded', () => customElements.whenDefined('udp-echo').then(() =>
                        new ResizeObserver(([{ target }]) => heights.push(target.offsetHeight)).observe(document.querySelector('udp-echo'))))</script>";
                open(page, &style, &[heights, "<main>"].concat(), &format!("timeout=30000 view={view}")).await?;
                page.wait_for_state("simulated").await?;
                page.wait_for_network_silence().await?;
                page.frames(5).await?;
                let seen = page
                    .script("return [heights[0], Math.max(...heights), document.querySelector('udp-echo').shadowRoot.querySelector('[part=frame]').offsetHeight]")
                    .await?;
                let height = |place: usize| seen[place].as_f64().context("a height");
                let (kept, most, used) = (height(0)?, height(1)?, height(2)?);
                println!("view={view} in {width} pixels: {kept} kept, {used} used");
                if most > kept + 16.0 || kept > used + 120.0 {
                    wrong.push(format!("view={view} in {width} pixels: {kept} kept, {used} used"));
                }
            }
        }
        ensure!(wrong.is_empty(), "{wrong:#?}");
        Ok(())
    })
    .await;
}

//! How the widget looks in a page whose sizes, direction and themes are not ours.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::stranger;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, Scheme};
use test_support::host::TestServer;

const FULL: &str = "<udp-echo mode=simulated view=full loading=eager></udp-echo>";

/// The sizes of text in each part that is not drawn to scale.
const SIZES: &str = "const sizes = {};
    for (const node of root.querySelectorAll('[part]'))
        if (!node.closest('svg')) (sizes[`${node.localName} ${node.part.value}`] ??= getComputedStyle(node).fontSize);
    return sizes";

/// The parts that both pages show and that differ. What is still to come when a page is looked at is not compared.
fn differences(here: &Value, there: &Value) -> Result<Vec<String>> {
    let (here, there) = (
        here.as_object().context("parts")?,
        there.as_object().context("parts")?,
    );
    let both: Vec<_> = here
        .iter()
        .filter_map(|(part, mine)| Some((part, mine, there.get(part)?)))
        .collect();
    ensure!(both.len() > 60, "only {} parts were compared", both.len());
    let differ = both.into_iter().filter(|(_, mine, theirs)| mine != theirs);
    Ok(differ
        .map(|(part, mine, theirs)| format!("{part}: {mine}, not {theirs}"))
        .collect())
}

/// Opens a page with the widget in view `full` and waits until every panel is drawn.
async fn open_full(page: &Page, style: &str, body: &str) -> Result<()> {
    page.open(&stranger("", "", &format!("<style>{style}</style>{body}")).await?)
        .await?;
    page.wait_for_state("simulated").await?;
    for panel in [
        "[data-ref=picture] svg",
        "[data-ref=lab] input",
        "[data-ref=bytes] [part=hex]",
    ] {
        page.wait_for_in_widget(panel, panel).await?;
    }
    Ok(())
}

#[tokio::test]
async fn sizes_follow_the_text_around_the_element_and_not_the_root() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            let min_height =
                "return getComputedStyle(document.querySelector('udp-echo'), '::before').paddingTop";
            open_full(page, "", FULL).await?;
            let (plain, room) = (page.in_widget(SIZES).await?, page.script(min_height).await?);
            for style in [
                "html { font-size: 62.5% } body { font-size: 1.6rem }",
                "html { font-size: 200% } body { font-size: .5rem }",
                "html { font-size: 10px } udp-echo { font-size: 16px }",
            ] {
                open_full(page, style, FULL).await?;
                let (sizes, reserved) =
                    (page.in_widget(SIZES).await?, page.script(min_height).await?);
                let differ = differences(&sizes, &plain)?;
                ensure!(differ.is_empty(), "{style}: {differ:?}");
                ensure!(
                    reserved == room,
                    "{style}: {reserved} reserved in place of {room}"
                );
            }
            // Larger and smaller text around it: everything grows and shrinks alike.
            for (around, badge) in [("20px", "17.5px"), ("12px", "10.5px")] {
                open_full(page, &format!("body {{ font-size: {around} }}"), FULL).await?;
                let size = |part: &str| {
                    format!("return getComputedStyle(root.querySelector('[part={part}]')).fontSize")
                };
                let (frame, of_badge) = (
                    page.in_widget(&size("frame")).await?,
                    page.in_widget(&size("badge")).await?,
                );
                ensure!(
                    frame == around && of_badge == badge,
                    "in text of {around}: {frame}, {of_badge}"
                );
            }
            Ok(())
        })
        .await;
    }
}

/// The place of the first of each part inside the widget, counted from its left edge.
const PLACES: &str = "const places = {}, left = root.querySelector('[part=widget]').getBoundingClientRect().left;
    for (const node of root.querySelectorAll('[part=frame] [part]'))
        if (node.checkVisibility()) places[node.part.value] ??= Math.round(node.getBoundingClientRect().left - left);
    return places";

#[tokio::test]
async fn an_english_widget_runs_to_the_right_in_a_page_that_runs_to_the_left() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            let sent = "<udp-echo mode=simulated view=full loading=eager seed=7><p>نص المؤلف</p></udp-echo>";
            open_full(page, "body { margin: 0 }", sent).await?;
            let plain = page.in_widget(PLACES).await?;
            open_full(page, "html { direction: rtl } body { margin: 0 }", sent).await?;
            let turned = page.in_widget(PLACES).await?;
            let differ = differences(&turned, &plain)?;
            ensure!(differ.is_empty(), "{differ:?}");
            // The author's own words keep their direction.
            let fallback = page.script("return getComputedStyle(document.querySelector('udp-echo > p')).direction").await?;
            ensure!(fallback == "rtl", "the fallback runs {fallback}");
            let line = "return getComputedStyle(root.querySelector('[part=lines] > div')).unicodeBidi";
            page.script("document.querySelector('udp-echo').send('שלום 42')").await?;
            page.wait_for_in_widget("a line", "[part=lines] > div").await?;
            let line = page.in_widget(line).await?;
            ensure!(line == "plaintext", "a line of a transcript is {line}");
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn words_of_a_failure_run_to_the_right_too() {
    let body = "<udp-echo loading=click></udp-echo>";
    in_chromium(async |page| {
        page.open(&stranger("", "", &format!("<html dir=rtl>{body}")).await?)
            .await?;
        page.wait_for_in_widget("the button", "[part=start]")
            .await?;
        let direction = page
            .in_widget("return getComputedStyle(root.querySelector('[part=start]')).direction")
            .await?;
        ensure!(direction == "ltr", "{direction}");
        Ok(())
    })
    .await;
}

/// A page that is light, the ways in which it turns dark, and back: a style, the tags around the element, and two scripts.
const SWITCHES: [(&str, &str, &str, &str, &str); 10] = [
    (
        "the colour scheme of the page alone",
        ":root { color-scheme: light }",
        "",
        "document.documentElement.style.colorScheme = 'dark'",
        "document.documentElement.style.colorScheme = ''",
    ),
    (
        "a transition of the body's colour",
        "body { color: #111; background: #fff; transition: color .2s, background .2s } .dark { color: #eee; background: #111 }",
        "",
        "document.body.classList.add('dark')",
        "document.body.classList.remove('dark')",
    ),
    (
        "a transition of everything's colour",
        "* { transition: color .15s } body { color: #111 } .dark { color: #eee }",
        "",
        "document.body.classList.add('dark')",
        "document.body.classList.remove('dark')",
    ),
    (
        "a class of a wrapper",
        "#app { color: #111 } #app.dark { color: #eee; background: #111 }",
        "<div id=app>",
        "document.querySelector('#app').className = 'dark'",
        "document.querySelector('#app').className = ''",
    ),
    (
        "an attribute of a wrapper",
        "main { color: #111 } main[data-theme=dark] { color: #eee; background: #111 }",
        "<main><section>",
        "document.querySelector('main').dataset.theme = 'dark'",
        "delete document.querySelector('main').dataset.theme",
    ),
    (
        "another style sheet",
        "body { color: #111 }",
        "<style id=night media='not all'>body { color: #eee; background: #111 }</style>",
        "document.querySelector('#night').media = 'all'",
        "document.querySelector('#night').media = 'not all'",
    ),
    (
        "a rule that a script changes",
        "body { color: #111 }",
        "",
        "document.styleSheets[0].cssRules[0].style.color = '#eee'",
        "document.styleSheets[0].cssRules[0].style.color = '#111'",
    ),
    (
        "colours in another notation",
        "div { color: oklch(20% 0.02 250) } div.dark { color: oklch(93% 0.01 250) }",
        "<div>",
        "document.querySelector('div').className = 'dark'",
        "document.querySelector('div').className = ''",
    ),
    (
        "a move into another part of the page",
        "main { color: #111 } aside { color: #eee; background: #111 }",
        "<aside></aside><main>",
        "document.querySelector('aside').append(document.querySelector('udp-echo'))",
        "document.querySelector('main').append(document.querySelector('udp-echo'))",
    ),
    (
        "a switch while it is hidden",
        "main { color: #111 } main.dark { color: #eee; background: #111 }",
        "<main>",
        "const main = document.querySelector('main'); main.hidden = true;
         requestAnimationFrame(() => requestAnimationFrame(() => { main.className = 'dark'; requestAnimationFrame(() => main.hidden = false) }))",
        "document.querySelector('main').className = ''",
    ),
];

#[tokio::test]
async fn the_theme_follows_however_the_page_switches() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            for (what, style, around, dark, light) in SWITCHES {
                let element = "<udp-echo mode=simulated view=mini loading=eager></udp-echo>";
                page.open(
                    &stranger("", "", &format!("<style>{style}</style>{around}{element}")).await?,
                )
                .await?;
                page.wait_for_state("simulated").await?;
                let follows = async |theme: &str| {
                    let frame = format!("[part=frame][data-scheme={theme}]");
                    page.wait_for_in_widget(&format!("{theme}, by {what}"), &frame)
                        .await
                };
                follows("light").await?;
                page.script(dark).await?;
                follows("dark").await?;
                page.script(light).await?;
                follows("light").await?;
            }
            Ok(())
        })
        .await;
    }
}

/// Fields in which a reader writes or chooses that iOS would magnify the page for.
fn too_small(root: &str) -> String {
    format!(
        "return [...{root}.querySelectorAll('input, select, textarea')]
         .filter((field) => !/^(checkbox|radio|range|hidden|file|color)$/.test(field.type) && parseFloat(getComputedStyle(field).fontSize) < 16)
         .map((field) => `${{field.localName}} ${{field.id || field.name || field.part}}`)"
    )
}

#[tokio::test]
async fn no_field_makes_a_phone_magnify_the_page() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(390, 800, Scheme::Light).await?;
        for style in ["", "body { font-size: 12px }"] {
            open_full(page, style, FULL).await?;
            let small = page.in_widget(&too_small("root")).await?;
            ensure!(small == Value::Array(Vec::new()), "{style}: {small}");
            let fields = page
                .in_widget("return root.querySelectorAll('input, select, textarea').length")
                .await?;
            ensure!(
                fields.as_u64() > Some(10),
                "only {fields} fields were looked at"
            );
        }
        for path in ["/snippets.html", "/reference.html"] {
            page.open(&format!("http://{}{path}", host.http())).await?;
            page.wait_for(
                "the fields",
                "return document.querySelector('input, select, textarea')",
            )
            .await?;
            let small = page.script(&too_small("document")).await?;
            ensure!(small == Value::Array(Vec::new()), "{path}: {small}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

//! The page for everybody: axe's rules on every view, the keyboard alone, narrow and wide windows, zoom, right to left,
//! reduced motion, forced colours, and nothing that jumps.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::experiments;
use crate::first_echo::{open_first, open_live, wait_for_fate};
use crate::page::{Page, Scheme};
use test_support::host::TestServer;

/// The narrowest window that we promise, which is also one of 1,280 pixels at a zoom of 400 %, and up to the widest.
const WIDTHS: [u32; 5] = [320, 390, 768, 1280, 2560];

/// Names and classes of what is wider than the window, which is empty when nothing is. What scrolls by itself may be.
const TOO_WIDE: &str = "const root = document.documentElement;
    return root.scrollWidth <= root.clientWidth ? [] : [...document.querySelectorAll('body *'), ...document.querySelector('udp-echo').shadowRoot.querySelectorAll('*')]
        .filter((node) => node.getBoundingClientRect().right > root.clientWidth + 1 || node.getBoundingClientRect().left < -1)
        .map((node) => `${node.localName}#${node.id}.${node.getAttribute('part')} ${node.getBoundingClientRect().right}`).filter((name) => !name.startsWith('code')).slice(0, 9).concat(`${root.scrollWidth} wide`)";

/// The element that has the focus, through shadow roots: who it is, and whether that shows.
const FOCUSED: &str = "let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    if (!node || node === document.body) return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(node);
    const { width, height } = node.getBoundingClientRect();
    return {
        name: node.getAttribute('part') ?? node.getAttribute('href') ?? node.id ?? '',
        who: `${node.localName} ${node.getAttribute('part') ?? ''} ${node.className} ${node.textContent.slice(0, 40)}`,
        shows: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 && width > 1 && height > 1,
    }";

/// What has moved by itself since the page began, as browsers count it: the sum, and who moved.
const SHIFTS: &str = "const done = arguments[arguments.length - 1];
    let sum = 0;
    const who = [];
    const height = ({ height, y }) => `${Math.round(y)}+${Math.round(height)}`;
    const add = (list) => list.getEntries().filter((entry) => !entry.hadRecentInput).forEach(({ value, sources }) => {
        sum += value;
        who.push(...sources.map(({ node, previousRect, currentRect }) =>
            `${node?.localName} ${node?.className || node?.id} from ${height(previousRect)} to ${height(currentRect)}`));
    });
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done([sum, who]), 50)";

async fn exchange(page: &Page, host: &TestServer) -> Result<()> {
    open_live(page, host).await?;
    send_one(page).await
}

async fn send_one(page: &Page) -> Result<()> {
    page.part("send").await?.click().await?;
    wait_for_fate(page, 1, "echoed").await
}

#[tokio::test]
async fn every_view_passes_axe_in_light_and_dark() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        exchange(page, &host).await?;
        page.in_widget("root.querySelector('tr[data-number]').click()")
            .await?;
        page.in_widget("root.querySelectorAll('details').forEach((one) => one.open = true)")
            .await?;
        assert_accessible_in_both_schemes(page, "echoed, all open").await?;
        let set = |name: &str, value: &str| {
            format!("document.querySelector('udp-echo').setAttribute('{name}', '{value}')")
        };
        page.script(&set("mode", "simulated")).await?;
        page.wait_for_state("simulated").await?;
        for (view, part) in [
            ("mini", "composer"),
            ("transcript", "transcripts"),
            ("timeline", "diagram"),
            ("lab", "lab"),
            ("full", "byte-view"),
        ] {
            page.script(&set("view", view)).await?;
            page.wait_for_in_widget(view, &format!("[part~={part}]"))
                .await?;
            page.part("send").await?.click().await?;
            assert_accessible_in_both_schemes(page, view).await?;
        }
        // One card for each kind of them: without a chunk, with each of both, with lines to copy, with two widgets.
        for name in [
            "first-echo",
            "order",
            "last-byte",
            "terminal",
            "two-clients",
        ] {
            experiments::open(page, &host, name, "live").await?;
            assert_accessible_in_both_schemes(page, &format!("the experiment {name}")).await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn no_window_scrolls_sideways_in_either_direction_of_writing() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        exchange(page, &host).await?;
        for direction in ["ltr", "rtl"] {
            page.script(&format!("document.documentElement.dir = '{direction}'"))
                .await?;
            for width in WIDTHS {
                page.emulate(width, 900, Scheme::Light).await?;
                page.frames(2).await?;
                let wide = page.script(TOO_WIDE).await?;
                ensure!(wide == json!([]), "{direction}, {width}: {wide}");
            }
        }
        // The widget is in English, and has the direction of that in every page.
        let send = page.in_widget(
            "const at = (part) => root.querySelector(`[part~=${part}]`).getBoundingClientRect().x;
             return at('send') > at('message')",
        );
        ensure!(
            send.await? == true,
            "from right to left, Send stands right of the message"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn nothing_moves_by_itself_while_the_page_loads_and_answers_come() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for width in [390, 1280] {
            page.emulate(width, 900, Scheme::Light).await?;
            open_first(page, &host).await?;
            send_one(page).await?;
            let moved = page.script_that_calls_back(SHIFTS).await?;
            let sum = moved[0].as_f64().context("a sum of shifts")?;
            println!("layout shift at {width} pixels: {sum:.4}");
            ensure!(sum < 0.05, "at {width} pixels the layout shifted: {moved}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_tab_key_walks_through_everything_and_the_focus_always_shows() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        // Not by pressing the button for it: the walk is to begin at the top. A wide window has its contents open.
        page.emulate(1280, 900, Scheme::Light).await?;
        open_first(page, &host).await?;
        page.script("document.querySelector('#live').view = 'full'")
            .await?;
        page.wait_for_in_widget("the bytes", "[part~=byte-view]")
            .await?;
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..200 {
            page.press(Key::Tab).await?;
            let focused = page.script(FOCUSED).await?;
            // Behind the last stop, the browser's own controls have the focus, and then the page begins again.
            let Value::String(name) = &focused["name"] else {
                break;
            };
            ensure!(
                focused["shows"] == true,
                "the focus does not show on {}",
                focused["who"]
            );
            seen.push(name.clone());
        }
        ensure!(
            seen.len() < 200,
            "the Tab key never comes to an end: {seen:?}"
        );
        for stop in [
            "#experiments",
            "message",
            "send",
            "log",
            "./snippets.html",
            "#boundaries",
            "#experiment=loss",
            "#experiment=terminal",
        ] {
            ensure!(
                seen.iter().any(|name| name == stop),
                "the Tab key does not come to {stop}: {seen:?}"
            );
        }
        ensure!(
            seen[0] == "#experiments",
            "the way past the widget comes first: {seen:?}"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn with_reduced_motion_nothing_moves_and_with_forced_colours_everything_keeps_an_edge() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        exchange(page, &host).await?;
        page.emulate_media(&[("prefers-reduced-motion", "reduce")]).await?;
        // Also while it connects, which is when the lamp blinks otherwise.
        page.in_widget("root.querySelector('[part=widget]').dataset.state = 'connecting'").await?;
        let moving = "return [document.getAnimations().length + root.getAnimations().length,
            getComputedStyle(document.documentElement).scrollBehavior]";
        let still = page.in_widget(moving).await?;
        ensure!(still == json!([0, "auto"]), "{still}");

        page.emulate_media(&[("forced-colors", "active")]).await?;
        let edges = page
            .in_widget(
                "const edge = (node) => parseFloat(getComputedStyle(node).borderTopWidth);
                 return [matchMedia('(forced-colors: active)').matches,
                     ...['[part~=send]', '[part~=message]', '[part=widget]', '[part=badge]'].map((one) => edge(root.querySelector(one))),
                     edge(document.querySelector('.experiments a'))]",
            )
            .await?;
        let all = edges.as_array().context("a list")?;
        ensure!(all[0] == true, "forced colours are not emulated");
        ensure!(all[1..].iter().all(|width| width.as_f64() >= Some(1.0)), "{edges}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

//! Shortcuts of the page around: keys that the widget uses do not reach it, and all others do.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use thirtyfour::{Key, TypingData};

use super::{ensure_is, sent, site};
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::Page;

/// Hears every key as the scripts of Sphinx and mdBook do, and does what they do with them.
const SHORTCUTS: &str = "<input id=search><script>
    globalThis.heard = [];
    for (const type of ['keydown', 'keypress', 'keyup']) document.addEventListener(type, ({ key }) => heard.push(`${type} ${key}`));
    document.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key === '/') { event.preventDefault(); document.querySelector('#search').focus(); }
        if (event.key === 'ArrowRight') location.hash = 'next-chapter';
    });
</script>";

/// Puts the focus on something in the widget, and forgets what was heard.
async fn focus(page: &Page, selector: &str) -> Result<()> {
    let focus = format!(
        "root.querySelector({}).focus(); heard.length = 0",
        Value::from(selector)
    );
    page.in_widget(&focus).await?;
    Ok(())
}

/// Presses keys one after the other; the document hears none of them.
async fn kept(page: &Page, keys: &[Key]) -> Result<()> {
    for key in keys {
        page.press(key.clone()).await?;
        ensure_is(
            page,
            &format!("heard of {key:?}"),
            "return [heard.splice(0), location.hash]",
            json!([[], ""]),
        )
        .await?;
    }
    Ok(())
}

/// Presses a key, and the document hears it go down and up.
async fn heard(page: &Page, press: impl Into<TypingData>, key: &str) -> Result<()> {
    page.press(press).await?;
    was_heard(page, key).await
}

async fn was_heard(page: &Page, key: &str) -> Result<()> {
    let heard = "return heard.splice(0).filter((heard) => !/keypress|Control/.test(heard))";
    let both = json!([format!("keydown {key}"), format!("keyup {key}")]);
    ensure_is(page, &format!("heard of {key}"), heard, both).await
}

async fn types_in_peace(page: &Page, origin: &str) -> Result<()> {
    page.open(origin).await?;
    page.wait_for_state("simulated").await?;
    focus(page, "#message").await?;
    page.select_all().await?;
    page.script("heard.length = 0").await?;
    page.press("a/bc").await?;
    let seen = "const { value } = root.querySelector('#message'); return [value, document.querySelector('#search').value, heard.splice(0)]";
    let seen = page.in_widget(seen).await?;
    ensure!(seen == json!(["a/bc", "", []]), "typed: {seen}");
    kept(
        page,
        &[
            Key::Left,
            Key::Right,
            Key::Up,
            Key::Down,
            Key::Home,
            Key::End,
            Key::Backspace,
            Key::Delete,
            Key::PageUp,
            Key::Enter,
        ],
    )
    .await?;
    ensure!(sent(page).await? == 1, "Enter sends");
    page.chord("k").await?;
    was_heard(page, "k").await?;
    heard(page, Key::F4, "F4").await?;
    heard(page, Key::Escape, "Escape").await?;
    // The clipboard is the field's.
    page.chord("c").await?;
    ensure_is(
        page,
        "Ctrl+C",
        "return heard.splice(0).filter((heard) => !/Control/.test(heard))",
        json!([]),
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn what_is_typed_into_the_message_starts_no_search_and_turns_no_page() {
    let origin = site("", SHORTCUTS, "").await.unwrap().serve();
    in_chromium(async |page| types_in_peace(page, &origin).await).await;
}

#[tokio::test]
async fn in_firefox_too() {
    let origin = site("", SHORTCUTS, "").await.unwrap().serve();
    in_browser(Browser::Firefox, async |page| {
        types_in_peace(page, &origin).await
    })
    .await;
}

#[tokio::test]
async fn buttons_rows_the_picture_and_fields_keep_their_own_keys_and_no_others() {
    let origin = site("", SHORTCUTS, "view=full").await.unwrap().serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        for panel in ["[part=stage]", "#seed", "#bytes-hex"] {
            page.wait_for_in_widget(panel, panel).await?;
        }
        focus(page, "[part=send]").await?;
        kept(page, &[Key::Enter, Key::Space]).await?;
        ensure!(sent(page).await? == 2, "both send");
        page.chord("k").await?;
        was_heard(page, "k").await?;
        heard(page, "x", "x").await?;
        page.press("/").await?;
        ensure_is(
            page,
            "/ on a button",
            "return document.activeElement.id",
            json!("search"),
        )
        .await?;

        focus(page, "[part=stage]").await?;
        for key in [Key::Right, Key::Left, Key::Add, Key::Subtract] {
            kept(page, &[key]).await?;
        }
        // What is drawn says whether the next Space pauses or goes on.
        for pressed in ["true", "false"] {
            kept(page, &[Key::Space]).await?;
            let tool = format!("[data-ref=pause][aria-pressed={pressed}]");
            page.wait_for_in_widget("the pause", &tool).await?;
        }
        for key in [Key::End, Key::Right] {
            kept(page, &[key]).await?;
        }
        page.press("+").await?;
        page.press("-").await?;
        ensure_is(page, "+ and -", "return heard.splice(0)", json!([])).await?;
        heard(page, "x", "x").await?;

        // A row is chosen by now: Escape lets it go, and only then is it the page's.
        page.wait_for_in_widget("a chosen row", "tr[aria-selected=true]")
            .await?;
        kept(page, &[Key::Escape]).await?;
        page.wait_for_in_widget("none chosen", "tbody:not(:has([aria-selected=true]))")
            .await?;
        heard(page, Key::Escape, "Escape").await?;

        focus(page, "tr[tabindex='0']").await?;
        kept(page, &[Key::Up, Key::Down]).await?;
        page.in_widget(
            "root.querySelectorAll('details').forEach((details) => (details.open = true))",
        )
        .await?;
        focus(page, "#seed").await?;
        page.press("1/2").await?;
        kept(page, &[Key::Right]).await?;
        focus(page, "#listening").await?;
        kept(page, &[Key::Space]).await?;
        heard(page, "x", "x").await?;
        focus(page, "#bytes-hex").await?;
        page.press("2f").await?;
        kept(page, &[Key::Right]).await?;
        focus(page, "[role=slider]").await?;
        kept(
            page,
            &[
                Key::Right,
                Key::Left,
                Key::Up,
                Key::Down,
                Key::PageUp,
                Key::Home,
                Key::End,
            ],
        )
        .await?;
        heard(page, "x", "x").await
    })
    .await;
}

#[tokio::test]
async fn the_enter_that_ends_a_composition_sends_nothing_as_chromium_and_as_safari_send_it() {
    let origin = site("", SHORTCUTS, "").await.unwrap().serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        for (ending, expected) in [("keyCode: 229, isComposing: false", 0), ("keyCode: 229, isComposing: true", 0), ("keyCode: 13", 1)] {
            let press = format!(
                "const key = {{ key: 'Enter', code: 'Enter', bubbles: true, composed: true, cancelable: true, {ending} }};
                 root.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown', key))"
            );
            page.in_widget(&press).await?;
            ensure!(sent(page).await? == expected, "{ending}");
        }
        ensure_is(page, "the document", "return heard", json!([])).await
    })
    .await;
}

#[tokio::test]
async fn keys_in_what_the_author_put_into_the_element_are_the_pages_own() {
    let mut site = site("", SHORTCUTS, "").await.unwrap();
    let page = format!(
        "<!doctype html><title>t</title>{SHORTCUTS}<script type=\"module\" src=\"/udp/udp-echo.js\"></script>
         <udp-echo mode=simulated loading=click><input id=own></udp-echo>"
    );
    site.page("/", "", &page);
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_in_widget("the button", "[part=start]")
            .await?;
        page.script("document.querySelector('#own').focus()")
            .await?;
        heard(page, "x", "x").await?;
        focus(page, "[part=start]").await?;
        heard(page, "x", "x").await?;
        kept(page, &[Key::Enter]).await?;
        page.wait_for_state("simulated").await
    })
    .await;
}

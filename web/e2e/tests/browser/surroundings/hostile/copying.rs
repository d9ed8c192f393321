//! Copying in pages that came over http from another machine: browsers give them no `navigator.clipboard`.

use anyhow::Result;
use serde_json::json;

use super::{ensure_is, own_pages, site};
use crate::browser::in_chromium;
use crate::page::Page;

/// Hears what is copied in the old way.
/// What is selected may stand in the editor of a program.
const LISTEN: &str = "globalThis.copied = [];
    globalThis.selected = () => {
      const area = document.activeElement?.shadowRoot?.activeElement;
      return area?.value?.slice(area.selectionStart, area.selectionEnd) ?? getSelection().toString();
    };
    document.addEventListener('copy', () => copied.push(selected()))";
/// A browser that lets the page copy in no way at all.
const REFUSE: &str = "document.execCommand = () => { throw new TypeError('no') }";
const PLAIN_HTTP: &str = "return [isSecureContext, typeof navigator.clipboard]";

/// Presses a button that copies the text beside it, in a browser that copies and in one that does not.
async fn copies(page: &Page, button: &str, source: &str) -> Result<()> {
    ensure_is(page, "the page", PLAIN_HTTP, json!([false, "undefined"])).await?;
    let find = format!("document.querySelector(\"{button}\")");
    let source = format!("document.querySelector(\"{source}\").textContent.trim()");
    page.wait_for(button, &format!("return {find}")).await?;
    page.script(LISTEN).await?;
    // Where it is may be in sight and yet behind the bar of contents.
    page.script(&format!(
        "{find}.scrollIntoView({{ block: 'center', behavior: 'instant' }})"
    ))
    .await?;
    page.click(button).await?;
    page.wait_for("Copied", &format!("return {find}.textContent === 'Copied'"))
        .await?;
    ensure_is(
        page,
        "the copy",
        &format!("return copied.length === 1 && copied[0].trim() === {source}"),
        json!(true),
    )
    .await?;
    page.script(REFUSE).await?;
    page.click(button).await?;
    page.wait_for(
        "what to do",
        &format!("return {find}.textContent.startsWith('Selected: press Ctrl+C')"),
    )
    .await?;
    ensure_is(
        page,
        "what is selected",
        &format!("return selected().trim() === {source}"),
        json!(true),
    )
    .await
}

#[tokio::test]
async fn the_snippet_maker_and_the_article_copy_without_https_or_say_what_to_press() {
    let origin = own_pages().await.unwrap().serve();
    in_chromium(async |page| {
        page.open(&format!("{origin}/snippets.html")).await?;
        copies(page, ".file button", ".file code").await?;
        page.assert_console_is_clean().await?;
        page.open(&format!(
            "{origin}/index.html#experiment=first-echo&mode=simulated"
        ))
        .await?;
        copies(page, "figure.code button", "figure.code code").await?;
        // The article asks for a host, and there is none.
        page.console().await?;
        Ok(())
    })
    .await;
}

async fn the_widget_copies(page: &Page, origin: &str) -> Result<()> {
    page.open(origin).await?;
    page.wait_for_state("simulated").await?;
    ensure_is(page, "the page", PLAIN_HTTP, json!([false, "undefined"])).await?;
    page.wait_for_in_widget("the lab", "[data-tool=netem-there]")
        .await?;
    page.wait_for_in_widget("the bytes", "[data-copy]").await?;
    page.in_widget("root.querySelectorAll('details').forEach((details) => (details.open = true))")
        .await?;
    page.wait_for_in_widget("the lines", "[part=command]:not(:empty)")
        .await?;
    let said = |part: &str| {
        format!(
            "return document.querySelector('udp-echo').shadowRoot.querySelector(\"{part}\").textContent"
        )
    };
    for (button, place) in [
        ("[part=copy-button]", "[part=copied]"),
        ("[data-tool=netem-there]", "[data-ref=copied]"),
    ] {
        page.press_in_widget(button).await?;
        page.wait_for(
            place,
            &format!("{}.toLowerCase() === 'copied'", said(place)),
        )
        .await?;
    }
    page.script("document.execCommand = () => false").await?;
    for (button, place) in [
        ("[part=copy-button]", "[part=copied]"),
        ("[data-tool=netem-there]", "[data-ref=copied]"),
    ] {
        page.press_in_widget(button).await?;
        page.wait_for(place, &format!("{}.includes('selected')", said(place)))
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_widget_copies_without_https_or_says_what_to_press() {
    let origin = site("", "", "view=full").await.unwrap().serve();
    in_chromium(async |page| the_widget_copies(page, &origin).await).await;
}

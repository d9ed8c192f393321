//! Keys: those that the widget uses do not reach the page, and all others do.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;

use super::stranger;
use crate::browser::in_chromium;
use crate::page::Page;

/// A page that notes every key that reaches it.
const NOTES: &str = "<script>globalThis.heard = [];
    for (const type of ['keydown', 'keypress', 'keyup'])
        document.addEventListener(type, ({ key }) => heard.push(`${type} ${key}`));</script>";

/// What the page has heard since it was asked the last time.
async fn heard(page: &Page) -> Result<Value> {
    page.script("return heard.splice(0)").await
}

async fn focus(page: &Page, selector: &str) -> Result<()> {
    page.in_widget(&format!("root.querySelector('{selector}').focus()"))
        .await?;
    heard(page).await.map(|_| ())
}

#[tokio::test]
async fn keys_that_the_widget_uses_do_not_reach_the_page_and_all_others_do() {
    let body = "<udp-echo mode=simulated view=full><input slot=error></udp-echo>";
    let address = stranger("", NOTES, body).await.unwrap();
    in_chromium(async |page| {
        page.open(&address).await?;
        page.wait_for_in_widget("the bytes", "[part=hex]").await?;
        page.wait_for_in_widget("the lab", "[data-ref=lab] [part=value]").await?;
        page.in_widget("root.querySelectorAll('details').forEach((one) => one.open = true)").await?;
        for field in ["#message", "#bytes-hex", "#bytes-text", "#bytes-size", "#seed", "[data-field]"] {
            focus(page, field).await?;
            page.press("a/7").await?;
            page.press(Key::Right).await?;
            page.press(Key::Left + Key::Backspace).await?;
            let reached = heard(page).await?;
            ensure!(reached == json!([]), "from {field}: {reached}");
        }
        focus(page, "#message").await?;
        page.press(Key::F4).await?;
        let reached = heard(page).await?;
        ensure!(reached == json!(["keydown F4", "keyup F4"]), "{reached}");
        // The search of many a site.
        page.in_widget("root.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true, composed: true }))").await?;
        let reached = heard(page).await?;
        ensure!(reached == json!(["keydown k"]), "{reached}");

        focus(page, "[part=send]").await?;
        page.press(" ").await?;
        page.press(Key::Enter).await?;
        let reached = heard(page).await?;
        ensure!(reached == json!([]), "from the button: {reached}");
        page.press("/").await?;
        page.press(Key::Right).await?;
        let reached = heard(page).await?;
        let all = json!(["keydown /", "keypress /", "keyup /", "keydown ArrowRight", "keyup ArrowRight"]);
        ensure!(reached == all, "from the button: {reached}");

        // Escape takes back what is selected; where nothing is, it is the page's.
        page.wait_for_in_widget("a row", "tr[data-number]").await?;
        page.in_widget("root.querySelector('tr[data-number]').click()").await?;
        page.wait_for_in_widget("the selection", "tr[aria-selected=true]").await?;
        focus(page, "[part=send]").await?;
        page.press(Key::Escape).await?;
        page.wait_for_in_widget("no selection", "tbody:not(:has([aria-selected=true]))").await?;
        let reached = heard(page).await?;
        ensure!(reached == json!([]), "{reached}");
        page.press(Key::Escape).await?;
        let reached = heard(page).await?;
        ensure!(reached == json!(["keydown Escape", "keyup Escape"]), "{reached}");

        focus(page, "[part=stage]").await?;
        page.press(Key::Right + Key::Left).await?;
        page.press("+- ").await?;
        page.press(Key::End).await?;
        let reached = heard(page).await?;
        ensure!(reached == json!([]), "from the picture: {reached}");
        page.press("s").await?;
        let reached = heard(page).await?;
        ensure!(reached == json!(["keydown s", "keypress s", "keyup s"]), "from the picture: {reached}");

        focus(page, "[role=slider]").await?;
        page.press(Key::Right + Key::PageUp).await?;
        let reached = heard(page).await?;
        ensure!(reached == json!([]), "from the ruler: {reached}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_enter_that_ends_a_composition_does_not_send() {
    let address = stranger("", "", "<udp-echo mode=simulated></udp-echo>").await;
    let address = address.unwrap();
    in_chromium(async |page| {
        page.open(&address).await?;
        page.wait_for_state("simulated").await?;
        let enter = |more: &str| {
            format!("root.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', {more} bubbles: true, composed: true }}))")
        };
        page.script("globalThis.sent = 0; document.addEventListener('udp-sent', () => sent += 1)").await?;
        // As Safari sends it, and as all others do.
        page.in_widget(&enter("keyCode: 229, isComposing: false,")).await?;
        page.in_widget(&enter("isComposing: true,")).await?;
        page.in_widget(&enter("keyCode: 13,")).await?;
        page.wait_for_in_widget("an echo", "tr[data-number='1'][data-fate=echoed]").await?;
        let sent = page.script("return sent").await?;
        ensure!(sent == 1, "{sent} datagrams");
        Ok(())
    })
    .await;
}

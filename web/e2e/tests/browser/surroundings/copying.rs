//! Copying in pages without https from other machines, where browsers have no clipboard.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::stranger;
use crate::browser::in_chromium;
use crate::page::Page;
use test_support::host::TestServer;

/// What a reader gets who pastes now.
async fn pasted(page: &Page) -> Result<Value> {
    page.script("document.body.append(Object.assign(document.createElement('textarea'), { id: 'paste' })); paste.focus()").await?;
    page.chord("v").await?;
    page.script("const { value } = paste; paste.remove(); return value")
        .await
}

#[tokio::test]
async fn every_copy_button_copies_without_https() {
    let body = "<udp-echo mode=simulated view=full></udp-echo>";
    let address = stranger("", "", body).await.unwrap();
    let host = TestServer::start(&["--allow-host", "docs.example"]).await;
    in_chromium(async |page| {
        // A name of this machine that browsers do not take for loopback.
        let port = host.http().port();
        page.open(&format!("http://docs.example:{port}/snippets.html")).await?;
        page.wait_for("the files", "return document.querySelector('.file button')").await?;
        let clipboard = page.script("return [isSecureContext, !!navigator.clipboard]").await?;
        ensure!(clipboard == serde_json::json!([false, false]), "the page has a clipboard");
        page.click(".file button").await?;
        page.wait_for("the word for it", "return document.querySelector('.file button').textContent === 'Copied'").await?;
        let text = page.script("return document.querySelector('.file code').textContent").await?;
        let got = pasted(page).await?;
        ensure!(got == text, "{got}");
        // Where the browser does not let a page copy, the text is selected, and the button says what to do.
        page.script("document.execCommand = () => false; getSelection().removeAllRanges()").await?;
        page.script("document.querySelector('.file button').textContent = ''").await?;
        page.click(".file button").await?;
        page.wait_for("what to do", "return document.querySelector('.file button').textContent.includes('Ctrl+C')").await?;
        let selected = page.script("return String(getSelection()).trim()").await?;
        ensure!(Some(selected.as_str().unwrap_or_default()) == text.as_str().map(str::trim), "{selected}");

        page.open(&address).await?;
        page.wait_for_in_widget("the bytes", "[data-copy]").await?;
        page.in_widget("root.querySelector('details[part=copy]').open = true").await?;
        page.wait_for_in_widget("a line", "[part=command]:not(:empty)").await?;
        page.part("copy-button").await?.click().await?;
        page.wait_for("the word for it", "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=copied]').textContent === 'Copied'").await?;
        let line = page.in_widget("return root.querySelector('[part=command]').textContent").await?;
        let got = pasted(page).await?;
        ensure!(got == line, "{got}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

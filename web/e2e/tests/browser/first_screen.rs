//! The first screen: what it says before anything was sent, and the buttons that have one thing happen to one datagram.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::first_echo::open_first;
use crate::page::{Page, Scheme};
use test_support::host::TestServer;

/// A host and a page with two elements' worth of addresses: one talks to the host, the other to nobody.
async fn both_modes(body: &str) -> Result<(TestServer, String)> {
    let mut site = Site::new().await?;
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    site.bundle("/udp/")?;
    for mode in ["live", "simulated"] {
        let element = format!(
            "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>
             <udp-echo mode={mode} timeout=30000 relay=http://{} {body}></udp-echo>",
            host.http()
        );
        site.page(&format!("/{mode}"), "", &element);
    }
    Ok((host, site.serve()))
}

#[tokio::test]
async fn one_sentence_says_what_it_is_about_and_what_would_be_empty_takes_no_room() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for width in [390, 1280] {
            page.emulate(width, 900, Scheme::Light).await?;
            open_first(page, &host).await?;
            let seen = page
                .in_widget(
                    "const shows = (selector) => root.querySelector(selector).checkVisibility();
                     return [root.querySelector('[part=detail]').innerText.trim(), shows('[data-transcript=client]'), shows('[data-transcript=server]'),
                         shows('tr'), shows('[part=sum]'), root.querySelector('[part=about]').open]",
                )
                .await?;
            let sentence = "A datagram is one message, sent on its own; an echo is the same message, sent back.";
            ensure!(seen == json!([sentence, false, true, false, false, false]), "at {width}: {seen}");
            // Who wants to know more finds the session, the relay's address and the version.
            page.in_widget("root.querySelector('[part=about] summary').click()").await?;
            let about = page.in_widget("return root.querySelector('[part=about]').innerText").await?;
            let about = about.as_str().context("a text")?;
            let address = format!(" at {}/relay, udp-echo ", host.http());
            ensure!(about.contains("About this session") && about.contains(&address), "{about}");
            // What Send brings stands where it is then looked for, and is no movement of its own.
            page.part("send").await?.click().await?;
            page.wait_for_in_widget("the echo", "tr[data-number='1'][data-fate=echoed]").await?;
            let seen = page
                .in_widget(
                    "const shows = (selector) => root.querySelector(selector).checkVisibility();
                     return ['[data-transcript=client]', '[data-transcript=server]', 'tr', '[part=sum]'].map(shows)",
                )
                .await?;
            ensure!(seen == json!([true, true, true, true]), "at {width}: {seen}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

async fn press(page: &Page, button: &str, settled: u64) -> Result<()> {
    page.press_in_widget(&format!("[data-do={button}]")).await?;
    let settled = format!("return globalThis.settled >= {settled}");
    page.wait_for("the fates", &settled).await?;
    Ok(())
}

#[tokio::test]
async fn one_press_loses_one_reorders_two_or_doubles_one_live_and_simulated() {
    let (host, origin) = both_modes("").await.unwrap();
    in_chromium(async |page| {
        for mode in ["live", "simulated"] {
            page.open(&format!("{origin}/{mode}")).await?;
            page.wait_for_state(mode).await?;
            page.script(
                "globalThis.settled = 0;
                 for (const name of ['udp-echoed', 'udp-lost']) addEventListener(name, () => (settled += 1));
                 addEventListener('udp-stats', ({ detail }) => (globalThis.stats = detail))",
            )
            .await?;
            let words = page
                .in_widget("return [...root.querySelectorAll('[part=send] span, [part=mishaps] button')].map((button) => button.textContent)")
                .await?;
            ensure!(words == json!(["Send", "Lose it", "Reorder it", "Double it"]), "{words}");

            press(page, "lose", 1).await?;
            page.wait_for_in_widget("the loss", "tr[data-number='1'][data-fate=dropped]").await?;

            press(page, "hold", 3).await?;
            let received = "[...document.querySelector('udp-echo').shadowRoot.querySelectorAll('[data-transcript=client] [data-kind=printed]')]
                .map((line) => line.textContent).filter((line) => line.startsWith('received'))";
            page.wait_for("both answers", &format!("return {received}.length === 2")).await?;
            let received = page.script(&format!("return {received}")).await?;
            let message = "This is the message.  It will be repeated.";
            ensure!(
                received == json!([format!("received \"2: {message}\""), format!("received \"1: {message}\"")]),
                "{mode}: {received}"
            );

            press(page, "double", 4).await?;
            let counts = page
                .wait_for("the second copy", "return globalThis.stats?.duplicates === 1 && globalThis.stats")
                .await?;
            let seen = ["sent", "echoed", "dropped", "reordered", "duplicates"].map(|name| counts[name].as_u64());
            ensure!(seen == [Some(4), Some(3), Some(1), Some(1), Some(1)], "{mode}: {counts}");
            // The link itself is as it was: the next one is as any other.
            page.part("send").await?.click().await?;
            page.wait_for_in_widget("an echo", "tr[data-number='5'][data-fate=echoed]").await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// A message from right to left once stood at the wrong side of its quotes.
#[tokio::test]
async fn a_message_from_right_to_left_stays_between_its_quotes_and_names_are_not_translated() {
    let (host, origin) = both_modes("message='שלום (1) עולם!'").await.unwrap();
    in_chromium(async |page| {
        page.open(&format!("{origin}/simulated")).await?;
        page.wait_for_state("simulated").await?;
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the answer", "tr[data-fate=echoed]").await?;
        let lines = page
            .wait_for(
                "both lines",
                "const root = document.querySelector('udp-echo').shadowRoot;
                 const quotes = [...root.querySelectorAll('[data-transcript=client] [data-kind=printed]')].filter((line) => line.textContent.includes('\"'));
                 return quotes.length === 2 && quotes.map((line) => {
                     const inside = line.querySelector('bdi').getBoundingClientRect();
                     const at = (node, from) => {
                         const range = document.createRange();
                         range.setStart(node, from);
                         range.setEnd(node, from + 1);
                         return range.getBoundingClientRect();
                     };
                     const opening = at(line.firstChild, line.firstChild.length - 1);
                     const closing = at(line.lastChild, 0);
                     return [line.textContent, opening.right <= inside.left + 1, closing.left >= inside.right - 1];
                 })",
            )
            .await?;
        let message = "שלום (1) עולם!";
        ensure!(
            lines == json!([[format!("sending \"{message}\""), true, true], [format!("received \"{message}\""), true, true]]),
            "{lines}"
        );
        let kept = page
            .in_widget("return [root.querySelector('select').translate, root.querySelector('[data-ref=session]').translate]")
            .await?;
        ensure!(kept == json!([false, false]), "{kept}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

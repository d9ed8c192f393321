//! The way into Wireshark, as a reader finds it: only where the host lets sessions be watched, and with a token that is good.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::extcap::{Fifo, contains, read_until};
use test_support::host::TestServer;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::page::{Page, Scheme};
use crate::pictures::pictures;

const BUTTON: &str = "return document.querySelector('.watch .more')";

/// What the panel shows as code: the line to install, the token, the line for a terminal.
async fn shown(page: &Page) -> Result<Vec<String>> {
    let codes = "const codes = [...document.querySelectorAll('.wireshark code')].map((code) => code.textContent);
                 return codes.length ? codes : false";
    let codes = page.wait_for("the steps", codes).await?;
    let codes = codes.as_array().context("a list")?.iter();
    Ok(codes
        .filter_map(|code| code.as_str().map(str::to_owned))
        .collect())
}

#[tokio::test]
async fn a_button_shows_the_line_to_install_and_a_token_that_shows_this_session_in_wireshark() {
    let host = TestServer::start(&["--wireshark"]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        page.open(&format!("http://{}/", host.http())).await?;
        page.wait_for("the button", BUTTON).await?;
        let is_shown = "return Boolean(document.querySelector('.wireshark code'))";
        ensure!(
            page.script(is_shown).await? == false,
            "nothing is shown unasked"
        );
        page.click(".watch .more").await?;
        let codes = shown(page).await?;
        let [install, token, terminal] = &codes[..] else {
            anyhow::bail!("three pieces of code, not {codes:?}")
        };
        ensure!(
            install.ends_with("ln -sf \"$(command -v udp-echo)\" ~/.local/lib/wireshark/extcap/"),
            "{install}"
        );
        ensure!(
            terminal.contains(&format!("extcap.udp_echo.token:{token}")),
            "{terminal}"
        );
        ensure!(
            terminal.contains(&format!("extcap.udp_echo.host:{}", host.http())),
            "{terminal}"
        );
        let has_room = "return document.documentElement.scrollWidth <= innerWidth";
        ensure!(
            page.script(has_room).await? == true,
            "it is wider than the window"
        );
        assert_accessible_in_both_schemes(page, "the way into Wireshark").await?;
        pictures(page, "wireshark", Some(".wireshark")).await?;

        let fifo = Fifo::make();
        let mut capture = fifo.capture(host.http(), token);
        let pipe = fifo.open(&capture).await;
        page.part("send").await?.click().await?;
        let (_pipe, seen) = read_until(pipe, "datagram 1: echoed after ").await?;
        ensure!(contains(
            &seen,
            "This is the message.  It will be repeated."
        ));

        // A session that begins anew has another token, and the old one is over.
        page.script("document.getElementById('live').reset()")
            .await?;
        capture.says("the session has ended").await;
        let other = format!(
            "const token = document.querySelectorAll('.wireshark code')[1]?.textContent;
             return token && token !== {} && token",
            json!(token)
        );
        page.wait_for("the token of the new session", &other)
            .await?;
        Ok(())
    })
    .await;
}

/// On a slow way the widget is live before the page's own script is there.
#[tokio::test]
async fn a_script_of_the_page_that_comes_after_the_session_has_begun_offers_the_same() {
    let host = TestServer::start(&["--wireshark"]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http())).await?;
        page.wait_for("the button", BUTTON).await?;
        page.wait_for_state("live").await?;
        page.script("document.querySelector('.watch').remove(); document.getElementById('terminal').textContent = ''")
            .await?;
        page.script("import('./page.js?late')").await?;
        page.wait_for("the button of the late script", BUTTON)
            .await?;
        let line = page
            .script("return document.getElementById('terminal').textContent")
            .await?;
        let server = host.udp();
        ensure!(
            line == format!("nc -u {} {}\n", server.ip(), server.port()),
            "{line}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_host_that_lets_nobody_watch_offers_nothing() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http())).await?;
        page.wait_for_state("live").await?;
        page.wait_for_network_silence().await?;
        let there = format!("{BUTTON} !== null");
        ensure!(page.script(&there).await? == false, "there is a button");
        Ok(())
    })
    .await;
}

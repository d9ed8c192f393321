//! The way into Wireshark, as a reader finds it: only where the host lets sessions be watched, and with a token that is good.

use std::fs::File;
use std::io::Read as _;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::TestServer;
use test_support::program::{Program, udp_echo};
use test_support::soon;

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

fn has(bytes: &[u8], words: &str) -> bool {
    let mut windows = bytes.windows(words.len());
    windows.any(|window| window == words.as_bytes())
}

/// Reads a pipe until it has these words; returns it with what it read.
async fn read_until(mut pipe: File, words: &'static str) -> Result<(File, Vec<u8>)> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut seen = Vec::new();
        while !has(&seen, words) {
            let mut part = [0; 65_536];
            let count = pipe.read(&mut part)?;
            ensure!(count > 0, "the capture ended");
            seen.extend_from_slice(&part[..count]);
        }
        Ok((pipe, seen))
    });
    soon(words, reading).await?
}

#[tokio::test]
async fn a_button_shows_the_line_to_install_and_a_token_that_shows_this_session_in_wireshark() {
    let host = TestServer::start(&["--wireshark"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
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

        let made = std::process::Command::new("mkfifo").arg(&fifo).status()?;
        ensure!(made.success());
        let (path, address) = (fifo.display().to_string(), host.http().to_string());
        let words = [
            "--capture",
            "--extcap-interface",
            "udp-echo",
            "--fifo",
            &path,
            "--host",
            &address,
            "--token",
            token,
        ];
        let mut capture = Program::spawn(std::process::Command::new(udp_echo()).args(words));
        let pipe = soon(
            "the capture",
            tokio::task::spawn_blocking(move || File::open(fifo)),
        )
        .await??;
        let (pipe, _) = read_until(pipe, "udp-echo 0.1.0").await?;
        page.part("send").await?.click().await?;
        let (_pipe, seen) = read_until(pipe, "datagram 1: echoed after ").await?;
        ensure!(has(&seen, "This is the message.  It will be repeated."));

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

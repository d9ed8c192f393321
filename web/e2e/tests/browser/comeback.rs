//! A host that stops and comes back: the page waits, returns by itself, keeps what it had, and says what became of its port.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Result, ensure};

use crate::browser::in_chromium;
use crate::first_echo::wait_for_fate;
use crate::page::Page;
use test_support::host::HostProgram;

/// The same before and after a restart, so that tokens stay good.
const SECRET: &str = "--resume-secret=the same before and after";

/// A port that was free a moment ago: a page comes back to the address that it knows.
fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Where the page's datagrams come from, as it shows it.
async fn own_port(page: &Page) -> Result<String> {
    let port = page
        .in_widget("return root.querySelector('[data-ref=client]').textContent")
        .await?;
    Ok(port.as_str().unwrap_or_default().to_owned())
}

/// Opens the page, has one echo, stops the host with SIGTERM, and lets another one take its place.
async fn over_a_restart(
    page: &Page,
    address: SocketAddr,
    second: &[&str],
) -> Result<((String, String), String)> {
    let http = format!("--http={address}");
    let mut host = HostProgram::start(&[&http, SECRET]).await;
    page.open(&format!("http://{address}/")).await?;
    page.wait_for_state("live").await?;
    page.part("send").await?.click().await?;
    wait_for_fate(page, 1, "echoed").await?;
    let before = own_port(page).await?;

    host.signal("-TERM").await;
    ensure!(
        host.ended().await.code() == Some(0),
        "a host that is asked to stop exits with 0"
    );
    page.wait_for_state("gone").await?;
    // The word of the host, and an honest countdown or the try itself.
    let detail = page
        .in_widget("return root.querySelector('[part=detail]').textContent")
        .await?;
    let detail = detail.as_str().unwrap_or_default().to_owned();
    ensure!(
        detail.contains("Next try in")
            || detail.contains("Trying again")
            || detail.contains("Connecting"),
        "{detail}"
    );
    // Tries that meet nobody are errors to the browser; they are what this test is about.
    page.console().await?;

    let mut settings = vec![http.as_str()];
    settings.extend_from_slice(second);
    let _host = HostProgram::start(&settings).await;
    page.wait_for_state("live").await?;
    page.console().await?;
    let notice = page
        .in_widget("return root.querySelector('[part=notice]').textContent")
        .await?;
    page.part("send").await?.click().await?;
    wait_for_fate(page, 2, "echoed").await?;
    // What was there before the restart still is.
    wait_for_fate(page, 1, "echoed").await?;
    let ports = (before, own_port(page).await?);
    Ok((ports, notice.as_str().unwrap_or_default().to_owned()))
}

#[tokio::test]
async fn a_page_returns_by_itself_with_its_history_and_its_udp_port() {
    let address = free_port().unwrap();
    in_chromium(async |page| {
        let ((before, after), _) = over_a_restart(page, address, &[SECRET]).await?;
        ensure!(
            before == after && before.contains("127.0.0.1:"),
            "{before:?} and {after:?}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_page_that_gets_another_port_says_so() {
    let address = free_port().unwrap();
    in_chromium(async |page| {
        let ((before, after), notice) =
            over_a_restart(page, address, &["--resume-secret=another"]).await?;
        ensure!(before != after, "{before:?} both times");
        let words = "the system picked another port";
        ensure!(
            notice.contains(words) && notice.contains(&before) && notice.contains(&after),
            "{notice:?}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_ends_the_session_is_shown_in_its_own_words() {
    let host = HostProgram::start(&["--idle-timeout=1s"]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http)).await?;
        page.wait_for_state("live").await?;
        let words = "return document.querySelector('udp-echo')?.shadowRoot?.querySelector('[part=detail]')?.textContent
            .includes('The host ended the session: nothing was sent for 1s')";
        page.wait_for("the sentence of the limit", words).await?;
        Ok(())
    })
    .await;
}

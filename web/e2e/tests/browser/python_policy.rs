//! `<udp-run>` in a page of another origin, whose policy allows programs more or less.

use anyhow::{Result, ensure};
use serde_json::json;
use test_support::host::TestServer;

use crate::browser::{Browser, in_browser};
use crate::embed::site::Site;
use crate::page::Page;

/// A page that allows the element itself and its sockets, and no wasm; and one with all that its programs need.
const ELEMENT: &str =
    "default-src 'none'; script-src HOST; connect-src HOST WSHOST; worker-src 'none'; frame-src";
const PROGRAMS: &str = "default-src 'none'; script-src HOST 'wasm-unsafe-eval'; connect-src HOST WSHOST; worker-src blob: HOST";

/// A page of another origin with one program under this policy, on a host that admits it.
async fn open(page: &Page, policy: &str, program: &str) -> Result<TestServer> {
    let mut site = Site::new().await?;
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    let policy = policy
        .replace("WSHOST", &address.replacen("http", "ws", 1))
        .replace("HOST", &address);
    let body = format!(
        "<!doctype html><html lang=en><title>t</title><body>
         <script type=module src={address}/udp-run.js></script><udp-run name=a.py><pre>{program}</pre></udp-run>"
    );
    site.page("/", &policy, &body);
    page.open(&site.serve()).await?;
    page.wait_for(
        "the program",
        "return document.querySelector('udp-run')?.shadowRoot?.querySelector('[part=run]')",
    )
    .await?;
    page.script("document.querySelector('udp-run').shadowRoot.querySelector('[part=run]').click()")
        .await?;
    Ok(host)
}

/// Waits for what a part of the element says.
async fn says(page: &Page, part: &str, words: &str) -> Result<()> {
    page.wait_for(
        &format!("{words:?} in the part {part}"),
        &format!(
            "return document.querySelector('udp-run').shadowRoot.querySelector('[part={part}]').textContent === {}",
            json!(words)
        ),
    )
    .await?;
    Ok(())
}

/// Two sockets of a program talk to each other; then it waits for Stop.
const PROGRAM: &str = "import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind((\"localhost\", 10000))
two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
two.sendto(b\"from the page\", (\"localhost\", 10000))
print(one.recvfrom(100)[0])
one.recvfrom(100)
";

async fn runs_in_a_frame(browser: Browser) {
    in_browser(browser, async |page| {
        // Neither a worker nor wasm is allowed to the page: all of it is in the frame.
        let host = open(page, &format!("{ELEMENT} HOST"), PROGRAM).await?;
        says(page, "output", "b'from the page'\n").await?;
        says(page, "mode", "on real sockets of the host").await?;
        let frames = "return document.querySelectorAll('iframe').length";
        ensure!(page.script(frames).await? == 1);
        page.script(
            "document.querySelector('udp-run').shadowRoot.querySelector('[part=stop]').click()",
        )
        .await?;
        says(page, "status", "Stopped").await?;
        ensure!(page.script(frames).await? == 0, "its frame goes with it");
        // That the policy stands in the way is an error to the browser; it is what this test is about.
        page.console().await?;
        host.shutdown().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn where_a_policy_allows_no_worker_the_program_runs_in_a_frame_of_its_host() {
    runs_in_a_frame(Browser::Chromium).await;
}

#[tokio::test]
async fn where_a_policy_allows_no_worker_the_program_runs_in_a_frame_in_firefox() {
    runs_in_a_frame(Browser::Firefox).await;
}

async fn is_told_the_line(browser: Browser) {
    in_browser(browser, async |page| {
        let host = open(page, &format!("{ELEMENT} 'none'"), PROGRAM).await?;
        let (http, ws) = (format!("http://{}", host.http()), format!("ws://{}", host.http()));
        says(
            page,
            "forbidden",
            &format!(
                "This program cannot run here: the page’s policy allows it neither a worker nor a frame. Add to its Content-Security-Policy: script-src {http} 'wasm-unsafe-eval'; worker-src blob: {http}; frame-src {http}; connect-src {http} {ws}"
            ),
        )
        .await?;
        let run = "return document.querySelector('udp-run').shadowRoot.querySelector('[part=run]') === null";
        ensure!(page.script(run).await? == true, "there is nothing to press");
        page.console().await?;
        host.shutdown().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn where_a_policy_allows_neither_the_line_to_add_stands_in_the_place_of_run() {
    is_told_the_line(Browser::Chromium).await;
}

#[tokio::test]
async fn where_a_policy_allows_neither_the_line_is_told_in_firefox() {
    is_told_the_line(Browser::Firefox).await;
}

#[tokio::test]
async fn under_the_line_that_the_element_names_a_program_runs_in_a_worker_of_the_page() {
    for browser in [Browser::Chromium, Browser::Firefox] {
        in_browser(browser, async |page| {
            let host = open(page, PROGRAMS, PROGRAM).await?;
            says(page, "output", "b'from the page'\n").await?;
            let frames = "return document.querySelectorAll('iframe').length";
            ensure!(page.script(frames).await? == 0);
            host.shutdown().await;
            Ok(())
        })
        .await;
    }
}

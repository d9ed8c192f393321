//! The widget in a page of somebody else's: the snippets of `www/embed/` as they are, from an origin that is not the
//! host's.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
mod behaviour;
mod failures;
pub(crate) mod files;
mod generators;
mod oembed;
pub(crate) mod packages;
mod parts;
mod programs;
mod promises;
mod proxies;
mod proxy;
mod reference;
mod replay;
mod shifts;
pub(crate) mod site;
mod snippets;
mod tls;

use site::{Site, strict};

use crate::browser::in_chromium;
use crate::first_echo::wait_for_fate;
use crate::page::Page;
use test_support::host::TestServer;

/// The address that the snippets are written for, and that an author changes.
const SNIPPET_HOST: &str = "http://127.0.0.1:8000";

/// Starts the first widget of a page, in sight or not, and waits until it simulates.
pub(crate) async fn begins(page: &Page) -> Result<()> {
    let connect = "const first = document.querySelector('udp-echo:defined'); first?.connect(); return !!first";
    page.wait_for("a widget", connect).await?;
    page.wait_for_state("simulated").await
}

/// A site with one snippet, in which nothing is changed but the address of the host.
fn put_snippet(site: &mut Site, name: &str, host: SocketAddr) -> Result<()> {
    let path = crate::places::embed().join(name);
    let snippet =
        std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    ensure!(
        snippet.contains(SNIPPET_HOST),
        "{name} does not name {SNIPPET_HOST}"
    );
    let host = format!("http://{host}");
    site.page("/", &strict(&host), &snippet.replace(SNIPPET_HOST, &host));
    Ok(())
}

#[tokio::test]
async fn a_snippet_works_from_an_origin_that_the_host_admits() {
    let mut site = Site::new().await.unwrap();
    let origin = site.origin.clone();
    let host = TestServer::start(&["--allow-origin", &origin]).await;
    in_chromium(async |page| {
        put_snippet(&mut site, "plain.html", host.http())?;
        site.serve();
        page.open(&origin).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn an_origin_that_the_host_does_not_admit_is_told_the_setting() {
    let mut site = Site::new().await.unwrap();
    let origin = site.origin.clone();
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        put_snippet(&mut site, "plain.html", host.http())?;
        site.serve();
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        page.wait_for_in_widget("the setting", "[part=setting]:not(:empty)")
            .await?;
        let setting = page.part("setting").await?.text().await?;
        ensure!(
            setting.contains(&format!("--allow-origin {origin}")),
            "the page says {setting:?}"
        );
        // The browser's own line about the connection that was refused is no fault of the page.
        page.console().await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

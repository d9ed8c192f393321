//! The widget in a page of somebody else's: the snippets of `www/embed/` as they are, from an origin that is not the
//! host's.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::chromium::in_chromium;
use crate::common::TestServer;
use crate::first_echo::wait_for_fate;

/// The address that the snippets are written for, and that an author changes.
const SNIPPET_HOST: &str = "http://127.0.0.1:8000";

/// Somebody's site, as the browser sees it under a name of its own.
struct Site {
    listener: TcpListener,
    origin: String,
}

impl Site {
    async fn new() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        // The test's browser looks up every name that ends in `.example` on this machine.
        let origin = format!("http://docs.example:{}", listener.local_addr()?.port());
        Ok(Self { listener, origin })
    }

    /// Serves a snippet with nothing changed but the address of the host, for as long as the test runs.
    fn serve(self, name: &str, host: SocketAddr) -> Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../www/embed")
            .join(name);
        let snippet =
            std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        ensure!(
            snippet.contains(SNIPPET_HOST),
            "{name} does not name {SNIPPET_HOST}"
        );
        let page = snippet.replace(SNIPPET_HOST, &format!("http://{host}"));
        let site = Router::new().route("/", get(async || Html(page)));
        // A browser asks for this by itself, and would log that it is missing.
        let site = site.route("/favicon.ico", get(async || ""));
        tokio::spawn(axum::serve(self.listener, site).into_future());
        Ok(())
    }
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo verify"]
async fn a_snippet_works_from_an_origin_that_the_host_admits() {
    let site = Site::new().await.unwrap();
    let origin = site.origin.clone();
    let host = TestServer::start(&["--allow-origin", &origin]).await;
    in_chromium(async |page| {
        site.serve("plain.html", host.http())?;
        page.open(&origin).await?;
        page.wait_for_state("live").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo verify"]
async fn an_origin_that_the_host_does_not_admit_is_told_the_setting() {
    let site = Site::new().await.unwrap();
    let origin = site.origin.clone();
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        site.serve("plain.html", host.http())?;
        page.open(&origin).await?;
        page.wait_for_state("refused").await?;
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

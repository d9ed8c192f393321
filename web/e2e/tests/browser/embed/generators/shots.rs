//! Pictures of what comes of the ready folders, in `target/shots` as `site-NAME`: `cargo xtask shots --generators`.

use std::path::PathBuf;

use anyhow::Result;
use test_support::host::TestServer;

use super::rarer::notebooks::{Notebooks, cells, run_cell};
use super::{build, put, rarer, sends_live};
use crate::browser::in_chromium;
use crate::embed::SNIPPET_HOST;
use crate::embed::site::Site;
use crate::first_echo::wait_for_fate;
use crate::pictures::pictures;
use crate::places;

/// A name, the page of the site, and what builds the site.
type Picture = (&'static str, &'static str, fn() -> Result<PathBuf>);

const SITES: [Picture; 12] = [
    ("sphinx", "/", build::sphinx),
    ("mkdocs", "/", build::mkdocs),
    ("zensical", "/", build::zensical),
    ("mdbook", "/", build::mdbook),
    ("docusaurus", "/", build::docusaurus),
    ("vitepress", "/", rarer::vitepress),
    ("starlight", "/", rarer::starlight),
    ("jekyll", "/", rarer::jekyll),
    ("hugo", "/", build::hugo),
    ("react", "/react/index.html", frameworks),
    ("vue", "/vue/index.html", frameworks),
    ("svelte", "/svelte/index.html", frameworks),
];

fn frameworks() -> Result<PathBuf> {
    rarer::bundled(&rarer::frameworks()?)
}

#[tokio::test]
async fn each_ready_site_after_a_datagram() {
    for (name, path, build) in SITES {
        let mut site = Site::new().await.unwrap();
        let host = TestServer::start(&["--allow-origin", &site.origin]).await;
        let address = format!("http://{}", host.http());
        put(&mut site, &build().unwrap(), &address, &address, OPEN).unwrap();
        let origin = site.serve();
        in_chromium(async |page| {
            page.open(&format!("{origin}{path}")).await?;
            sends_live(page).await?;
            pictures(page, &format!("site-{name}"), None).await
        })
        .await;
        host.shutdown().await;
    }
}

/// Some of the generators put style sheets into the page by their scripts.
const OPEN: &str = "; style-src-elem 'self' 'unsafe-inline'";

#[tokio::test]
async fn html_alone() {
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin, "--allow-origin", "null"]).await;
    let address = format!("http://{}", host.http());
    for name in ["plain", "classic", "iframe"] {
        let page = std::fs::read_to_string(places::embed().join(format!("{name}.html"))).unwrap();
        site.page(
            &format!("/{name}"),
            "",
            &page.replace(SNIPPET_HOST, &address),
        );
    }
    let origin = site.serve();
    in_chromium(async |page| {
        for name in ["plain", "classic"] {
            page.open(&format!("{origin}/{name}")).await?;
            sends_live(page).await?;
            pictures(page, &format!("site-{name}"), None).await?;
        }
        page.open(&format!("{origin}/iframe")).await?;
        page.enter_frame(0).await?;
        sends_live(page).await?;
        page.leave_frame().await?;
        pictures(page, "site-iframe", None).await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notebook_after_a_datagram() {
    let host = TestServer::start(&[]).await;
    let cells = cells(&format!("http://{}", host.http())).unwrap();
    let lab = Notebooks::jupyter_lab().await.unwrap();
    in_chromium(async |page| {
        lab.open(page, &cells).await?;
        for place in 0..3 {
            run_cell(page, place).await?;
        }
        wait_for_fate(page, 1, "echoed").await?;
        pictures(page, "site-notebook", None).await
    })
    .await;
    host.shutdown().await;
}

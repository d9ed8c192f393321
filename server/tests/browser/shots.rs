//! Pictures of every view, in `target/shots/`: `cargo xtask shots` makes them for somebody to look at.
//!
//! They are a test too: no view may be wider than its window, and none may leave an error in the console.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::browser::in_chromium;
use crate::common::TestServer;
use crate::first_echo::{open_live, wait_for_fate};
use crate::page::{Page, Scheme};

/// Widths of a desk and of a pocket, in CSS pixels.
const WIDTHS: [u32; 2] = [1280, 390];

/// Takes a picture of what the page shows now, at every width and in both colour schemes.
async fn picture(page: &Page, view: &str) -> Result<()> {
    for width in WIDTHS {
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.emulate(width, 900, scheme).await?;
            let overflow = page
                .script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                .await?;
            ensure!(
                overflow == 0,
                "{view} is {overflow} pixels too wide for a window of {width}"
            );
            let name = format!("{view}-{width}-{}.png", scheme.word());
            page.screenshot(&folder()?.join(name)).await?;
        }
    }
    Ok(())
}

fn folder() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let folder = target
        .context("tmp lies in the target folder")?
        .join("shots");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo verify"]
async fn every_view_fits_its_window() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_live(page, &host).await?;
        picture(page, "live").await?;
        let send = page.part("send").await?;
        for number in 1..=3 {
            send.click().await?;
            wait_for_fate(page, number, "echoed").await?;
        }
        picture(page, "echoed").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
#[ignore = "needs Chromium: run cargo verify"]
async fn a_host_that_goes_away_is_said_and_come_back_to() {
    let host = TestServer::start(&[]).await;
    let address = host.http().to_string();
    in_chromium(async |page| {
        open_live(page, &host).await?;
        host.shutdown().await;
        page.wait_for_state("gone").await?;
        picture(page, "gone").await?;
        // The browser itself logs each connection that fails; these are what this test is about.
        page.console().await?;
        let again = TestServer::start(&["--http", &address]).await;
        page.wait_for_state("live").await?;
        page.console().await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        again.shutdown().await;
        page.wait_for_state("gone").await?;
        page.console().await?;
        Ok(())
    })
    .await;
}

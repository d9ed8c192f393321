//! One browser per test: fresh profile, watched console, gone afterwards.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;

use anyhow::Result;
use futures_util::FutureExt;

use crate::page::Page;
use crate::{chromium, firefox};

/// A browser that tests drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    Chromium,
    Firefox,
}

/// Runs a test in a Chromium of its own, as [`in_browser`].
pub(crate) async fn in_chromium(test: impl AsyncFnOnce(&Page) -> Result<()>) {
    in_browser(Browser::Chromium, test).await;
}

/// Runs a test in a browser of its own. Whatever a visitor would see as an error in the console fails the test:
/// errors that the page logs, exceptions nobody catches, rejections nobody handles, files that do not load (of these
/// last, Firefox tells its driver nothing).
///
/// A test that fails leaves a screenshot, and says where.
///
/// # Panics
/// When the browser cannot be started, the test fails, or the console holds an error.
pub(crate) async fn in_browser(browser: Browser, test: impl AsyncFnOnce(&Page) -> Result<()>) {
    match browser {
        Browser::Chromium => {
            let driver =
                chromium::Driver::start().expect("start chromedriver (cargo verify installs it)");
            let page = driver.open().await;
            run(
                page.expect("start Chromium (cargo verify installs it)"),
                test,
            )
            .await;
        }
        Browser::Firefox => {
            let driver =
                firefox::Driver::start().expect("start geckodriver (cargo xtask needs builds it)");
            let page = driver.open().await;
            run(
                page.expect("start Firefox (cargo verify installs it)"),
                test,
            )
            .await;
        }
    }
}

async fn run(page: Page, test: impl AsyncFnOnce(&Page) -> Result<()>) {
    let outcome = AssertUnwindSafe(async {
        test(&page).await?;
        page.assert_console_is_clean().await
    })
    .catch_unwind()
    .await;
    if !matches!(outcome, Ok(Ok(()))) {
        report(&page).await;
    }
    let closed = page.close().await;
    match outcome.map(|result| result.and(closed)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("{error:#}"),
        Err(panic) => resume_unwind(panic),
    }
}

/// Says what the browser showed when a test failed. Nothing here may fail in its turn and hide the reason.
async fn report(page: &Page) {
    let name = std::thread::current()
        .name()
        .unwrap_or("test")
        .replace("::", "-");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    match page.screenshot(&path).await {
        Ok(()) => eprintln!("what the browser showed: {}", path.display()),
        Err(error) => eprintln!("no screenshot: {error:#}"),
    }
    for entry in page.console().await.unwrap_or_default() {
        eprintln!("console: {entry:?}");
    }
}

//! One browser per test: fresh profile, watched console, gone afterwards.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;

use anyhow::Result;
use futures_util::FutureExt;
use test_support::program::Said;

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
            let (_driver, page) = open(
                chromium::Driver::start,
                chromium::Driver::open,
                chromium::Driver::said,
            )
            .await;
            run(page, test).await;
        }
        Browser::Firefox => {
            let (_driver, page) = open(
                firefox::Driver::start,
                firefox::Driver::open,
                firefox::Driver::said,
            )
            .await;
            run(page, test).await;
        }
    }
}

/// How often a browser is started before the test fails.
const ATTEMPTS: usize = 3;

/// A driver and the browser it has opened. A browser that does not come up is tried again with another driver, for a driver
/// on a busy machine may have lost it for good.
async fn open<D>(
    start: impl AsyncFn() -> Result<D>,
    open: impl AsyncFn(&D) -> Result<Page>,
    said: impl Fn(&D) -> Said<'_>,
) -> (D, Page) {
    let mut failures = String::new();
    for _ in 0..ATTEMPTS {
        // A driver has been tried again already.
        let driver = start()
            .await
            .expect("start the driver (cargo verify installs it)");
        match open(&driver).await {
            Ok(page) => return (driver, page),
            Err(error) => failures.push_str(&format!("\n{error:#}{}", said(&driver))),
        }
    }
    panic!("the browser does not start (cargo verify installs it):{failures}");
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

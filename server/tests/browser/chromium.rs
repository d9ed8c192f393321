//! One Chromium per test: fresh profile, watched console, gone afterwards.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::FutureExt;
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};

use crate::page::Page;

/// Runs a test in a browser of its own. Whatever a visitor would see as an error in the console fails the test:
/// errors that the page logs, exceptions nobody catches, rejections nobody handles, files that do not load.
///
/// A test that fails leaves a screenshot, and says where.
///
/// # Panics
/// When the browser cannot be started, the test fails, or the console holds an error.
pub(crate) async fn in_chromium(test: impl AsyncFnOnce(&Page) -> Result<()>) {
    let driver = Driver::start().expect("start chromedriver (cargo verify installs it)");
    let page = driver
        .open()
        .await
        .expect("start Chromium (cargo verify installs it)");
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

/// A chromedriver on a port of its own, and the profile of the one Chromium it drives.
struct Driver {
    process: Child,
    port: u16,
    profile: TempDir,
}

/// How long anything about starting or stopping the browser may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Driver {
    fn start() -> Result<Self> {
        let profile = tempfile::tempdir().context("make a folder for the profile")?;
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .arg(format!(
                "--log-path={}",
                profile.path().join("chromedriver.log").display()
            ))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Debian's wrapper and Chromium itself chatter here; what matters comes back over WebDriver.
            .stderr(Stdio::null())
            .spawn()
            .context("run `chromedriver`")?;
        let stdout = process.stdout.take().expect("stdout is a pipe");
        let port = match announced_port(BufReader::new(stdout)) {
            Ok(port) => port,
            Err(error) => {
                process.kill().ok();
                process.wait().ok();
                return Err(error);
            }
        };
        Ok(Self {
            process,
            port,
            profile,
        })
    }

    /// Starts the Chromium.
    async fn open(&self) -> Result<Page> {
        let mut chrome = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            // Tests run as root in containers, where Chromium's sandbox refuses to work.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            // A picture of 390 pixels is one of 390, as on a phone, where scroll bars take no room.
            "--hide-scrollbars",
            // The browser's own calls home fail on a closed network and would show in the console.
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // Pages of somebody else's, on this machine.
            "--host-resolver-rules=MAP *.example 127.0.0.1",
        ] {
            chrome.add_arg(argument)?;
        }
        let profile = self.profile.path().join("profile");
        chrome.add_arg(&format!("--user-data-dir={}", profile.display()))?;
        chrome.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{}", self.port), chrome)
            .await
            .context("open a session of chromedriver")?;
        Ok(Page::new(driver))
    }

    /// Asks chromedriver to end: it then closes its Chromium too, which a signal would leave behind.
    fn shut_down(&self) -> Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        )?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// Reads the port from what chromedriver says when it listens.
fn announced_port(mut output: impl BufRead) -> Result<u16> {
    let mut line = String::new();
    while output
        .read_line(&mut line)
        .context("read from chromedriver")?
        > 0
    {
        if let Some((_, port)) = line.rsplit_once("successfully on port ") {
            let digits = port.trim().trim_end_matches('.');
            return digits
                .parse()
                .with_context(|| format!("a port in {line:?}"));
        }
        line.clear();
    }
    bail!("chromedriver ended before it listened")
}

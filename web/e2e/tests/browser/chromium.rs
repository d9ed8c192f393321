//! Chromium and its driver.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;
use test_support::program::{Attempt, Program, Said};
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};

use crate::page::{Console, Page};

/// A chromedriver on a port of its own, and the profile of the one Chromium it drives.
pub(crate) struct Driver {
    program: Program,
    port: u16,
    profile: TempDir,
}

/// How long anything about stopping the browser may take on a loaded machine.
const PATIENCE: Duration = test_support::PATIENCE;

impl Driver {
    pub(crate) async fn start() -> Result<Self> {
        let profile = tempfile::tempdir().context("make a folder for the profile")?;
        let attempt = || {
            // It looks for a port that is free over IPv6, and ends when that one is taken over IPv4.
            let mut command = Command::new("chromedriver");
            command.arg("--port=0");
            let ready = |said: &Said<'_>| said.between("successfully on port ", ".")?.parse().ok();
            Attempt::new(command, ready)
        };
        let (program, port) = Program::start(attempt).await?;
        Ok(Self {
            program,
            port,
            profile,
        })
    }

    /// What its driver and the browser have said, for a report.
    pub(crate) fn said(&self) -> Said<'_> {
        self.program.said()
    }

    /// Starts the Chromium.
    pub(crate) async fn open(&self) -> Result<Page> {
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
            // The certificates of sites that come over https are of their own making.
            "--ignore-certificate-errors",
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
        Ok(Page::new(driver, Console::Log))
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
        // The program is ended in any case.
        let _ = self.shut_down();
    }
}

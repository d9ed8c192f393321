//! Chromium and its driver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};

use crate::page::{Console, Page};

/// A chromedriver on a port of its own, and the profile of the one Chromium it drives.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    profile: TempDir,
}

/// How long anything about starting or stopping the browser may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Driver {
    pub(crate) fn start() -> Result<Self> {
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

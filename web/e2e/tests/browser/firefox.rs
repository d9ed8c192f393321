//! Firefox and its driver.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use test_support::program::{Attempt, Program, Said};
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::{DesiredCapabilities, WebDriver};

use crate::page::{Console, Page};
use crate::places::tools;

/// A geckodriver on a port of its own. The one Firefox it drives makes itself a profile, and takes it away again.
pub(crate) struct Driver {
    program: Program,
    port: u16,
    /// Errors of pages, as Firefox prints them: its driver has no command that asks for them.
    errors: Arc<Mutex<Vec<String>>>,
}

impl Driver {
    pub(crate) async fn start() -> Result<Self> {
        let attempt = || {
            let mut command = Command::new(program());
            command.args(["--port=0", "--websocket-port=0"]);
            let ready = |said: &Said<'_>| {
                let address = said.between("Listening on ", "")?;
                address.rsplit_once(':')?.1.trim().parse().ok()
            };
            Attempt::new(command, ready)
        };
        let (mut program, port) = Program::start(attempt).await?;
        // What Firefox prints comes out here too, for it inherits these.
        let errors = Arc::new(Mutex::new(Vec::new()));
        let ours = Arc::clone(&errors);
        program.each_line(move |line| {
            if is_error_of_a_page(line) {
                ours.lock().expect("no holder panics").push(line.to_owned());
            }
        });
        Ok(Self {
            program,
            port,
            errors,
        })
    }

    /// What its driver and the browser have said, for a report.
    pub(crate) fn said(&self) -> Said<'_> {
        self.program.said()
    }

    /// Starts the Firefox.
    pub(crate) async fn open(&self) -> Result<Page> {
        let mut firefox = DesiredCapabilities::firefox();
        firefox.set_firefox_binary("firefox-esr")?;
        firefox.add_arg("--headless")?;
        let mut preferences = FirefoxPreferences::new();
        // Both print what the page's console gets: what the page logs, and what nobody caught.
        preferences.set("devtools.console.stdout.content", true)?;
        preferences.set("browser.dom.window.dump.enabled", true)?;
        // But not what Firefox logs of itself.
        preferences.set("devtools.console.stdout.chrome", false)?;
        // A test decides what moves.
        preferences.set("ui.prefersReducedMotion", 0)?;
        // The sites of the tests are on this machine, as `--host-resolver-rules` has it for Chromium.
        preferences.set("network.dns.localDomains", "docs.example")?;
        firefox.set_preferences(preferences)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{}", self.port), firefox)
            .await
            .context("open a session of geckodriver")?;
        driver.set_window_rect(0, 0, 1280, 900).await?;
        Ok(Page::new(driver, Console::Output(Arc::clone(&self.errors))))
    }
}

/// Where `cargo verify` builds it, or else on the path.
fn program() -> PathBuf {
    let built = tools().join("bin/geckodriver");
    if built.exists() {
        built
    } else {
        "geckodriver".into()
    }
}

/// Whether a line of output is an error of a page.
fn is_error_of_a_page(line: &str) -> bool {
    // Firefox's own code fails as well now and then, without a network above all.
    let own = [
        "chrome://",
        "resource://",
        "console.error: RSLoader",
        "console.error: services.",
    ];
    let is_own = own.iter().any(|mark| line.contains(mark));
    let is_error = line.starts_with("console.error:") || line.starts_with("JavaScript error:");
    is_error && !is_own
}

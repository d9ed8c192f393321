//! Firefox and its driver.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, bail};
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::{DesiredCapabilities, WebDriver};

use crate::page::{Console, Page};

/// A geckodriver on a port of its own. The one Firefox it drives makes itself a profile, and takes it away again.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    /// Errors of pages, as Firefox prints them: its driver has no command that asks for them.
    errors: Arc<Mutex<Vec<String>>>,
}

impl Driver {
    pub(crate) fn start() -> Result<Self> {
        let mut process = Command::new(program())
            .args(["--port=0", "--websocket-port=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("run `geckodriver`")?;
        let errors = Arc::new(Mutex::new(Vec::new()));
        // What Firefox prints comes out here too, for it inherits these.
        let stderr = process.stderr.take().expect("stderr is a pipe");
        collect(BufReader::new(stderr), Arc::clone(&errors));
        let stdout = process.stdout.take().expect("stdout is a pipe");
        let mut stdout = BufReader::new(stdout);
        match announced_port(&mut stdout) {
            Ok(port) => {
                collect(stdout, Arc::clone(&errors));
                Ok(Self {
                    process,
                    port,
                    errors,
                })
            }
            Err(error) => {
                process.kill().ok();
                process.wait().ok();
                Err(error)
            }
        }
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
        firefox.set_preferences(preferences)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{}", self.port), firefox)
            .await
            .context("open a session of geckodriver")?;
        driver.set_window_rect(0, 0, 1280, 900).await?;
        Ok(Page::new(driver, Console::Output(Arc::clone(&self.errors))))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // By now the page is closed, and with it the Firefox.
        self.process.kill().ok();
        self.process.wait().ok();
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

/// What `cargo verify` fetches by npm and cargo.
pub(crate) fn tools() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.expect("tmp lies in the target folder").join("tools")
}

/// Keeps the lines that are errors of pages, for as long as there is output.
fn collect(output: impl BufRead + Send + 'static, errors: Arc<Mutex<Vec<String>>>) {
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            // Firefox's own code fails as well now and then, without a network above all.
            let own = [
                "chrome://",
                "resource://",
                "console.error: RSLoader",
                "console.error: services.",
            ];
            let is_own = own.iter().any(|mark| line.contains(mark));
            let is_error =
                line.starts_with("console.error:") || line.starts_with("JavaScript error:");
            if is_error && !is_own {
                errors.lock().expect("no holder panics").push(line);
            }
        }
    });
}

/// Reads the port from what geckodriver says when it listens.
fn announced_port(output: &mut impl BufRead) -> Result<u16> {
    let mut line = String::new();
    while output
        .read_line(&mut line)
        .context("read from geckodriver")?
        > 0
    {
        if let Some((_, address)) = line.rsplit_once("Listening on ") {
            let port = address
                .trim()
                .rsplit_once(':')
                .map(|(_, port)| port.parse());
            return Ok(port.with_context(|| format!("a port in {line:?}"))??);
        }
        line.clear();
    }
    bail!("geckodriver ended before it listened")
}

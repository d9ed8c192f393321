//! What a test does in the browser: open, look, press, measure.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// How long a test waits for something to show.
const PATIENCE: Duration = test_support::PATIENCE;

/// The one tab of a browser.
pub(crate) struct Page {
    driver: WebDriver,
    console: Console,
}

/// Where the errors of a page are read.
pub(crate) enum Console {
    /// Chromium's driver keeps them.
    Log,
    /// Firefox prints them, and somebody reads along.
    Output(Arc<Mutex<Vec<String>>>),
}

/// Light or dark, as the system would ask for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    /// The word for it in CSS.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Page {
    pub(crate) fn new(driver: WebDriver, console: Console) -> Self {
        Self { driver, console }
    }

    /// Opens an address and waits until the page has loaded.
    pub(crate) async fn open(&self, url: &str) -> Result<()> {
        self.driver
            .goto(url)
            .await
            .with_context(|| format!("open {url}"))
    }

    /// Goes back to the page before. A script would not do: when its page goes while it runs, the driver may run it again in the next
    /// one, and so go back twice.
    pub(crate) async fn back(&self) -> Result<()> {
        self.driver.back().await.context("go back")
    }

    /// What a script returns. It is the body of a function, and returns with `return`.
    pub(crate) async fn script(&self, body: &str) -> Result<Value> {
        let value = self.driver.execute(body, Vec::new()).await;
        Ok(value.with_context(|| format!("run {body}"))?.json().clone())
    }

    /// As [`Page::script`], for a script that hands its result to its last argument, a function.
    pub(crate) async fn script_that_calls_back(&self, body: &str) -> Result<Value> {
        let value = self.driver.execute_async(body, Vec::new()).await;
        Ok(value
            .context("run a script that calls back")?
            .json()
            .clone())
    }

    /// Waits until the browser has drawn this often.
    pub(crate) async fn frames(&self, count: u32) -> Result<()> {
        let body = format!(
            "const done = arguments[arguments.length - 1];
             const wait = (left) => left ? requestAnimationFrame(() => wait(left - 1)) : done(true);
             wait({count});"
        );
        self.script_that_calls_back(&body).await.map(|_| ())
    }

    /// Waits until a script returns something that is true to JavaScript's mind, and returns that.
    pub(crate) async fn wait_for(&self, what: &str, body: &str) -> Result<Value> {
        let body = format!("return (() => {{ {body} }})() || null");
        eventually(what, async || {
            let value = self.script(&body).await?;
            Ok((!value.is_null()).then_some(value))
        })
        .await
    }

    /// Goes into a frame of the page, counted from 0: scripts run in there from now on.
    pub(crate) async fn enter_frame(&self, number: u16) -> Result<()> {
        let entered = self.driver.enter_frame(number).await;
        entered.with_context(|| format!("enter frame {number}"))
    }

    /// Goes back to the page itself.
    pub(crate) async fn leave_frame(&self) -> Result<()> {
        let left = self.driver.enter_default_frame().await;
        left.context("leave the frame")
    }

    /// What a script returns that finds the shadow root of the page's first widget as `root`.
    pub(crate) async fn in_widget(&self, body: &str) -> Result<Value> {
        self.script(&format!(
            "const root = document.querySelector('udp-echo')?.shadowRoot; {body}"
        ))
        .await
    }

    /// Waits until something inside the first widget matches a CSS selector.
    pub(crate) async fn wait_for_in_widget(&self, what: &str, selector: &str) -> Result<()> {
        let selector = Value::from(selector);
        let find = format!(
            "return !!document.querySelector('udp-echo')?.shadowRoot?.querySelector({selector})"
        );
        self.wait_for(what, &find).await?;
        Ok(())
    }

    /// Waits until the first widget is in this state, such as `live`.
    pub(crate) async fn wait_for_state(&self, state: &str) -> Result<()> {
        let widget = format!("[part=widget][data-state={state}]");
        self.wait_for_in_widget(&format!("the widget is {state}"), &widget)
            .await
    }

    /// The state of the first widget.
    #[cfg(feature = "trunk")]
    pub(crate) async fn state(&self) -> Result<String> {
        let state = self
            .script("return document.querySelector('udp-echo').state")
            .await?;
        Ok(state.as_str().context("a state is a word")?.to_owned())
    }

    /// Presses the first element of the page, outside widgets, that matches a CSS selector, as a visitor would.
    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        let find = async || self.driver.find(By::Css(selector)).await?.click().await;
        let clicked: WebDriverResult<()> = find().await;
        clicked.with_context(|| format!("press {selector}"))
    }

    /// Presses the first element inside the first widget that matches a CSS selector, as a visitor would.
    pub(crate) async fn press_in_widget(&self, selector: &str) -> Result<()> {
        let click = async || {
            let widget = self.driver.find(By::Css("udp-echo")).await?;
            let root = widget.get_shadow_root().await?;
            root.find(By::Css(selector)).await?.click().await
        };
        let clicked: WebDriverResult<()> = click().await;
        clicked.with_context(|| format!("press {selector} in the widget"))
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: impl Into<TypingData>) -> Result<()> {
        let keys = self.driver.action_chain().send_keys(keys);
        keys.perform().await.context("press keys")
    }

    /// Selects all of the text that the focus is in.
    pub(crate) async fn select_all(&self) -> Result<()> {
        self.chord("a").await
    }

    /// Presses a key together with Control.
    pub(crate) async fn chord(&self, key: &str) -> Result<()> {
        let chord = self.driver.action_chain().key_down(Key::Control);
        let chord = chord.send_keys(key).key_up(Key::Control).perform().await;
        chord.with_context(|| format!("press Control-{key}"))
    }

    /// Presses Tab until the focus is on this part of the widget.
    pub(crate) async fn tab_to(&self, part: &str) -> Result<()> {
        // More stops than a visitor would have the patience for.
        for _ in 0..30 {
            self.press(Key::Tab).await?;
            let focused = self
                .in_widget("return root?.activeElement?.getAttribute('part')")
                .await?;
            if focused == part {
                return Ok(());
            }
        }
        bail!("the Tab key does not come to {part:?}")
    }

    /// The element of the first widget on the page that carries this `part` name.
    pub(crate) async fn part(&self, name: &str) -> Result<WebElement> {
        let find = async || {
            let widget = self.driver.find(By::Css("udp-echo")).await?;
            let root = widget.get_shadow_root().await?;
            root.find(By::Css(format!("[part~=\"{name}\"]"))).await
        };
        let found: WebDriverResult<WebElement> = find().await;
        found.with_context(|| format!("find the part {name:?} of <udp-echo>"))
    }

    /// Makes the window this large, in CSS pixels, with this preference for light or dark.
    pub(crate) async fn emulate(&self, width: u32, height: u32, scheme: Scheme) -> Result<()> {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        self.emulate_media(&[("prefers-color-scheme", scheme.word())])
            .await
    }

    /// Gives these media features these values, and all others the browser's own.
    pub(crate) async fn emulate_media(&self, features: &[(&str, &str)]) -> Result<()> {
        let features: Vec<_> = features
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let media = json!({ "features": features });
        self.devtools("Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    pub(crate) async fn before_each_page(&self, script: &str) -> Result<()> {
        let source = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source)
            .await?;
        Ok(())
    }

    /// Answers the question for a permission with no, before the browser asks it.
    pub(crate) async fn deny(&self, permission: &str) -> Result<()> {
        let no = json!({ "permission": { "name": permission }, "setting": "denied" });
        self.devtools("Browser.setPermission", no).await?;
        Ok(())
    }

    /// Gives the page the look that it has on paper.
    pub(crate) async fn emulate_print(&self) -> Result<()> {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" }))
            .await?;
        Ok(())
    }

    /// Writes a picture of the whole page, also of what one would have to scroll to, as PNG. Firefox shows its window only.
    pub(crate) async fn screenshot(&self, path: &Path) -> Result<()> {
        let png = match self.console {
            Console::Output(_) => self.driver.screenshot_as_png().await?,
            Console::Log => {
                let whole = json!({ "format": "png", "captureBeyondViewport": true });
                let picture = self.devtools("Page.captureScreenshot", whole).await?;
                let data = picture["data"].as_str().context("a screenshot has data")?;
                thirtyfour::support::base64_decode(data).context("a screenshot is base64")?
            }
        };
        std::fs::write(path, png).with_context(|| format!("write {}", path.display()))
    }

    /// Writes a picture of the first element that matches a selector, with a margin around it, as PNG. In Chromium only.
    pub(crate) async fn screenshot_of(&self, selector: &str, path: &Path) -> Result<()> {
        let place = format!(
            "const {{ x, y, width, height }} = document.querySelector({}).getBoundingClientRect();
             const left = Math.max(0, x + scrollX - 16);
             return {{ x: left, y: Math.max(0, y + scrollY - 16), width: Math.min(innerWidth - left, width + 32), height: height + 32, scale: 1 }}",
            Value::from(selector)
        );
        let clip = self.script(&place).await?;
        let part = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", part).await?;
        let data = picture["data"].as_str().context("a screenshot has data")?;
        let png = thirtyfour::support::base64_decode(data).context("a screenshot is base64")?;
        std::fs::write(path, png).with_context(|| format!("write {}", path.display()))
    }

    /// Waits until the page has loaded nothing for a tenth of a second.
    pub(crate) async fn wait_for_network_silence(&self) -> Result<()> {
        let newest =
            "return performance.now() - Math.max(0, ...performance.getEntriesByType('resource')
            .map(({ responseEnd }) => responseEnd || performance.now())) > 100";
        self.wait_for("silence", newest).await.map(|_| ())
    }

    /// The errors that the console has received since this was asked the last time.
    pub(crate) async fn console(&self) -> Result<Vec<String>> {
        match &self.console {
            Console::Log => {
                let entries = self
                    .driver
                    .browser_log()
                    .await
                    .context("read the console")?;
                let errors = entries.iter().filter(|entry| entry.level == "SEVERE");
                Ok(errors.map(|entry| format!("{entry:?}")).collect())
            }
            Console::Output(errors) => Ok(std::mem::take(
                &mut *errors.lock().expect("no holder panics"),
            )),
        }
    }

    /// Fails when the console has received an error, and lists all of them.
    pub(crate) async fn assert_console_is_clean(&self) -> Result<()> {
        let errors = self.console().await?;
        ensure!(errors.is_empty(), "errors in the console: {errors:#?}");
        Ok(())
    }

    /// The process of the browser, which Chromium's driver tells.
    pub(crate) fn process_id(&self) -> Result<u64> {
        let capabilities = self.driver.capabilities();
        let id = capabilities.get("goog:processID").and_then(Value::as_u64);
        id.context("the driver names no process")
    }

    /// Throws away what no script of the page can reach any more.
    pub(crate) async fn collect_garbage(&self) -> Result<()> {
        self.devtools("HeapProfiler.collectGarbage", json!({}))
            .await?;
        Ok(())
    }

    /// Closes the browser.
    pub(crate) async fn close(self) -> Result<()> {
        self.driver.quit().await.context("close the browser")
    }

    /// A command of the Chrome DevTools protocol.
    async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let result = self.driver.cdp().send_raw(command, parameters).await;
        result.with_context(|| format!("devtools command {command}"))
    }
}

/// Waits until `ready` gives something, looking again and again.
pub(crate) async fn eventually<T>(
    what: &str,
    mut ready: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = ready().await? {
            return Ok(value);
        }
        if started.elapsed() > PATIENCE {
            bail!("waited {} s in vain for this: {what}", PATIENCE.as_secs());
        }
        // A browser tells nobody outside when something shows; this is how often it is asked.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

//! Chromium and its driver. A test waits for states of the page, and never for time to pass.

use core::fmt;
use core::time::Duration;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use spandrel_tests::proc::{Proc, pause};
use spandrel_tests::skip::skip;
use spandrel_tests::workspace::find_program;
use tempfile::TempDir;
use thirtyfour::{
    ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};
use tokio::runtime::{Builder, Runtime};

use crate::client::Client;

const START_LIMIT: Duration = Duration::from_secs(60);
/// Far above what any state takes on a busy machine, so that only a page that hangs is cut off.
const STATE_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(30);

/// Nothing of the browser talks to anybody but the collector.
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// What a trace has: what threads do, which frames there were, and marks of scripts.
const CATEGORIES: &str = "blink.user_timing,devtools.timeline,disabled-by-default-devtools.timeline,\
                          disabled-by-default-devtools.timeline.frame";

/// What the page is shown on.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// In pixels of the style sheet.
    pub width: u32,
    /// Whether its user likes dark colours.
    pub is_dark: bool,
}

/// All that the page is tried on: a screen and a phone, in light and in dark.
pub const LOOKS: [Look; 4] = [
    Look { width: 1280, is_dark: false },
    Look { width: 1280, is_dark: true },
    Look { width: 360, is_dark: false },
    Look { width: 360, is_dark: true },
];

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.width, if self.is_dark { "dark" } else { "light" })
    }
}

/// A browser with one tab and an empty profile.
#[derive(Debug)]
pub struct Browser {
    /// Gone once it was told to end.
    driver: Option<WebDriver>,
    runtime: Runtime,
    _driver: Proc,
    _profile: TempDir,
}

impl Browser {
    /// Starts it; None where there is no Chromium, which [is said](skip).
    ///
    /// # Errors
    /// If it does not start.
    pub fn start() -> Result<Option<Self>> {
        Self::start_so(false)
    }

    /// The same, and it notes what it does: see [`Browser::traced`].
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_traced() -> Result<Option<Self>> {
        Self::start_so(true)
    }

    fn start_so(is_traced: bool) -> Result<Option<Self>> {
        let (Some(program), Some(driver)) =
            (find_program("chromium"), find_program("chromedriver"))
        else {
            skip("no chromium with its chromedriver; `cargo xtask setup` installs them");
            return Ok(None);
        };
        let profile = tempfile::tempdir().context("cannot make a folder for the profile")?;
        let mut driver = Proc::spawn("chromedriver", Command::new(driver).arg("--port=0"))?;
        let line = driver.wait_for_line("started successfully on port", START_LIMIT)?;
        let port = line.rsplit(' ').next().unwrap_or_default().trim_end_matches('.');

        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(&program.to_string_lossy())?;
        for flag in FLAGS {
            wanted.add_arg(flag)?;
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        if is_traced {
            let wants = json!({
                "enableNetwork": false, "enablePage": false, "traceCategories": CATEGORIES});
            wanted.add_experimental_option("perfLoggingPrefs", wants)?;
            wanted.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let builder = WebDriver::builder(format!("http://127.0.0.1:{port}"), wanted);
        let session = runtime.block_on(builder.client(Client::new()).connect());
        let session = session.with_context(|| driver.tell("did not open a browser"))?;
        Ok(Some(Self { driver: Some(session), runtime, _driver: driver, _profile: profile }))
    }

    fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context("the browser has ended")
    }

    /// Opens an address.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn open(&self, url: &str) -> Result<()> {
        let driver = self.driver()?;
        self.runtime.block_on(driver.goto(url)).with_context(|| format!("cannot open {url}"))
    }

    /// Opens an address in a tab of its own, in front of the others; its number.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn open_tab(&self, url: &str) -> Result<usize> {
        let driver = self.driver()?;
        self.runtime.block_on(async {
            let tab = driver.new_tab().await?;
            driver.switch_to_window(tab).await?;
            driver.goto(url).await?;
            Ok(driver.windows().await?.len() - 1)
        })
    }

    /// Has a tab be in front, by its number from 0.
    ///
    /// # Errors
    /// If there is none, or the browser says so.
    pub fn show_tab(&self, number: usize) -> Result<()> {
        let driver = self.driver()?;
        self.runtime.block_on(async {
            let tabs = driver.windows().await?;
            let tab = tabs.get(number).with_context(|| format!("no tab {number}"))?;
            Ok(driver.switch_to_window(tab.clone()).await?)
        })
    }

    /// Takes all cookies away, as a collector does that was started with another key.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn forget_cookies(&self) -> Result<()> {
        self.command("Network.clearBrowserCookies", json!({}))?;
        Ok(())
    }

    /// Shows the page so from now on.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn look(&self, look: Look) -> Result<()> {
        // A window has a least width, which is above that of a phone.
        let size =
            json!({"width": look.width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", size)?;
        let value = if look.is_dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.command("Emulation.setEmulatedMedia", media)?;
        Ok(())
    }

    /// What a browser that [is traced](Browser::start_traced) did since it started, as events of its own
    /// trace. They are given once.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn traced(&self) -> Result<Vec<Value>> {
        let entries = self.runtime.block_on(self.driver()?.get_log("performance"))?;
        let mut events = Vec::new();
        for entry in entries {
            let mut message: Value = serde_json::from_str(&entry.message)?;
            if message["message"]["method"] == "Tracing.dataCollected" {
                events.push(message["message"]["params"].take());
            }
        }
        Ok(events)
    }

    /// What the window shows, as a PNG.
    pub(crate) fn picture(&self) -> Result<Vec<u8>> {
        let picture = self.runtime.block_on(self.driver()?.screenshot_as_png());
        picture.context("the browser gives no picture of the page")
    }

    /// A command of Chromium's own protocol.
    pub(crate) fn command(&self, name: &str, parameters: Value) -> Result<Value> {
        let sent = self.driver()?.cdp();
        let answer = self.runtime.block_on(sent.send_raw(name, parameters));
        answer.with_context(|| format!("{name} failed"))
    }

    /// What the body of a function gives, with `arguments` as JavaScript has them; a promise is waited for.
    ///
    /// # Errors
    /// If it throws.
    pub fn run(&self, body: &str, arguments: &[Value]) -> Result<Value> {
        let ran = self.driver()?.execute(body, arguments.to_vec());
        let value = self.runtime.block_on(ran).with_context(|| format!("cannot run `{body}`"))?;
        Ok(value.json().clone())
    }

    /// Waits until an expression holds, and gives its value.
    ///
    /// # Errors
    /// If it throws, or does not hold for so long that it never will.
    pub fn until(&self, expression: &str) -> Result<Value> {
        let body = format!("return {expression}");
        let begun = Instant::now();
        loop {
            let value = self.run(&body, &[])?;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return Ok(value);
            }
            if begun.elapsed() > STATE_LIMIT {
                let text = self.run("return document.body.innerText", &[])?;
                bail!("never came: {expression}\nthe page says: {text}\n{:?}", self.complaints()?);
            }
            pause(LOOK_AGAIN)?;
        }
    }

    /// What the console was told since this was asked last and that is more than information.
    ///
    /// # Errors
    /// If the browser says so.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let entries = self.runtime.block_on(self.driver()?.browser_log())?;
        let bad = entries.into_iter().filter(|entry| matches!(&*entry.level, "SEVERE" | "WARNING"));
        Ok(bad.map(|entry| entry.message).collect())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What a test saw last says most about why it failed.
        if let Some(test) = std::thread::current().name().filter(|name| *name != "main") {
            let _ = self.shoot(&format!("last of {test}"));
        }
        // A driver that is only killed leaves its browser behind.
        if let Some(driver) = self.driver.take() {
            let _ = self.runtime.block_on(driver.quit());
        }
    }
}

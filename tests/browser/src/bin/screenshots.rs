//! Makes the pictures that the README shows: `cargo run --bin screenshots`, in this folder.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use spandrel_browser::greenhouse::Greenhouse;
use spandrel_browser::{Browser, Collector, Look};
use spandrel_tests::proc::pause;
use spandrel_tests::workspace;

/// So long the devices are heard: clocks are known better the longer.
const PLAY: Duration = Duration::from_secs(40);
/// A device that is silent for so long is said to be.
const SILENT: Duration = Duration::from_secs(12);
const BETWEEN: Duration = Duration::from_millis(250);
/// No picture is larger, in bytes.
const LARGEST: usize = 150_000;

fn main() -> Result<()> {
    let browser = Browser::start()?.context("pictures need chromium: run `cargo xtask setup`")?;
    let collector = Collector::start()?;
    let mut all = Greenhouse::start(&collector)?;
    let (begun, mut chosen, mut is_lost) = (Instant::now(), None, false);
    while begun.elapsed() < PLAY {
        let (trace, has_failed) = all.water();
        // The first is from before anything was known of clocks.
        if has_failed {
            chosen = Some(trace);
        }
        if !is_lost && begun.elapsed() > PLAY - SILENT {
            is_lost = true;
            all.lose_display(&collector)?;
            all.flood();
        }
        pause(BETWEEN)?;
    }
    let trace = chosen.context("nothing failed")?;
    browser.look(Look { width: 1280, is_dark: false })?;
    browser.open(&collector.page(&format!("view=trace&trace={trace}")))?;
    browser.until("document.querySelectorAll('[id^=row-]').length > 20")?;
    browser.run("document.querySelector('[role=treegrid]').focus()", &[])?;
    // Two of the sensors are closed, so that there is room for the rest.
    let mut closed = 0;
    loop {
        browser.press("ArrowDown")?;
        // Rows are drawn with the next frame.
        let chosen =
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
            done(document.querySelector('[aria-selected=true]').innerText))))";
        let chosen = browser.run(chosen, &[])?;
        let chosen = chosen.as_str().unwrap_or_default();
        if chosen.contains("ask moisture") && closed < 2 {
            browser.press("ArrowLeft")?;
            closed += 1;
        } else if chosen.contains("wait for switch") {
            break;
        }
    }
    browser.until("document.querySelector('aside h2')")?;
    browser.run("document.activeElement.blur(); scrollTo(0, 0)", &[])?;
    keep(&browser, "timeline")?;

    browser.look(Look { width: 360, is_dark: true })?;
    browser.open(&collector.page(&format!("view=trace&trace={trace}")))?;
    browser.until("document.querySelectorAll('[id^=row-]').length > 10")?;
    keep(&browser, "phone")?;

    browser.look(Look { width: 1280, is_dark: false })?;
    browser.open(&collector.page("view=devices&sort=service"))?;
    browser
        .until("document.querySelectorAll('.device-body [role=row]:not([hidden])').length > 6")?;
    keep(&browser, "devices")?;

    browser.open(&collector.page("view=bottlenecks"))?;
    browser.until("document.querySelector('table.operations')")?;
    let open = "[...document.querySelectorAll('button.opens')].find((one) => one.innerText.includes('wait for switch')).click()";
    browser.run(open, &[])?;
    browser.until("document.querySelector('.histogram')")?;
    keep(&browser, "bottlenecks")
}

fn keep(browser: &Browser, name: &str) -> Result<()> {
    let path = workspace::root().join("docs/images").join(format!("{name}.png"));
    let bytes = browser.shoot_to(&path)?.press()?;
    ensure!(bytes < LARGEST, "{} has {bytes} bytes", path.display());
    println!("{} ({bytes} bytes)", path.display());
    Ok(())
}

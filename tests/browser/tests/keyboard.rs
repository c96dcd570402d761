//! The page for who has only a keyboard: real keys, as the browser gives them to a page.

use anyhow::Result;
use spandrel_browser::{Browser, Collector, Span};

const FOCUSED: &str = "document.activeElement";

#[test]
fn a_trace_is_found_opened_and_walked_with_keys_alone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    collector.send("panel", &[Span::new(5, 1, 0, "greet"), Span::new(5, 2, 1, "read")])?;
    browser.open(&collector.page("view=traces"))?;
    browser.until("document.querySelector('a.trace') !== null")?;
    tab_to(&browser, "a.trace")?;
    browser.press("Enter")?;
    browser.until("document.querySelectorAll('[role=treegrid] [id^=row-]').length === 2")?;

    tab_to(&browser, "[role=treegrid]")?;
    browser.press("ArrowDown")?;
    browser.press("ArrowDown")?;
    browser.until("document.querySelector('[aria-selected=true]')?.innerText.includes('read')")?;
    browser.press("ArrowUp")?;
    browser.until("document.querySelector('[aria-selected=true]')?.innerText.includes('greet')")?;
    // Closed, the root is the one row that is left.
    browser.press("ArrowLeft")?;
    browser.until("document.querySelectorAll('[role=treegrid] [id^=row-]').length === 1")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

/// Goes on from where the focus is, as often as a patient person would.
fn tab_to(browser: &Browser, selector: &str) -> Result<()> {
    for _ in 0..60 {
        browser.press("Tab")?;
        if browser.run(&format!("return {FOCUSED}.matches('{selector}')"), &[])? == true {
            // Who cannot see where one is cannot go on.
            let ring = format!("return getComputedStyle({FOCUSED}).outlineStyle");
            assert_ne!(browser.run(&ring, &[])?, "none", "{selector}");
            return Ok(());
        }
    }
    anyhow::bail!("no way by keys to {selector}")
}

//! The page while time goes on: a collector that ends and comes back, spans as they come, and what devices are told.

use anyhow::Result;
use serde_json::{Value, json};
use spandrel_browser::{Axe, Browser, Collector, Span, trace_id};

#[test]
fn a_page_goes_on_by_itself_once_the_collector_is_back() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let port = collector.port();
    collector.send("panel", &[Span::new(1, 1, 0, "before")])?;
    browser.open(&collector.page("view=traces"))?;
    browser.until("document.querySelector('a.trace')?.innerText.includes('before')")?;
    browser.run("window.isSamePage = true", &[])?;

    collector.kill();
    // Whoever asks for something learns it.
    browser.run("document.querySelector('nav a[href*=graph]').click()", &[])?;
    browser.until("!document.querySelector('.banner').hidden")?;
    browser.run("document.querySelector('nav a').click()", &[])?;

    let again = Collector::start_at(port)?;
    again.send("panel", &[Span::new(2, 1, 0, "after")])?;
    browser.until("document.querySelector('.banner').hidden")?;
    browser.until("document.querySelector('a.trace')?.innerText.includes('after')")?;
    assert_eq!(browser.run("return window.isSamePage", &[])?, true);
    Ok(())
}

#[test]
fn a_page_that_asks_nothing_learns_that_the_collector_has_gone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    collector.send("panel", &[Span::new(1, 1, 0, "before")])?;
    browser.open(&collector.page("view=traces"))?;
    browser.until("document.querySelector('a.trace') !== null")?;
    collector.kill();
    browser.until("!document.querySelector('.banner').hidden")?;
    // What was there is still to be read.
    browser.until("document.querySelector('a.trace')?.innerText.includes('before')")?;
    Ok(())
}

#[test]
fn a_trace_is_deleted_once_it_is_said_that_it_is_meant() -> Result<()> {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    collector.send("panel", &[Span::new(1, 1, 0, "secret")])?;
    collector.send("panel", &[Span::new(2, 1, 0, "other")])?;
    browser.open(&collector.page("view=traces"))?;
    browser.until("document.querySelectorAll('a.trace').length === 2")?;
    browser.open(&collector.page(&format!("view=trace&trace={}", trace_id(1))))?;
    browser.until("document.querySelector('.trace-head') !== null")?;
    browser.run("document.querySelector('.trace-head .danger').click()", &[])?;
    // Whoever only pressed Enter keeps it.
    browser.until("document.activeElement?.innerText === 'Keep it'")?;
    assert_eq!(axe.violations(&browser)?, [""; 0]);
    browser.press("Enter")?;
    browser.until("document.querySelector('dialog') === null")?;
    browser.run("document.querySelector('.trace-head .danger').click()", &[])?;
    browser.run("document.querySelector('dialog .danger').click()", &[])?;
    browser.until("document.querySelectorAll('a.trace').length === 1")?;
    let text = browser.run("return document.querySelector('main').innerText", &[])?;
    assert!(text.as_str().is_some_and(|text| !text.contains("secret")), "{text}");
    // Back does not lead to it, and a link to it says that it is not there.
    browser.open(&collector.page(&format!("view=trace&trace={}", trace_id(1))))?;
    browser.until("document.querySelector('trace-timeline .empty') !== null")?;
    Ok(())
}

#[test]
fn a_span_goes_over_the_live_view_as_it_comes() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    browser.open(&collector.page("view=live&service=panel"))?;
    browser.until("document.querySelector('live-tail')?.streaming === 'open'")?;
    collector.send("sensor", &[Span::new(1, 1, 0, "not wanted")])?;
    collector.send("panel", &[Span::new(2, 1, 0, "wanted")])?;
    browser.until("document.querySelector('live-tail .lines')?.innerText.includes('wanted')")?;
    let lines = browser.run("return document.querySelector('live-tail .lines').innerText", &[])?;
    assert!(lines.as_str().is_some_and(|text| !text.contains("not wanted")), "{lines}");
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

/// Asks from the page, with the cookie that it came with.
fn order(browser: &Browser, csrf: &Value) -> Result<Value> {
    let body = "const headers = arguments[0] === null ? {} : { 'x-spandrel-csrf': arguments[0] };
        return fetch('api/spandrel/v1/orders', { method: 'POST', headers, body: JSON.stringify({ order: 'sensor/sample=0.1' }) })
            .then((response) => response.status)";
    browser.run(body, core::slice::from_ref(csrf))
}

#[test]
fn devices_are_told_how_to_sample_only_by_who_read_the_page() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    browser.open(&collector.page("view=traces"))?;
    browser.until("document.querySelector('trace-search .empty') !== null")?;
    let asked =
        "return fetch('api/spandrel/v1').then((answer) => answer.json()).then((info) => info.csrf)";
    let csrf = browser.run(asked, &[])?;
    assert_eq!(order(&browser, &Value::Null)?, 403);
    assert_eq!(order(&browser, &json!("guessed"))?, 403);
    let orders = "return fetch('api/spandrel/v1/orders').then((answer) => answer.json())";
    assert_eq!(browser.run(orders, &[])?, json!({"orders": []}));
    assert_eq!(order(&browser, &csrf)?, 200);
    assert_eq!(browser.run(orders, &[])?, json!({"orders": ["sensor/sample=0.1"]}));
    Ok(())
}

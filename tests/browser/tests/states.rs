//! What is on the page where nothing came yet, where something is gone, and where what came is hostile or large.

use anyhow::Result;
use serde_json::json;
use spandrel_browser::{Browser, Collector, Look, Span, trace_id};

/// Views that have something to show only once something has come.
const EMPTY: [(&str, &str); 5] = [
    ("view=traces", "trace-search .empty"),
    ("view=live", "live-tail .empty"),
    ("view=devices", "device-list .empty"),
    ("view=bottlenecks", "bottleneck-list .empty"),
    ("view=graph", "dependency-graph .empty"),
];

#[test]
fn an_empty_view_says_what_to_do_next() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    browser.look(Look { width: 360, is_dark: false })?;
    for (address, selector) in EMPTY {
        browser.open(&collector.page(address))?;
        let said = format!("document.querySelector('{selector}')?.innerText");
        let said = browser.until(&said)?;
        assert!(said.as_str().is_some_and(|text| text.len() > 40), "{address}: {said}");
        let sideways =
            browser.run("return document.documentElement.scrollWidth <= innerWidth", &[])?;
        assert_eq!(sideways, true, "{address}");
        assert_eq!(browser.complaints()?, [""; 0], "{address}");
        assert!(browser.shoot(&format!("empty {address}"))?.colours()? > 12, "{address}");
    }
    Ok(())
}

#[test]
fn a_link_to_what_is_gone_or_never_was_says_so() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    for (address, heading) in [
        ("view=trace&trace=abc", "This trace is not here"),
        ("view=trace&trace=zzz", "That is no trace"),
        ("view=nonsense", "There is no such view"),
    ] {
        browser.open(&collector.page(address))?;
        browser
            .until(&format!("document.querySelector('.empty h2')?.textContent === '{heading}'"))?;
        assert!(browser.shoot(&format!("gone {address}"))?.colours()? > 12, "{address}");
    }
    Ok(())
}

#[test]
fn hostile_names_are_text() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let script =
        "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">";
    let names = [script, "left\u{202e}right", &"long".repeat(2_500)];
    for (trace, name) in (1..).zip(names) {
        let tags = vec![(name.to_owned(), name.to_owned())];
        collector.send(name, &[Span { tags, ..Span::new(trace, 1, 0, name) }])?;
    }
    browser.look(Look { width: 360, is_dark: false })?;
    for address in ["view=traces", "view=bottlenecks", "view=graph"] {
        browser.open(&collector.page(address))?;
        let selector = "main:not([aria-busy]) :is(a.trace, th, svg, .empty)";
        browser.until(&format!("document.querySelector('{selector}') !== null"))?;
        harmless(&browser, address)?;
    }
    for trace in 1..=3 {
        let id = trace_id(trace);
        let address = format!("view=trace&trace={id}&span=0000000000000001");
        browser.open(&collector.page(&address))?;
        browser.until("document.querySelector('[id^=row-]') !== null")?;
        // The panel has what the row has no room for.
        browser.until("document.querySelector('aside, .panel')?.innerText.length > 20")?;
        harmless(&browser, &address)?;
    }
    Ok(())
}

#[test]
fn a_span_is_found_by_what_is_in_its_tags() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let tags = vec![("state".to_owned(), "overheated".to_owned())];
    let tagged = Span { tags, ..Span::new(1, 2, 1, "read") };
    collector.send("panel", &[Span::new(1, 1, 0, "greet"), tagged, Span::new(1, 3, 1, "read")])?;
    browser.open(&collector.page("view=trace&trace=1&find=state%3Doverheated"))?;
    browser.until("document.querySelector('.find [role=status]')?.textContent === '1'")?;
    browser.run("document.querySelectorAll('.find button')[1].click()", &[])?;
    browser.until("document.querySelector('[aria-selected=true]')?.innerText.includes('read')")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

fn harmless(browser: &Browser, address: &str) -> Result<()> {
    let made =
        browser.run("return document.querySelectorAll('main script, main img').length", &[])?;
    assert_eq!(made, 0, "{address}");
    let title = browser.run("return document.title", &[])?;
    assert!(title.as_str().is_some_and(|title| title.ends_with("Spandrel")), "{address}: {title}");
    // A mark that turns the direction of writing would turn what stands beside it.
    let marks = browser.run("return document.body.innerText.includes('\\u202e')", &[])?;
    assert_eq!(marks, false, "{address}");
    assert_eq!(browser.complaints()?, [""; 0], "{address}");
    Ok(())
}

#[test]
fn of_a_hundred_thousand_spans_sixty_rows_are_in_the_document() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    collector.send("panel", &[Span::new(7, 1, 0, "greet")])?;
    for first in (2..=100_000_u64).step_by(20_000) {
        let last = (first + 20_000).min(100_001);
        let below = |id: u64| Span::new(7, id, (id / 3).max(1), "read");
        collector.send("panel", &(first..last).map(below).collect::<Vec<_>>())?;
    }
    browser.open(&collector.page("view=trace&trace=7"))?;
    let summary = "document.querySelector('.trace-head .summary')?.textContent";
    let said = browser.until(summary)?;
    // However the page groups digits.
    let text = said
        .as_str()
        .unwrap_or_default()
        .replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
    assert!(text.contains("100000spans"), "{said}");
    let rows = "return document.querySelectorAll('[role=treegrid] [role=row]').length";
    for key in ["End", "PageUp", "Home", "ArrowDown"] {
        browser.until("document.querySelector('[id^=row-]') !== null")?;
        let count = browser.run(rows, &[])?;
        assert!(count.as_u64().is_some_and(|count| (5..=61).contains(&count)), "{count}");
        let press = "const grid = document.querySelector('[role=treegrid]');
            grid.focus();
            grid.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true }))";
        browser.run(press, &[json!(key)])?;
    }
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

//! The page for who has only a keyboard: real keys, as the browser gives them to a page.

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use spandrel_browser::{Browser, Collector, Device, LOOKS, Look, Span, trace_id};

const FOCUSED: &str = "document.activeElement";

/// The views, and what is there once they have loaded.
const VIEWS: [(&str, &str); 9] = [
    ("view=traces", "document.querySelector('a.trace')"),
    ("view=live", "document.querySelector('live-tail .summary')?.textContent === 'Listening'"),
    ("view=devices", "document.querySelector('.device-body .col-id')"),
    ("view=devices&device=00123456789a0001", "document.querySelector('table.boots')"),
    ("view=bottlenecks", "document.querySelector('table.operations')"),
    ("view=graph", "document.querySelector('table.calls')"),
    ("view=compare&a=a&b=b", "document.querySelector('table.compared')"),
    ("view=trace&trace=a", "document.querySelector('[id^=row-]')"),
    ("view=trace&trace=a&span=0000000000000002", "document.querySelector('aside h2')"),
];

fn filled() -> Result<(Collector, Device)> {
    let collector = Collector::start()?;
    for trace in [10, 11] {
        collector.send("panel", &[Span::new(trace, 1, 0, "greet")])?;
        collector
            .send("sensor", &[Span::new(trace, 2, 1, "read"), Span::new(trace, 3, 1, "write")])?;
    }
    let mut device = Device::new(collector.frames())?;
    device.hello()?;
    Ok((collector, device))
}

#[test]
fn all_that_can_be_used_is_reached_in_order_and_left_again() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    for look in [LOOKS[0], LOOKS[2]] {
        browser.look(look)?;
        for (address, then) in VIEWS {
            browser.open(&collector.page(address))?;
            browser.until(then)?;
            walk(&browser, &format!("{address} {look}"))?;
        }
        browser.open(&collector.page("view=nonsense"))?;
        walk(&browser, "no view")?;
    }
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

/// Goes once through all, forwards and back: each can be seen, and has the focus where one looks for it.
fn walk(browser: &Browser, about: &str) -> Result<()> {
    // What a mouse could use, in the order of the document, which is that of reading.
    let wanted = "window.all = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]
            .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
        return window.all.length";
    let count = browser.run(wanted, &[])?.as_u64().unwrap_or_default();
    assert!(count > 8, "{about}: {count}");
    browser.run(
        "document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)",
        &[],
    )?;
    let mut forwards = Vec::new();
    for is_forward in [true, false] {
        let mut way = Vec::new();
        loop {
            if is_forward {
                browser.press("Tab")?
            } else {
                browser.press_shifted("Tab")?
            };
            let (place, fault) = focused(browser)?;
            assert_eq!(fault, "", "{about}");
            // Behind the last one is what is not of the page.
            let Some(place) = place else { break };
            if !is_forward && way.len() > 1 && way.first() == Some(&place) {
                break;
            }
            // A field of times has parts, each of which has the focus.
            if way.last() != Some(&place) {
                way.push(place);
            }
            assert!(way.len() as u64 <= count, "{about}: no way out: {way:?}");
        }
        if is_forward {
            assert!(way.iter().copied().eq(0..count), "{about}: of {count} {way:?}");
            forwards = way;
        } else {
            assert!(way.iter().eq(forwards.iter().rev()), "{about}: back {way:?}");
        }
    }
    Ok(())
}

/// Which of all has the focus, and what is wrong with how it is shown.
fn focused(browser: &Browser) -> Result<(Option<u64>, String)> {
    let look = "const one = document.activeElement;
        if (one === null || one === document.body) return [-1, ''];
        const name = one.outerHTML.slice(0, 120);
        const style = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const isSeen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0;
        return [window.all.indexOf(one),
            style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2 ? `no ring: ${name}`
            : !isSeen ? `out of sight: ${name}` : '']";
    let found = browser.run(look, &[])?;
    let fault = found[1].as_str().context("no text")?.to_owned();
    match found[0].as_i64().context("no place")? {
        -1 => Ok((None, fault)),
        place => Ok((Some(u64::try_from(place)?), fault)),
    }
}

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
    // Into what is said of the span, and back.
    browser.press("Enter")?;
    browser.until(&format!("{FOCUSED}.matches('aside')"))?;
    tab_to(&browser, "aside .actions button")?;
    browser.press("Escape")?;
    browser.until(&format!("{FOCUSED}.matches('[role=treegrid]')"))?;
    browser.press("ArrowUp")?;
    browser.until("document.querySelector('[aria-selected=true]')?.innerText.includes('greet')")?;
    // Closed, the root is the one row that is left.
    browser.press("ArrowLeft")?;
    browser.until("document.querySelectorAll('[role=treegrid] [id^=row-]').length === 1")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn devices_are_sorted_opened_and_told_how_to_sample_with_keys_alone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    browser.open(&collector.page("view=devices"))?;
    browser.until("document.querySelector('.device-body .col-id')")?;
    tab_to(&browser, ".heads .col-clock a")?;
    browser.press("Enter")?;
    browser.until(
        "document.querySelector('.heads .col-clock')?.getAttribute('aria-sort') === 'ascending'",
    )?;
    // Whoever sorts goes on from there: the same again turns the order.
    browser.until(&format!("{FOCUSED}.matches('.heads .col-clock a')"))?;
    browser.press("Enter")?;
    browser.until(
        "document.querySelector('.heads .col-clock')?.getAttribute('aria-sort') === 'descending'",
    )?;
    tab_to(&browser, ".device-body .col-id a")?;
    // The list is shown anew every five seconds; the focus stays.
    browser.run("document.activeElement.parentElement.isOld = true", &[])?;
    browser.until(
        "[...document.querySelectorAll('.device-body .col-id')].every((one) => !one.isOld)",
    )?;
    browser.until(&format!("{FOCUSED}.matches('.device-body .col-id a')"))?;
    browser.press("Enter")?;
    browser.until("document.querySelector('#order-service')?.value === 'sensor'")?;

    tab_to(&browser, "#order-kind")?;
    browser.press("ArrowDown")?;
    browser.until("document.querySelector('#order-kind').value === 'rate'")?;
    tab_to(&browser, "#order-value")?;
    browser.write("never")?;
    browser.press("Enter")?;
    // What is wrong is said, and the focus is where it is mended.
    browser.until("document.querySelector('.outcome.failed')?.textContent !== ''")?;
    browser.until(&format!("{FOCUSED}.matches('#order-value')"))?;
    browser.run("document.activeElement.select()", &[])?;
    browser.write("3")?;
    browser.press("Enter")?;
    browser.until(
        "document.querySelector('.sampling .orders').innerText.includes('sensor/sample=3/s')",
    )?;
    browser.until("document.querySelector('.outcome').innerText.includes('told')")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn what_takes_long_is_opened_with_keys_alone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    browser.open(&collector.page("view=bottlenecks"))?;
    browser.until("document.querySelector('table.operations')")?;
    tab_to(&browser, "button.opens")?;
    browser.press(" ")?;
    browser.until(&format!("{FOCUSED}.getAttribute('aria-expanded') === 'true'"))?;
    browser.until("document.querySelector('.histogram')")?;
    tab_to(&browser, ".operation ol a")?;
    browser.press("Enter")?;
    browser.until("document.querySelector('[aria-selected=true]')")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn two_traces_are_compared_with_keys_alone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    browser.open(&collector.page("view=traces"))?;
    browser.until("document.querySelector('a.trace')")?;
    tab_to(&browser, "a.small[href*=compare]")?;
    browser.press("Enter")?;
    // One is known; the other is what one types next.
    browser.until(&format!("{FOCUSED}.matches('#compare-b')"))?;
    browser.write(&trace_id(11))?;
    browser.press("Enter")?;
    browser.until("document.querySelector('table.compared')")?;
    // Who asked is where the fields are, and not at the begin of the page.
    browser.until(&format!("{FOCUSED}.matches('#compare-b')"))?;
    tab_to(&browser, "[aria-label='Operations of both traces']")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn the_graph_leads_to_traces_of_a_service_with_keys_alone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    browser.open(&collector.page("view=graph&from=-24h"))?;
    browser.until("document.querySelector('dependency-graph .empty')")?;
    tab_to(&browser, "#graph-from")?;
    browser.press("End")?;
    browser.until("document.querySelector('table.calls')")?;
    browser.until(&format!("{FOCUSED}.matches('#graph-from')"))?;
    tab_to(&browser, "table.calls a")?;
    browser.press("Enter")?;
    browser.until("document.querySelector('a.trace') && document.querySelector('#filter-service').value === 'panel'")?;
    Ok(())
}

#[test]
fn the_live_view_is_halted_and_goes_on_with_keys_alone() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    browser.open(&collector.page("view=live"))?;
    browser.until("document.querySelector('live-tail')?.streaming === 'open'")?;
    tab_to(&browser, "button[aria-pressed]")?;
    browser.press(" ")?;
    browser.until("document.querySelector('live-tail .summary').textContent === 'Paused'")?;
    collector.send("panel", &[Span::new(20, 1, 0, "meanwhile")])?;
    browser.until("document.querySelector('live-tail .summary').textContent.includes('1 wait')")?;
    browser.press("Enter")?;
    browser.until("document.querySelector('a.line')")?;
    // New lines come above the one that has the focus, which keeps it.
    tab_to(&browser, "a.line")?;
    collector.send("panel", &[Span::new(21, 1, 0, "afterwards")])?;
    browser.until("document.querySelectorAll('a.line').length === 2")?;
    browser.press("Enter")?;
    browser.until("document.querySelector('.trace-head h1')?.textContent.includes('meanwhile')")?;
    Ok(())
}

#[test]
fn the_first_key_leads_past_the_names_of_the_views() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let (collector, _device) = filled()?;
    browser.look(Look { width: 360, is_dark: false })?;
    browser.open(&collector.page("view=bottlenecks"))?;
    browser.until("document.querySelector('table.operations')")?;
    browser.press("Tab")?;
    browser.until(&format!(
        "{FOCUSED}.matches('.skip') && {FOCUSED}.getBoundingClientRect().top >= 0"
    ))?;
    browser.press("Enter")?;
    browser.until(&format!("{FOCUSED}.matches('main')"))?;
    browser.press("Tab")?;
    browser.until(&format!("{FOCUSED}.closest('main') !== null"))?;
    Ok(())
}

/// Goes on from where the focus is, as often as a patient person would.
fn tab_to(browser: &Browser, selector: &str) -> Result<()> {
    for _ in 0..60 {
        browser.press("Tab")?;
        if browser.run(&format!("return {FOCUSED}.matches(arguments[0])"), &[json!(selector)])?
            == true
        {
            return Ok(());
        }
    }
    bail!("no way by keys to {selector}")
}

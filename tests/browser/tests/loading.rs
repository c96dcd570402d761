//! What is on the page while the collector has not answered yet, or answers that it cannot: never nothing.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use serde_json::json;
use spandrel_browser::relay::{Slow, forward, listen};
use spandrel_browser::{Axe, Browser, Collector, Device, LOOKS, Span};

const API: &str = "/api/spandrel/v1";
const BUSY: &str = "document.querySelector('main [aria-busy=true]')";

/// An address, what is asked for it, what it says meanwhile, and what is there then.
const LOADING: [(&str, &str, &str, &str); 8] = [
    ("view=traces", "/traces", "Asking the collector", "document.querySelector('a.trace')"),
    (
        "view=trace&trace=a",
        "/traces/",
        "Asking for the trace",
        "document.querySelector('[id^=row-]')",
    ),
    (
        "view=trace&trace=a&span=0000000000000002",
        "/traces/0000000000000000000000000000000a/spans/",
        "Asking for the span",
        "document.querySelector('aside h2')?.textContent === 'read'",
    ),
    (
        "view=devices",
        "/devices",
        "Asking for the devices",
        "document.querySelector('.device-body .col-id')",
    ),
    (
        "view=devices&device=00123456789a0001",
        "/devices/",
        "Asking for the device",
        "document.querySelector('table.boots')",
    ),
    (
        "view=bottlenecks",
        "/statistics",
        "Reading traces",
        "document.querySelector('table.operations')",
    ),
    ("view=graph", "/dependencies", "Counting calls", "document.querySelector('table.calls')"),
    (
        "view=compare&a=a&b=b",
        "/traces/",
        "Reading both traces",
        "document.querySelector('table.compared')",
    ),
];

fn filled() -> Result<Collector> {
    let collector = Collector::start()?;
    for trace in [10, 11] {
        collector.send("panel", &[Span::new(trace, 1, 0, "greet")])?;
        collector.send("sensor", &[Span::new(trace, 2, 1, "read")])?;
    }
    Device::new(collector.frames())?.hello()?;
    Ok(collector)
}

#[test]
fn every_view_says_that_it_waits_until_it_need_not() -> Result<()> {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = filled()?;
    let slow = Slow::start(&collector)?;
    for look in [LOOKS[0], LOOKS[3]] {
        browser.look(look)?;
        for (address, path, says, then) in LOADING {
            let about = format!("waits {address} {look}");
            slow.hold(&format!("{API}{path}"));
            browser.open(&slow.page(address))?;
            browser.until(&format!(
                "{BUSY} && document.querySelector('main').innerText.includes('{says}')"
            ))?;
            // Who hears the page is told, too.
            browser.until(&format!(
                "document.querySelector('#announced').textContent.includes('{says}')"
            ))?;
            assert_eq!(axe.violations(&browser)?, [""; 0], "{about}");
            assert!(browser.shoot(&about)?.colours()? > 8, "{about}");
            slow.let_all();
            browser.until(then)?;
            browser.until(&format!("!({BUSY})"))?;
            assert_eq!(browser.complaints()?, [""; 0], "{about}");
        }
    }
    Ok(())
}

#[test]
fn what_was_there_stays_until_the_answer_to_the_next_question_comes() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = filled()?;
    let slow = Slow::start(&collector)?;
    for (address, path, there, field, value) in [
        ("view=traces", "/traces", "a.trace", "#filter-service", "motor"),
        ("view=bottlenecks", "/statistics", "table.operations", "#filter-service", "motor"),
        ("view=graph", "/dependencies", "table.calls", "#graph-from", "-1h"),
    ] {
        browser.open(&slow.page(address))?;
        let is_there = format!("document.querySelector('{there}')");
        browser.until(&is_there)?;
        browser.until(&format!("!({BUSY})"))?;
        slow.hold(&format!("{API}{path}"));
        let change = "const field = document.querySelector(arguments[0]);
            field.value = arguments[1];
            field.dispatchEvent(new Event('change', { bubbles: true }))";
        browser.run(change, &[json!(field), json!(value)])?;
        browser.until(&format!("{BUSY} && {is_there}"))?;
        slow.let_all();
        // Nothing is like that.
        browser.until(&format!(
            "!({BUSY}) && !({is_there}) && document.querySelector('main .empty')"
        ))?;
        assert_eq!(browser.complaints()?, [""; 0], "{address}");
    }
    Ok(())
}

#[test]
fn what_went_wrong_is_said_and_tried_again() -> Result<()> {
    const WHY: &str = "the store cannot be read";

    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = filled()?;
    let (port, is_broken) = (collector.port(), Arc::new(AtomicBool::new(false)));
    let breaks = is_broken.clone();
    let relay = listen(move |head, stream| {
        // What the collector is it can say still.
        if !breaks.load(Ordering::Relaxed) || !head.starts_with(&format!("GET {API}/")) {
            return forward(port, head, stream);
        }
        let body = json!({"error": WHY}).to_string();
        let length = body.len();
        let is_busy = head.contains("/devices");
        let status = if is_busy { "503 Service Unavailable" } else { "500 Internal Server Error" };
        Ok(write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?)
    })?;
    for look in [LOOKS[0], LOOKS[3]] {
        browser.look(look)?;
        for (address, _, _, then) in LOADING {
            let about = format!("wrong {address} {look}");
            // All of the trace is there where it is only a span that is not.
            let of_span = address.strip_suffix("&span=0000000000000002");
            is_broken.store(of_span.is_none(), Ordering::Relaxed);
            browser.open(&format!("http://127.0.0.1:{relay}/?{}", of_span.unwrap_or(address)))?;
            if of_span.is_some() {
                browser.until("document.querySelectorAll('[id^=row-]').length === 2")?;
                is_broken.store(true, Ordering::Relaxed);
                browser.run("document.querySelector('[role=treegrid]').focus()", &[])?;
                browser.press("End")?;
            }
            // The words, and not what they came in.
            let said = format!(
                "[...document.querySelectorAll('main [role=alert] .text')].some((one) => one.innerText === '{WHY}')"
            );
            browser.until(&said)?;
            browser.until(&format!("!({BUSY})"))?;
            assert_eq!(axe.violations(&browser)?, [""; 0], "{about}");
            assert!(browser.shoot(&about)?.colours()? > 8, "{about}");
            is_broken.store(false, Ordering::Relaxed);
            browser.run("document.querySelector('main [role=alert] button').click()", &[])?;
            browser.until(then)?;
            browser.until("document.querySelector('main [role=alert]') === null")?;
        }
    }
    Ok(())
}

#[test]
fn of_a_long_trace_it_is_said_how_much_has_come() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    for first in (1..=60_000_u64).step_by(20_000) {
        let below = |id: u64| Span::new(7, id, id / 3, "read");
        collector.send("panel", &(first..first + 20_000).map(below).collect::<Vec<_>>())?;
    }
    let slow = Slow::start(&collector)?;
    slow.hold(&format!("{API}/traces/"));
    browser.open(&slow.page("view=trace&trace=7"))?;
    let said = "document.querySelector('main .waiting')?.textContent";
    browser.until(&format!("{said} === 'Asking for the trace'"))?;
    slow.let_one();
    browser.until(&format!("{said}?.startsWith('Reading: 1 of ')"))?;
    // Several are asked for at once.
    slow.hold(&format!("{API}/traces/7?page=2"));
    browser.until(&format!("{said}?.startsWith('Reading: 2 of ')"))?;
    slow.let_all();
    browser.until("document.querySelectorAll('[id^=row-]').length > 10")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn the_live_view_listens_only_once_it_is_heard() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let slow = Slow::start(&collector)?;
    slow.hold(&format!("{API}/live"));
    browser.open(&slow.page("view=live"))?;
    let said = "document.querySelector('live-tail .summary')?.textContent";
    browser.until(&format!("{said} === 'Connecting'"))?;
    slow.let_all();
    browser.until(&format!("{said} === 'Listening'"))?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn who_is_answered_late_is_not_asked_for_devices_anew_before() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = filled()?;
    let slow = Slow::start(&collector)?;
    for (address, then) in [
        ("view=devices", "document.querySelector('.device-body .col-id')"),
        ("view=devices&device=00123456789a0001", "document.querySelector('table.boots')"),
    ] {
        slow.hold(&format!("{API}/devices"));
        browser.open(&slow.page(address))?;
        browser.until(BUSY)?;
        // The list is asked for every five seconds; the one answer that comes is of the first time.
        browser.until("performance.now() > 6_500")?;
        slow.let_one();
        browser.until(then)?;
    }
    Ok(())
}

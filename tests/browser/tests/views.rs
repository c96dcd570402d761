//! Every view opens on a screen and on a phone, in light and in dark, and no browser complains.

use anyhow::Result;
use serde_json::json;
use spandrel_browser::{Axe, Browser, Collector, LOOKS, Look, Span};

/// The states that a person finds where something has come: the address, and what is there then.
const FULL: [(&str, &str); 8] = [
    ("view=traces", "document.querySelectorAll('a.trace').length === 2"),
    ("view=trace&trace=a", "document.querySelectorAll('[role=treegrid] [id^=row-]').length === 3"),
    (
        "view=trace&trace=a&span=0000000000000002",
        "document.querySelector('[aria-selected=true]')?.innerText.includes('read')",
    ),
    (
        "view=live",
        "document.querySelector('live-tail .summary').textContent.startsWith('Listening')",
    ),
    // Spans that a client sends are no device's.
    ("view=devices", "document.querySelector('device-list .empty h2') !== null"),
    ("view=bottlenecks", "document.querySelector('bottleneck-list').innerText.includes('read')"),
    ("view=graph", "document.querySelector('dependency-graph').innerText.includes('sensor')"),
    ("view=compare&a=a&b=b", "document.querySelector('trace-compare').innerText.includes('greet')"),
];

fn filled() -> Result<Collector> {
    let collector = Collector::start()?;
    for trace in [10, 11] {
        let failed = Span { has_failed: true, ..Span::new(trace, 3, 2, "read") };
        collector.send("panel", &[Span::new(trace, 1, 0, "greet")])?;
        collector.send("sensor", &[Span::new(trace, 2, 1, "read"), failed])?;
    }
    Ok(collector)
}

#[test]
fn every_view_opens_at_two_widths_in_light_and_dark_without_a_complaint() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = filled()?;
    for look in LOOKS {
        let Look { width, is_dark } = look;
        browser.look(look)?;
        for (address, is_there) in FULL {
            browser.open(&collector.page(address))?;
            browser.until(is_there)?;
            let about = format!("{address} {look}");
            assert_eq!(browser.complaints()?, [""; 0], "{about}");
            assert_eq!(browser.run("return innerWidth", &[])?, width, "{about}");
            let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
            assert_eq!(browser.run(dark, &[])?, is_dark, "{about}");
            // What is wider than the screen would be lost on a phone.
            let beyond = "return document.documentElement.scrollWidth <= innerWidth ? [] : [...document.body.querySelectorAll('*')]\
                .filter((element) => element.getBoundingClientRect().right > innerWidth).map((element) => element.outerHTML.slice(0, 120))";
            assert_eq!(browser.run(beyond, &[])?, json!([]), "{about}");
            let shot = browser.shoot(&about)?;
            assert!(shot.colours()? > 12, "{} is blank", shot.path.display());
        }
    }
    Ok(())
}

#[test]
fn an_engine_for_accessibility_finds_nothing_wrong_with_any_view() -> Result<()> {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = filled()?;
    let mut found = Vec::new();
    for look in LOOKS {
        browser.look(look)?;
        for (address, is_there) in FULL {
            browser.open(&collector.page(address))?;
            browser.until(is_there)?;
            let violations = axe.violations(&browser)?;
            found.extend(violations.iter().map(|text| format!("{address} {look}: {text}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // And it would find something.
    browser.run("document.body.append(document.createElement('img'))", &[])?;
    let violations = axe.violations(&browser)?;
    assert!(violations.iter().any(|text| text.to_string().contains("image-alt")), "{violations:?}");
    Ok(())
}

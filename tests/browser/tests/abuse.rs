//! What pages of elsewhere try, and traces that no device would send on purpose.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use spandrel_browser::relay::{forward, listen};
use spandrel_browser::{Browser, Collector, Span, trace_id};

/// Ten years in nanoseconds.
const TEN_YEARS: u64 = 10 * 365 * 24 * 3600 * 1_000_000_000;
const ROWS: &str = "document.querySelectorAll('[role=treegrid] [id^=row-]').length";

#[test]
fn a_page_of_elsewhere_neither_reads_nor_changes() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    collector.send("panel", &[Span::new(1, 1, 0, "greet")])?;
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<title>elsewhere</title>";
    let elsewhere = listen(|_, stream| Ok(stream.write_all(page)?))?;
    // Whoever opened the collector's page has its cookie.
    browser.open(&collector.page(""))?;
    browser.until("document.querySelector('a.trace') !== null")?;
    let api = format!("http://127.0.0.1:{}/api/spandrel/v1", collector.port());
    for host in ["127.0.0.1", "localhost"] {
        browser.open(&format!("http://{host}:{elsewhere}/"))?;
        for attempt in [
            format!("fetch('{api}/traces')"),
            format!("fetch('{api}/traces', {{ credentials: 'include' }})"),
            format!(
                "fetch('{api}/orders', {{ method: 'POST', body: '{{\"order\":\"sample=never\"}}' }})"
            ),
            format!(
                "fetch('{api}/orders', {{ method: 'POST', credentials: 'include', headers: {{ 'x-spandrel-csrf': 'x' }}, body: '{{}}' }})"
            ),
            format!(
                "fetch('{api}/traces/{}', {{ method: 'DELETE', credentials: 'include' }})",
                trace_id(1)
            ),
        ] {
            let read = format!("return {attempt}.then((it) => it.text()).catch(() => 'refused')");
            assert_eq!(browser.run(&read, &[])?, "refused", "{attempt}");
        }
        // What needs nobody's leave is sent, and changes nothing.
        let blind = format!(
            "return fetch('{api}/orders', {{ method: 'POST', mode: 'no-cors', credentials: 'include',
                body: '{{\"order\":\"sample=never\"}}' }}).then(() => 'sent', () => 'refused')"
        );
        browser.run(&blind, &[])?;
        let orders = ureq::get(format!("{api}/orders")).call()?.body_mut().read_to_string()?;
        assert_eq!(orders, r#"{"orders":[]}"#);
        let kept = ureq::get(format!("{api}/traces/{}", trace_id(1))).call()?;
        assert_eq!(kept.status(), 200);
        // Nor does it show the page in a frame, over which it could lay another.
        let framed = format!(
            "return new Promise((done) => {{
                const frame = document.createElement('iframe');
                frame.onload = () => {{
                    try {{ done(frame.contentDocument === null ? 'foreign' : 'own'); }} catch {{ done('foreign'); }}
                }};
                frame.src = '{}';
                document.body.append(frame);
            }})",
            collector.page("")
        );
        browser.run(&framed, &[])?;
        let refused = browser.complaints()?;
        assert!(refused.iter().any(|line| line.contains("frame-ancestors")), "{refused:?}");
    }
    Ok(())
}

#[test]
fn an_answer_that_is_cut_is_said_and_asked_for_again() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let below = |id: u64| Span::new(1, id, u64::from(id > 1), "read");
    collector.send("panel", &(1..=500).map(below).collect::<Vec<_>>())?;
    let port = collector.port();
    // The first answer about the trace ends in the middle.
    let is_cut = AtomicBool::new(false);
    let between = listen(move |head, stream| {
        let is_trace = head.starts_with(&format!("GET /api/spandrel/v1/traces/{}", trace_id(1)));
        if !is_trace || is_cut.swap(true, Ordering::Relaxed) {
            return forward(port, head, stream);
        }
        let mut whole = Vec::new();
        forward(port, head, &mut whole)?;
        Ok(stream.write_all(&whole[..whole.len() - 2_000])?)
    })?;
    browser.open(&format!("http://127.0.0.1:{between}/?view=trace&trace={}", trace_id(1)))?;
    browser.until("document.querySelector('main .empty button') !== null")?;
    browser.run("document.querySelector('main .empty button').click()", &[])?;
    browser.until(&format!("{ROWS} > 5"))?;
    Ok(())
}

#[test]
fn a_trace_is_shown_whatever_its_shape() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let ring: Vec<Span> = (1..=5).map(|id| Span::new(1, id, id % 5 + 1, "ring")).collect();
    let deep: Vec<Span> = (1..=5_000).map(|id| Span::new(2, id, id - 1, "deep")).collect();
    let long = [
        Span { duration: TEN_YEARS, ..Span::new(3, 1, 0, "long") },
        Span { duration: 1, ..Span::new(3, 2, 1, "short") },
    ];
    collector.send_all(&[
        ("panel", &[], &ring),
        ("panel", &[], &deep),
        ("panel", &[], &long),
        ("unsure", &[("clock.error_us", 1_000_000)], &[Span::new(4, 1, 0, "unsure")]),
    ])?;
    for (trace, rows, says) in
        [(1, "=== 5", "5 spans"), (2, "> 10", "5"), (3, "=== 2", "3650"), (4, "=== 1", "1.000 s")]
    {
        browser.open(&collector.page(&format!("view=trace&trace={}", trace_id(trace))))?;
        browser.until(&format!("{ROWS} {rows}"))?;
        let head = browser.run("return document.querySelector('.trace-head').innerText", &[])?;
        assert!(head.as_str().is_some_and(|head| head.contains(says)), "{trace}: {head}");
        let sideways =
            browser.run("return document.documentElement.scrollWidth <= innerWidth", &[])?;
        assert_eq!(sideways, true, "{trace}");
        assert_eq!(browser.complaints()?, [""; 0], "{trace}");
    }
    // The deepest is reached, and is seen.
    let end = "const grid = document.querySelector('[role=treegrid]');
        grid.focus();
        grid.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true }))";
    browser.open(&collector.page(&format!("view=trace&trace={}", trace_id(2))))?;
    browser.until(&format!("{ROWS} > 10"))?;
    browser.run(end, &[])?;
    browser.until(
        "document.querySelector('[aria-selected=true]')?.getAttribute('aria-level') === '5000'",
    )?;
    Ok(())
}

#[test]
fn twenty_thousand_services_are_no_more_than_a_long_list() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let spans: Vec<(String, [Span; 1])> = (1..=20_000)
        .map(|id| (format!("service {id}"), [Span::new(1, id, u64::from(id > 1), "read")]))
        .collect();
    for part in spans.chunks(5_000) {
        let part: Vec<_> =
            part.iter().map(|(name, spans)| (&**name, &[][..], &spans[..])).collect();
        collector.send_all(&part)?;
    }
    for (address, there) in [
        ("view=traces".to_owned(), "document.querySelector('a.trace') !== null".to_owned()),
        (format!("view=trace&trace={}", trace_id(1)), format!("{ROWS} > 10")),
        ("view=bottlenecks".to_owned(), "document.querySelector('main th') !== null".to_owned()),
    ] {
        browser.open(&collector.page(&address))?;
        browser.until(&there)?;
        let nodes = browser.run("return document.querySelectorAll('*').length", &[])?;
        assert!(nodes.as_u64().is_some_and(|nodes| nodes < 50_000), "{address}: {nodes}");
        assert_eq!(browser.complaints()?, [""; 0], "{address}");
    }
    Ok(())
}

#[test]
fn ten_tabs_share_one_stream() -> Result<()> {
    const TABS: u64 = 10;

    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    browser.open(&collector.page("view=live"))?;
    for _ in 1..TABS {
        // A browser has six connections to one place: were each tab to hold one, the seventh would wait.
        browser.open_tab(&collector.page("view=live"))?;
        browser.until("document.querySelector('live-tail')?.streaming === 'open'")?;
    }
    for tab in 0..TABS {
        browser.show_tab(usize::try_from(tab)?)?;
        browser.until(
            "!document.hidden && document.querySelector('live-tail')?.streaming === 'open'",
        )?;
        collector.send("panel", &[Span::new(tab + 1, 1, 0, &format!("tab {tab}"))])?;
        browser.until(&format!(
            "document.querySelector('live-tail .lines').innerText.includes('tab {tab}')"
        ))?;
    }
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

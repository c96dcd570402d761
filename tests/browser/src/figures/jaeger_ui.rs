//! The same trace in Jaeger's own UI and in the page, with the same collector behind both.

use std::io::Write;
use std::path::{Component, Path};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::page::{SCREEN, send};
use super::{Found, Subject, browser, number};
use crate::relay::{forward, listen};
use crate::{Browser, Collector, trace_id};

/// What is opened, and how many spans it has.
const LONG: (u64, u64) = (1, 10_000);
/// What was looked at before.
const SHORT: (u64, u64) = (2, 1_000);

/// A UI that shows traces: the same is done to both.
struct Shown {
    /// Where it is.
    port: u16,
    /// The address of its search.
    search: &'static str,
    /// What the address of a trace begins with.
    trace: &'static str,
    /// Its rows.
    rows: &'static str,
}

/// `page.jaeger_ui_ms`, `page.ours_10000_ms`, and how many times as long the first is; nothing where no built UI
/// is given.
pub(super) fn compare(subject: &Subject) -> Result<Found> {
    let Some(folder) = &subject.jaeger_ui else { return Ok(Vec::new()) };
    ensure!(
        folder.join("index.html").is_file(),
        "{} is no built UI: give the folder that has its index.html",
        folder.display()
    );
    let collector = Collector::start_of(&subject.spandrel, 0)?;
    for (trace, count) in [LONG, SHORT] {
        send(&collector, trace, count)?;
    }
    let (folder, behind) = (folder.clone(), collector.port());
    let theirs = Shown {
        port: listen(move |head, stream| serve(&folder, behind, head, stream))?,
        search: "/search",
        trace: "/trace/",
        rows: ".span-row",
    };
    // One more program is between the browser and the collector there, so here, too.
    let ours = Shown {
        port: listen(move |head, stream| forward(behind, head, stream))?,
        search: "/?view=traces",
        trace: "/?view=trace&trace=",
        rows: ".rows [role=row]",
    };
    let browser = browser()?;
    browser.look(SCREEN)?;
    let (theirs, ours) = (theirs.open(&browser)?, ours.open(&browser)?);
    Ok(vec![
        ("page.jaeger_ui_ms".to_owned(), theirs),
        ("page.ours_10000_ms".to_owned(), ours),
        ("page.vs_jaeger_ui".to_owned(), theirs / ours),
    ])
}

impl Shown {
    /// From a step to the trace, within the UI as a link of it does it, until rows are on the screen; in
    /// milliseconds.
    fn open(&self, browser: &Browser) -> Result<f64> {
        // Two frames later what was drawn in the first has been painted.
        const STEP: &str = "const [address, rows, least] = arguments;
            return new Promise(done => {
                const begun = performance.now();
                history.pushState(null, '', address);
                dispatchEvent(new PopStateEvent('popstate', { state: null }));
                const look = () => document.querySelectorAll(rows).length > least
                    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)))
                    : setTimeout(look, 1);
                look();
            })";

        browser.open(&format!("http://127.0.0.1:{}{}", self.port, self.search))?;
        browser.until("document.querySelectorAll('a[href], button').length > 3")?;
        let step = |trace: u64| {
            let address = format!("{}{}", self.trace, trace_id(trace));
            number(&browser.run(STEP, &[json!(address), json!(self.rows), json!(10)])?)
        };
        // Who opens a trace has looked at another before: all that shows traces has been loaded.
        step(SHORT.0)?;
        let back = "history.pushState(null, '', arguments[0]);
            dispatchEvent(new PopStateEvent('popstate', { state: null }))";
        browser.run(back, &[json!(self.search)])?;
        browser.until(&format!("document.querySelectorAll('{}').length === 0", self.rows))?;
        let took = step(LONG.0)?;
        let said = browser.run("return document.body.innerText.replace(/[^0-9a-z]/gi, '')", &[])?;
        let count = LONG.1.to_string();
        ensure!(
            said.as_str().is_some_and(|text| text.contains(&count)),
            "what {} shows has not {count} spans",
            self.trace
        );
        Ok(took)
    }
}

/// Answers with a file of the folder, with the page where there is none of that name, and with the collector's
/// answer where the API is asked.
fn serve(folder: &Path, collector: u16, head: &str, to: &mut impl Write) -> Result<()> {
    let path = head.split(' ').nth(1).context("no request")?;
    if path.starts_with("/api/") {
        return forward(collector, head, to);
    }
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let name = Path::new(path);
    // Nothing but what is below the folder.
    let is_below = name.components().all(|part| matches!(part, Component::Normal(_)));
    let file = Some(folder.join(name)).filter(|file| is_below && file.is_file());
    let file = file.unwrap_or_else(|| folder.join("index.html"));
    let kind = match file.extension().and_then(|end| end.to_str()) {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    };
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let length = bytes.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    to.write_all(head.as_bytes())?;
    Ok(to.write_all(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_folder_are_served() {
        let folder = tempfile::tempdir().unwrap();
        let ui = folder.path().join("ui");
        std::fs::create_dir_all(ui.join("static")).unwrap();
        std::fs::write(folder.path().join("secret.js"), "secret").unwrap();
        std::fs::write(ui.join("index.html"), "the page").unwrap();
        std::fs::write(ui.join("static/a.js"), "a script").unwrap();
        let answer = |path: &str| {
            let mut answer = Vec::new();
            serve(&ui, 1, &format!("GET {path} HTTP/1.1\r\n\r\n"), &mut answer).unwrap();
            String::from_utf8(answer).unwrap()
        };
        let script = answer("/static/a.js?1");
        assert!(script.contains("text/javascript") && script.ends_with("a script"), "{script}");
        for path in ["/", "/trace/1", "/../secret.js", "/static/../../secret.js", "//etc/passwd"] {
            assert!(answer(path).ends_with("the page"), "{path}");
        }
    }
}

//! That figures which need something of elsewhere are measured where it is there; what they are depends on the machine.

use anyhow::Result;
use spandrel_browser::figures::{ROWS, Subject};
use spandrel_browser::{Browser, program};

/// As little as can be told from Jaeger's UI: it knows addresses, asks the API for the trace, and makes rows.
const STAND_IN: &str = r#"<!doctype html><title>stand-in</title><nav><a href="/search">1</a> <a href="/search">2</a>
    <a href="/search">3</a> <a href="/search">4</a></nav><main></main><script>
    addEventListener("popstate", async () => {
        const id = location.pathname.match("^/trace/(.+)")?.[1];
        const main = document.querySelector("main");
        main.replaceChildren();
        if (!id) return;
        const { data } = await (await fetch(`/api/traces/${id}`)).json();
        main.append(`Total Spans ${data[0].spans.length}`);
        for (const { operationName } of data[0].spans.slice(0, 20)) {
            const row = document.createElement("div");
            row.className = "span-row";
            row.textContent = operationName;
            main.append(row);
        }
    });
</script>"#;

#[test]
fn another_ui_is_measured_where_one_is_given() -> Result<()> {
    if Browser::start()?.is_none() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("index.html"), STAND_IN)?;
    let row = ROWS.iter().find(|row| row.keys.contains(&"page.vs_jaeger_ui")).expect("a row");
    let measure =
        |jaeger_ui| (row.measure)(&Subject { spandrel: program()?.to_owned(), jaeger_ui });
    let found = measure(Some(folder.path().to_owned()))?;
    assert!(found.iter().map(|(key, _)| &**key).eq(row.keys.iter().copied()), "{found:?}");
    assert!(found.iter().all(|(_, value)| *value > 0.0), "{found:?}");
    assert!((found[0].1 / found[1].1 - found[2].1).abs() < 1e-9, "{found:?}");

    assert_eq!(measure(None)?, []);
    let none = measure(Some(folder.path().join("nowhere")));
    assert!(none.is_err_and(|error| error.to_string().contains("index.html")));
    Ok(())
}

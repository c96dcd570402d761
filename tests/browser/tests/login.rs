//! Who gets at the page where one must log in, and what is seen by who does not.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result};
use spandrel_browser::{Browser, Collector};

const TEXT: &str = "document.body.innerText";

#[test]
fn a_link_lets_in_once_and_who_is_out_is_told_how_to_come_in() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "a-token-that-is-long-enough-to-be-one\n")?;
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o600))?;
    let mut collector = Collector::start_closed(&tokens)?;

    browser.open(&collector.page(""))?;
    let said = browser.until(TEXT)?;
    assert!(
        said.as_str().context("no text")?.contains("open the link that the collector printed last"),
        "{said}"
    );
    assert!(browser.shoot("login none")?.colours()? > 8);
    browser.complaints()?;

    let link = collector.link(0)?;
    browser.open(&link)?;
    browser.until("document.querySelector('trace-search .empty')")?;
    // The secret stays in no address.
    let address = browser.run("return location.href", &[])?;
    assert!(address.as_str().is_some_and(|it| !it.contains("once")), "{address}");
    for view in ["devices", "bottlenecks", "graph"] {
        browser.open(&collector.page(&format!("view={view}")))?;
        browser.until("document.querySelector('main .empty')")?;
    }
    assert_eq!(browser.complaints()?, [""; 0]);

    // A page that is open while its cookie is taken away says so.
    browser.forget_cookies()?;
    browser.run("document.querySelector('nav a').click()", &[])?;
    browser.until(
        "document.querySelector('main [role=alert] h2')?.textContent === 'You are not logged in'",
    )?;
    browser
        .until("document.querySelector('main [role=alert]').innerText.includes('printed last')")?;
    assert!(browser.shoot("login lost")?.colours()? > 8);

    browser.open(&link)?;
    let said = browser.until(TEXT)?;
    assert!(said.as_str().context("no text")?.contains("was used"), "{said}");
    browser.open(&collector.link(1)?)?;
    browser.until("document.querySelector('trace-search .empty')")?;
    Ok(())
}

//! Devices that send frames, as the page shows them: the hello-world of the examples, as processes.

use anyhow::Result;
use spandrel_browser::greenhouse::Greenhouse;
use spandrel_browser::{Axe, Browser, Collector, LOOKS};
use spandrel_tests::hello::services::{Platform, Programs, Services};

#[test]
fn devices_are_listed_and_told_from_the_page_how_to_sample() -> Result<()> {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let programs = Programs::build(Platform::Native, &mut |_| ())?;
    let mut services = Services::start(programs, collector.frames(), &mut |_| ())?;
    services.say_hello("Bryan", &mut |_| ())?;
    for look in LOOKS {
        browser.look(look)?;
        browser.open(&collector.page("view=devices"))?;
        let listed =
            "document.querySelectorAll('.device-body [role=row]:not([hidden])').length === 3";
        browser.until(listed)?;
        assert_eq!(axe.violations(&browser)?, [""; 0], "the list {look}");
        assert!(browser.shoot(&format!("view=devices full {look}"))?.colours()? > 12, "{look}");
        browser.run("document.querySelector('.device-body .col-id a').click()", &[])?;
        browser.until("document.querySelector('#order-service')?.value !== ''")?;
        assert_eq!(axe.violations(&browser)?, [""; 0], "a device {look}");
        assert!(browser.shoot(&format!("view=devices one {look}"))?.colours()? > 12, "{look}");
        assert_eq!(browser.complaints()?, [""; 0], "{look}");
    }
    browser.run("document.querySelector('.sampling [type=submit]').click()", &[])?;
    browser.until("document.querySelector('.sampling .outcome').innerText.includes('told')")?;
    browser
        .until("document.querySelector('.sampling .orders').innerText.includes('sample=0.1')")?;
    assert_eq!(browser.complaints()?, [""; 0]);

    // A cookie that nobody knows any more is not the reader's fault.
    browser.forget_cookies()?;
    browser.run("document.querySelector('.sampling .outcome').textContent = ''", &[])?;
    browser.run("document.querySelector('.sampling [type=submit]').click()", &[])?;
    browser.until("document.querySelector('.sampling .outcome').innerText.includes('told')")?;

    // A span that says of no kind that it is one has none.
    browser.open(&collector.page("view=traces&service=hello-world"))?;
    browser.until("document.querySelector('a.trace')")?;
    browser.run("document.querySelector('a.trace').click()", &[])?;
    browser.until("document.querySelector('[id^=row-]')")?;
    browser.run("document.querySelector('[role=treegrid]').focus()", &[])?;
    browser.press("ArrowDown")?;
    let whose = browser.until("document.querySelector('aside header p')?.textContent")?;
    assert_eq!(whose, "hello-world");
    Ok(())
}

#[test]
fn what_devices_lost_and_how_sure_their_clocks_are_is_shown_of_each() -> Result<()> {
    let Some(axe) = Axe::load()? else { return Ok(()) };
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    let mut all = Greenhouse::start(&collector)?;
    all.flood();
    let ((other, _), (trace, _)) = (all.water(), all.water());
    for look in LOOKS {
        browser.look(look)?;
        browser.open(&collector.page("view=devices&sort=-ring"))?;
        // Full is first; what was switched on twice says so.
        let row = "document.querySelector('.device-body [role=row]')?.innerText";
        browser.until(&format!("{row}?.includes('soil-sensor') && {row}.includes('100 %')"))?;
        browser
            .until("document.querySelector('.device-body').innerText.includes('12 (2 known)')")?;
        browser.open(&collector.page("view=devices&device=000000000000a723"))?;
        browser.until("document.querySelector('.latest')?.innerText.includes('ring_full')")?;
        assert_eq!(axe.violations(&browser)?, [""; 0], "a device {look}");
        browser.open(&collector.page(&format!("view=trace&trace={trace}")))?;
        browser.until("document.querySelectorAll('.chips .chip').length === 6")?;
        browser.until(
            "document.querySelector('.trace-head .summary').innerText.includes('clocks within ±')",
        )?;
        // Whoever lost something has much to say, and a phone has little room.
        let beyond = "const edge = document.querySelector('.timeline').getBoundingClientRect().right;
            return [...document.querySelectorAll('.chip > *')].filter((one) => one.getBoundingClientRect().right > edge).length";
        assert_eq!(browser.run(beyond, &[])?, 0, "{look}");
        assert_eq!(axe.violations(&browser)?, [""; 0], "a trace {look}");
        assert!(browser.shoot(&format!("view=trace full {look}"))?.colours()? > 12, "{look}");
        let compare = format!("view=compare&a={trace}&b={other}");
        for (address, there) in [
            ("view=traces", "document.querySelectorAll('a.trace').length > 10"),
            ("view=graph", "document.querySelectorAll('rect.node').length === 4"),
            ("view=bottlenecks", "document.querySelectorAll('button.opens').length > 10"),
            (
                &*compare,
                "document.querySelector('table.compared')?.innerText.includes('wait for switch')",
            ),
        ] {
            browser.open(&collector.page(address))?;
            browser.until(there)?;
            let kind = address.split('&').next().unwrap_or_default();
            assert!(browser.shoot(&format!("{kind} full {look}"))?.colours()? > 12, "{look}");
            let sideways =
                browser.run("return document.documentElement.scrollWidth <= innerWidth", &[])?;
            assert_eq!(sideways, true, "{address} {look}");
        }
    }
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

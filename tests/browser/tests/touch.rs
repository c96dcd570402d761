//! The timeline under fingers and a mouse.

use anyhow::{Context as _, Result};
use serde_json::json;
use spandrel_browser::{Browser, Collector, Look, Span};

const VIEW: &str = "document.querySelector('trace-timeline').stage.view";
const SPLIT: &str = "document.querySelector('[role=separator]')";

/// A trace that is open, of a root that lasts a hundred milliseconds.
fn opened(browser: &Browser, collector: &Collector, width: u32) -> Result<()> {
    let below = |id: u64| Span {
        start: id * 1_000_000,
        duration: 2_000_000,
        ..Span::new(1, id, 1, "read")
    };
    let root = Span { start: 0, ..Span::new(1, 1, 0, "greet") };
    collector.send("panel", &[root])?;
    collector.send("sensor", &(2..=40).map(below).collect::<Vec<_>>())?;
    browser.look(Look { width, is_dark: false })?;
    browser.open(&collector.page("view=trace&trace=1"))?;
    browser.until("document.querySelectorAll('[id^=row-]').length > 5")?;
    Ok(())
}

/// Left, top, width and height of an element in the window.
fn place(browser: &Browser, selector: &str) -> Result<[f64; 4]> {
    let place = format!(
        "const {{ x, y, width, height }} = document.querySelector('{selector}').getBoundingClientRect();
         return [x, y, width, height]"
    );
    let found = browser.run(&place, &[])?;
    let number = |at: usize| found[at].as_f64().context("no number");
    Ok([number(0)?, number(1)?, number(2)?, number(3)?])
}

/// The moments at both edges, in nanoseconds; of all of the trace where the address says none.
fn edges(browser: &Browser) -> Result<[f64; 2]> {
    let found = browser.run(&format!("const {{ from, to }} = {VIEW}; return [from, to]"), &[])?;
    Ok([found[0].as_f64().context("no begin")?, found[1].as_f64().context("no end")?])
}

#[test]
fn two_fingers_zoom_where_they_are_and_one_that_stays_does_not_jump() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    opened(&browser, &collector, 360)?;
    let [x, y, width, _] = place(&browser, "canvas.bars")?;
    let at = |share: f64| [x + width * share, y + 60.0];
    let moment = |edges: [f64; 2], share: f64| edges[0] + (edges[1] - edges[0]) * share;
    let before = edges(&browser)?;
    browser.touch("touchStart", &[(0, at(0.4))])?;
    browser.touch("touchStart", &[(1, at(0.6))])?;
    for step in 1..=10 {
        let apart = 0.1 + 0.03 * f64::from(step);
        browser.touch("touchMove", &[(0, at(0.5 - apart)), (1, at(0.5 + apart))])?;
    }
    // A browser gives moves with the next frame.
    let length = before[1] - before[0];
    browser.until(&format!(
        "(({{ from, to }}) => Math.abs({length} / (to - from) - 4) < 0.2)({VIEW})"
    ))?;
    let near = edges(&browser)?;
    let moved = (moment(near, 0.5) - moment(before, 0.5)) / (near[1] - near[0]);
    assert!(moved.abs() < 0.05, "{moved}: {before:?} {near:?}");

    // The finger that is left drags from where it is.
    browser.touch("touchEnd", &[(1, at(0.9))])?;
    browser.touch("touchMove", &[(0, at(0.2))])?;
    let by = (near[1] - near[0]) * 0.1;
    let dragged = near[0] - by;
    browser.until(&format!("{VIEW}.from !== {}", near[0]))?;
    let found = edges(&browser)?;
    assert!((found[0] - dragged).abs() < by * 0.3, "{near:?} {found:?}, not {dragged}");
    // And that both were there was no click on a row.
    browser.touch("touchEnd", &[(0, at(0.2))])?;
    assert_eq!(
        browser.run("return document.querySelector('trace-timeline').stage.selected", &[])?,
        -1
    );
    browser.touch("touchStart", &[(0, at(0.5))])?;
    browser.touch("touchEnd", &[(0, at(0.5))])?;
    browser.until("document.querySelector('[aria-selected=true]')")?;
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

#[test]
fn a_wheel_with_control_zooms_at_the_pointer_and_not_the_page() -> Result<()> {
    const CONTROL: u32 = 2;

    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    opened(&browser, &collector, 1280)?;
    let [x, y, width, _] = place(&browser, "canvas.bars")?;
    let before = edges(&browser)?;
    let wheel = json!({"deltaX": 0, "deltaY": -150, "modifiers": CONTROL});
    browser.mouse("mouseWheel", [x + width * 0.25, y + 60.0], wheel)?;
    browser.until("new URLSearchParams(location.search).get('from')")?;
    let near = edges(&browser)?;
    let factor = (before[1] - before[0]) / (near[1] - near[0]);
    assert!((factor - 1.0_f64.exp()).abs() < 0.01, "{factor}");
    let still = |edges: [f64; 2]| edges[0] + (edges[1] - edges[0]) * 0.25;
    assert!((still(before) - still(near)).abs() < 1_000_000.0, "{before:?} {near:?}");
    assert_eq!(browser.run("return [devicePixelRatio, visualViewport.scale]", &[])?, json!([1, 1]));
    Ok(())
}

#[test]
fn names_have_as_much_room_as_one_gives_them() -> Result<()> {
    let Some(browser) = Browser::start()? else { return Ok(()) };
    let collector = Collector::start()?;
    for (width, share) in [(1280, 38.0), (360, 46.0)] {
        opened(&browser, &collector, width)?;
        let told = || -> Result<f64> {
            let said = browser
                .run(&format!("return Number({SPLIT}.getAttribute('aria-valuenow'))"), &[])?;
            said.as_f64().context("no number")
        };
        let shown = || -> Result<f64> {
            let [x, _, names, _] = place(&browser, ".rows")?;
            let [split, _, wide, _] = place(&browser, ".split")?;
            let off = split + wide / 2.0 - x - names;
            assert!(off.abs() < 1.5, "the divider is {off} beside the border");
            let whole = browser.run("return document.querySelector('.layer').clientWidth", &[])?;
            Ok(names / whole.as_f64().context("no width")? * 100.0)
        };
        // Who hears the page is told what who sees it sees.
        assert!(
            (told()? - share).abs() < 0.5 && (shown()? - share).abs() < 2.0,
            "{} {}",
            told()?,
            shown()?
        );

        let [x, above, wide, _] = place(&browser, ".split")?;
        // Nothing that can be clicked is below it.
        let covered = "return [...document.querySelectorAll('.tools :is(button, input)')].map((one) => one.getBoundingClientRect())
            .filter(({ left, right, bottom }) => bottom > arguments[0] && left < arguments[1] + 8 && right > arguments[1]).length";
        assert_eq!(browser.run(covered, &[json!(above), json!(x)])?, 0, "{width}");
        let [left, top, _, tall] = place(&browser, ".guide")?;
        let [_, _, whole, _] = place(&browser, ".layer")?;
        let y = top + tall / 2.0;
        let reached = |share: f64| -> Result<()> {
            browser.until(&format!(
                "Math.abs({SPLIT}.getAttribute('aria-valuenow') - {share}) <= 1"
            ))?;
            assert!((shown()? - told()?).abs() < 0.5, "{} {}", told()?, shown()?);
            Ok(())
        };
        browser.drag(&[[x + wide / 2.0, y], [left + whole * 0.5, y], [left + whole * 0.6, y]])?;
        reached(60.0)?;
        // Neither goes where there is nothing.
        browser.drag(&[[left + whole * 0.6, y], [left + 2.0, y]])?;
        reached(15.0)?;

        browser.run(&format!("{SPLIT}.focus()"), &[])?;
        for (key, share) in
            [("End", 80.0), ("ArrowLeft", 78.0), ("Home", 15.0), ("ArrowRight", 17.0)]
        {
            browser.press(key)?;
            assert!(
                (told()? - share).abs() < 0.5 && (shown()? - share).abs() < 2.0,
                "{key}: {} {}",
                told()?,
                shown()?
            );
        }
        // The bars have the rest, drawn as wide as they are.
        let [.., bars, _] = place(&browser, "canvas.bars")?;
        browser.until(&format!(
            "document.querySelector('canvas.bars').width === Math.round({bars})"
        ))?;
        let sideways =
            browser.run("return document.documentElement.scrollWidth <= innerWidth", &[])?;
        assert_eq!(sideways, true, "{width}");
    }
    assert_eq!(browser.complaints()?, [""; 0]);
    Ok(())
}

//! Whether people can use the page who do not see it, or not well: judged by axe-core, which only tests have.

use anyhow::{Context as _, Result};
use serde_json::Value;
use spandrel_tests::skip::skip;
use spandrel_tests::workspace;

use crate::Browser;

/// The engine, as text to run in a page.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// What `cargo xtask test --only browser` installed; None where it did not, which [is said](skip).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load() -> Result<Option<Self>> {
        let file = workspace::target_dir().join("axe/node_modules/axe-core/axe.min.js");
        if !file.exists() {
            skip("no axe-core; `cargo xtask test --only browser` installs it, with npm");
            return Ok(None);
        }
        let text = std::fs::read_to_string(&file);
        Ok(Some(Self(text.with_context(|| format!("cannot read {}", file.display()))?)))
    }

    /// What it finds wrong with the page as it is now: the rule, and the elements.
    ///
    /// # Errors
    /// If it cannot run.
    pub fn violations(&self, browser: &Browser) -> Result<Vec<Value>> {
        browser.run(&self.0, &[])?;
        let judged = "return axe.run(document).then(({ violations, passes }) =>
            [passes.length, violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`)}`)])";
        let outcome = browser.run(judged, &[])?;
        // An engine that looked at nothing has found nothing.
        let passes = outcome.get(0).and_then(Value::as_u64).unwrap_or_default();
        anyhow::ensure!(passes > 10, "axe-core looked at nothing: {outcome}");
        Ok(outcome.get(1).and_then(Value::as_array).cloned().unwrap_or_default())
    }
}

//! `spandrel health`: whether a collector takes spans and answers.

use super::Outcome;
use super::ask::Collector;
use super::error::Error;
use super::options::Asking;
use std::io::Write;

/// Asks, and says so.
pub(super) fn health(asking: &Asking, out: &mut impl Write) -> Result<Outcome, Error> {
    let mut collector = Collector::new(&asking.at, asking.authorization()?)?;
    let at = collector.name();
    let reply = collector.get("/readyz").map_err(|failure| failure.told(&at))?;
    let is_well = reply.status == 200;
    let what = if is_well { "takes spans and answers" } else { "is ending" };
    if asking.json {
        writeln!(out, "{{\"ready\":{is_well}}}")?;
    } else {
        writeln!(out, "the collector at {at} {what}")?;
    }
    Ok(if is_well { Outcome::Found } else { Outcome::Nothing })
}

//! What sends the traces on.

use crate::exporter::otlp_http::Report;

pub(super) fn tell(report: &Report) {
    let Report { delivered, rejected, dropped, undelivered } = *report;
    log::info!(delivered, rejected, dropped, undelivered; "exported {delivered} spans");
    for (count, what) in [
        (rejected, "refused by the server"),
        (dropped, "dropped because the server did not keep up"),
        (undelivered, "not delivered before the end"),
    ] {
        if count != 0 {
            log::warn!("{count} spans were {what}");
        }
    }
}

//! The page and its parts, with what a browser is told not to do with them.

use super::answer::{Answer, Ask};
use crate::page::{self, Asset};
use crate::storage::Reader;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderName, IF_NONE_MATCH,
    REFERRER_POLICY, VARY,
};
use http::{HeaderValue, StatusCode};

/// What a device says is text. Should it ever become more, nothing that it says may run, or call home.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// The page. Its parts change with their names, so it alone is asked for anew.
pub(super) fn index(ask: &Ask) -> Answer {
    let Some(page) = page::index() else { return nothing() };
    // Of the list at the same address and of both forms of the page one is not the other.
    let is_short = ask.takes_gzip();
    let tag = format!("\"{}{}\"", page.name, if is_short { "-gzip" } else { "" });
    let known = ask.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).map(|tag| tag.trim());
    let is_known =
        known.map(|known| known.strip_prefix("W/").unwrap_or(known)).any(|known| known == tag);
    let answer =
        if is_known { Answer::empty(StatusCode::NOT_MODIFIED) } else { sent(&page, is_short) };
    answer
        .with_header(ETAG, &tag)
        .with_header(VARY, "accept, accept-encoding")
        .with_header(CACHE_CONTROL, "no-cache")
        .with_header(CONTENT_SECURITY_POLICY, POLICY)
        .with_header(REFERRER_POLICY, "no-referrer")
        .with_header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin")
}

/// A part of the page, which stays what it is.
pub(super) fn part(ask: &Ask, _: &dyn Reader) -> Answer {
    let Some(part) = page::asset(ask.parameter("name")) else { return nothing() };
    sent(&part, ask.takes_gzip())
        .with_header(VARY, "accept-encoding")
        .with_header(CACHE_CONTROL, "public, max-age=31536000, immutable")
        // A worker has the policy that its own script came with.
        .with_header(CONTENT_SECURITY_POLICY, POLICY)
        .with_header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin")
}

fn sent(asset: &Asset, is_short: bool) -> Answer {
    if !is_short {
        return Answer::new(asset.content_type, asset.plain());
    }
    let mut answer = Answer::new(asset.content_type, asset.gzip);
    answer.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

fn nothing() -> Answer {
    let why = "the page has no such part: it is of another version, so load the page again";
    Answer::text(StatusCode::NOT_FOUND, why).with_header(CACHE_CONTROL, "no-store")
}

//! What doors answer by themselves: the page, health, metrics, and a list of what there is.

use super::answer::{Answer, Ask};
use super::door::{Door, Family};
use super::login::Login;
use super::pages;
use super::router::{Route, Spans};
use crate::metrics::{CONTENT_TYPE, Metrics};
use crate::storage::Reader;
use bytes::Bytes;
use core::fmt::Write as _;
use http::header::{ACCEPT, VARY};
use http::{HeaderValue, StatusCode};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What the list says, known once all doors are open.
pub(super) type List = Arc<OnceLock<Vec<Section>>>;

/// The requests of one kind, and where they are answered.
#[derive(Debug)]
pub(super) struct Section {
    title: &'static str,
    at: String,
    /// Method, path, what it is.
    lines: Vec<(String, &'static str, &'static str)>,
}

/// Where the page is.
pub(super) const PAGE: &str = "/";
/// Where a link leads that lets somebody in.
pub(super) const LOGIN: &str = "/login";

/// The routes.
pub(super) fn routes(
    metrics: &Metrics,
    is_ending: &Arc<AtomicBool>,
    list: &List,
    login: &Arc<Login>,
) -> Vec<Route> {
    let login = login.clone();
    let list = list.clone();
    let metrics = metrics.clone();
    let ending = is_ending.clone();
    let ready = move |_: &Ask, _: &dyn Reader| {
        if ending.load(Ordering::Relaxed) {
            Answer::text(StatusCode::SERVICE_UNAVAILABLE, "ending")
        } else {
            Answer::text(StatusCode::OK, "ready")
        }
    };
    let ending = is_ending.clone();
    let as_jaeger = move |_: &Ask, _: &dyn Reader| {
        if ending.load(Ordering::Relaxed) {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Answer::json("{\"status\":\"Server not available\"}").with_status(status)
        } else {
            Answer::json("{\"status\":\"Server available\"}")
        }
    };
    vec![
        Route::get(Family::Login, LOGIN, "lets in who has a link", move |ask, _| login.enter(ask)),
        Route::get(Family::Index, PAGE, "the page; this list with ?list", move |ask, _| {
            index(ask, &list)
        }),
        Route::get(Family::Index, "/page/{name}", "parts of the page", pages::part),
        Route::get(Family::Health, "/healthz", "whether the program runs", |_, _| {
            Answer::text(StatusCode::OK, "well")
        }),
        Route::get(Family::Health, "/readyz", "whether it takes spans and answers queries", ready),
        Route::grpc(
            Family::Health,
            "/grpc.health.v1.Health/Check",
            "the same for clients of gRPC",
            // A HealthCheckResponse that says SERVING.
            |_, _| Ok(vec![Bytes::from_static(b"\x08\x01")]),
        ),
        Route::get(Family::JaegerHealth, "/{any*}", "whether it is well", as_jaeger),
        Route::get(Family::Metrics, "/metrics", "counts for Prometheus", move |_, _| {
            Answer::new(CONTENT_TYPE, metrics.page())
        }),
        Route::spans(
            Family::OtlpHttp,
            "/v1/traces",
            "spans as protobuf or JSON, plain or by gzip",
            Spans::Otlp,
        ),
        Route::spans(
            Family::OtlpGrpc,
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            "spans, plain or by gzip",
            Spans::OtlpCall,
        ),
        Route::spans(
            Family::ZipkinSpans,
            "/api/v2/spans",
            "spans as JSON or protobuf, plain or by gzip",
            Spans::Zipkin,
        ),
        Route::spans(
            Family::ZipkinSpans,
            "/zipkin/api/v2/spans",
            "the same for clients that have its pages' prefix",
            Spans::Zipkin,
        ),
        Route::spans(
            Family::ZipkinSpans,
            "/zipkin.proto3.SpanService/Report",
            "spans over gRPC",
            Spans::ZipkinCall,
        ),
    ]
}

/// What there is at these doors.
pub(super) fn sections(routes: &[Route], doors: &[(&'static Door, SocketAddr)]) -> Vec<Section> {
    let mut sections: Vec<(Family, Section)> = Vec::new();
    for route in routes {
        let line = (route.method.to_string(), route.pattern, route.about);
        if let Some((_, section)) = sections.iter_mut().find(|(family, _)| *family == route.family)
        {
            section.lines.push(line);
            continue;
        }
        let answering = doors.iter().filter(|(door, _)| door.answers(route.family));
        let at: Vec<_> = answering.map(|(_, address)| address.to_string()).collect();
        if !at.is_empty() {
            let title = route.family.title();
            let section = Section { title, at: at.join(", "), lines: vec![line] };
            sections.push((route.family, section));
        }
    }
    let mut sections: Vec<_> = sections.into_iter().map(|(_, section)| section).collect();
    sections.sort_by_key(|section| section.title);
    for section in &mut sections {
        section.lines.sort_by_key(|(_, path, _)| *path);
    }
    sections
}

fn index(ask: &Ask, list: &List) -> Answer {
    let accepted = ask.headers.get(ACCEPT).map(HeaderValue::to_str);
    let takes_html = matches!(accepted, Some(Ok(accepted)) if accepted.contains("text/html"));
    if takes_html && ask.first("list").is_none() {
        return pages::index(ask);
    }
    let sections = list.get().map_or(&[][..], Vec::as_slice);
    let list = Answer::new("text/plain; charset=utf-8", text(sections));
    list.with_header(VARY, "accept")
}

const TITLE: &str = concat!("spandrel ", env!("CARGO_PKG_VERSION"));

fn text(sections: &[Section]) -> String {
    let mut text = format!("{TITLE}\n");
    for Section { title, at, lines } in sections {
        // Writing into a string does not fail.
        let _ = writeln!(text, "\n{title} (at {at})");
        for (method, path, about) in lines {
            let _ = writeln!(text, "  {method:<4} {path}  {about}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::door::DOORS;
    use super::super::visitors::Visitors;
    use super::*;

    #[test]
    fn the_list_names_what_open_doors_answer_and_where() {
        let list = List::default();
        let login = Arc::new(Login::new(Visitors::unknown().unwrap().into(), Vec::new()));
        let routes = routes(&Metrics::default(), &Arc::default(), &list, &login);
        let doors = [(&DOORS[0], "127.0.0.1:7727".parse().unwrap())];
        let sections = sections(&routes, &doors);
        let text = text(&sections);
        assert!(text.contains("\nMetrics (at 127.0.0.1:7727)\n  GET  /metrics  "), "{text}");
        assert!(text.contains("  POST /v1/traces  "), "{text}");
        assert!(!text.contains("as a Jaeger says it"), "that door is closed: {text}");
    }
}

//! The query APIs at the doors: each endpoint is a route.

use super::answer::{Answer, Ask};
use super::door::Family;
use super::router::Route;
use crate::query::{self, Context, Endpoint, Request};
use crate::storage::Reader;
use http::{HeaderName, StatusCode};
use std::sync::Arc;

/// What answers depend on at the moment.
pub type Now = Arc<dyn Fn() -> Context + Send + Sync>;

/// The routes of all that can be asked. Only answers about sampling depend on `sampling`, so that nobody
/// else waits for the file that it looks at.
#[must_use]
pub fn routes(queries: &Now, sampling: &Now) -> Vec<Route> {
    let route = |(family, endpoint)| {
        let now = if family == query::Family::Sampling { sampling } else { queries };
        route(&endpoint, family_of(family), now)
    };
    query::endpoints().map(route).collect()
}

fn family_of(family: query::Family) -> Family {
    match family {
        query::Family::Jaeger => Family::JaegerHttp,
        query::Family::Zipkin => Family::ZipkinHttp,
        query::Family::Sampling => Family::SamplingHttp,
    }
}

fn route(endpoint: &Endpoint, family: Family, now: &Now) -> Route {
    let Endpoint { method, pattern, about, handler } = *endpoint;
    let now = now.clone();
    let answer = move |ask: &Ask, reader: &dyn Reader| {
        let (query, body) = (&*ask.query, &*ask.body);
        // These know GET alone, of which HEAD is a part.
        let request = Request { method, path: &ask.path, query, body };
        whole(handler(&request, reader, &now()))
    };
    match method {
        "POST" => Route::post(family, pattern, about, answer),
        _ => Route::get(family, pattern, about, answer),
    }
}

/// The answer of a query as one of a door.
#[must_use]
pub fn whole(answer: query::Answer) -> Answer {
    let query::Answer { status, content_type, headers, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = Answer::new(content_type, body).with_status(status);
    headers.into_iter().fold(answer, |answer, (name, value)| {
        answer.with_header(HeaderName::from_static(name), &value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    #[test]
    fn each_endpoint_is_a_route_of_the_door_that_its_clients_know() {
        let now: Now = Arc::new(Context::default);
        let routes = routes(&now, &now);
        assert_eq!(routes.len(), query::endpoints().count());
        let family = |pattern| {
            let found = routes.iter().find(|route| route.pattern == pattern);
            found.map(|route| (route.family, route.method.clone()))
        };
        assert_eq!(family("/api/services"), Some((Family::JaegerHttp, Method::GET)));
        assert_eq!(family("/api/archive/{id}"), Some((Family::JaegerHttp, Method::POST)));
        assert_eq!(family("/api/v3/services"), Some((Family::JaegerHttp, Method::GET)));
        assert_eq!(family("/config.json"), Some((Family::ZipkinHttp, Method::GET)));
        assert_eq!(family("/api/sampling"), Some((Family::SamplingHttp, Method::GET)));
    }
}

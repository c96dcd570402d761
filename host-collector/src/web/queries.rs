//! The query APIs at the doors: each endpoint is a route.

use super::answer::{Answer, Ask};
use super::door::Family;
use super::router::Route;
use crate::query::{self, Context, ENDPOINTS, Endpoint, Request};
use crate::receiver::HostClock;
use crate::storage::Reader;
use http::{Method, StatusCode};

/// The routes of all that can be asked.
#[must_use]
pub fn routes() -> Vec<Route> {
    ENDPOINTS.into_iter().flatten().map(route).collect()
}

fn route(endpoint: &Endpoint) -> Route {
    let Endpoint { method, pattern, about, handler } = *endpoint;
    let is_zipkin = pattern.starts_with("/zipkin") || pattern.starts_with("/api/v2/");
    let family = if is_zipkin { Family::ZipkinHttp } else { Family::JaegerHttp };
    let answer = move |ask: &Ask, reader: &dyn Reader| {
        let (query, body) = (&*ask.query, &*ask.body);
        let request = Request { method: ask.method.as_str(), path: &ask.path, query, body };
        let context = Context { now_ns: HostClock::new().now_ns() };
        whole(handler(&request, reader, &context))
    };
    match method {
        "POST" => Route::post(family, pattern, about, answer),
        _ => Route::get(family, pattern, about, move |ask, reader| {
            // These know GET alone, of which HEAD is a part.
            answer(&Ask { method: Method::GET, ..ask.clone() }, reader)
        }),
    }
}

fn whole(answer: query::Answer) -> Answer {
    let query::Answer { status, content_type, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer::new(content_type, body).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_is_a_route_of_the_door_that_its_clients_know() {
        let routes = routes();
        assert_eq!(routes.len(), ENDPOINTS.iter().map(|family| family.len()).sum::<usize>());
        let family = |pattern| {
            let found = routes.iter().find(|route| route.pattern == pattern);
            found.map(|route| (route.family, route.method.clone()))
        };
        assert_eq!(family("/api/services"), Some((Family::JaegerHttp, Method::GET)));
        assert_eq!(family("/api/archive/{id}"), Some((Family::JaegerHttp, Method::POST)));
        assert_eq!(family("/api/v3/services"), Some((Family::JaegerHttp, Method::GET)));
    }
}

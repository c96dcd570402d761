//! The query APIs at the doors: each endpoint is a route.

use super::answer::{Answer, Ask};
use super::door::Family;
use super::grpc::{Code, Status};
use super::router::Route;
use crate::query::{self, Context, Endpoint, Failure, Method, Request};
use crate::storage::Reader;
use http::{HeaderName, StatusCode};
use std::sync::Arc;

/// What answers depend on at the moment.
pub type Now = Arc<dyn Fn() -> Context + Send + Sync>;

/// The routes of all that can be asked. Only answers about sampling depend on `sampling`, so that nobody
/// else waits for the file that it looks at.
#[must_use]
pub fn routes(queries: &Now, sampling: &Now) -> Vec<Route> {
    let now = |family| match family {
        query::Family::Sampling | query::Family::SamplingCalls => sampling,
        _ => queries,
    };
    let route = |(family, endpoint)| route(&endpoint, family_of(family), now(family));
    let call = |(family, method)| call(&method, family_of(family), now(family));
    query::endpoints().map(route).chain(query::methods().map(call)).collect()
}

fn family_of(family: query::Family) -> Family {
    match family {
        query::Family::Jaeger => Family::JaegerHttp,
        query::Family::Zipkin => Family::ZipkinHttp,
        query::Family::Sampling => Family::SamplingHttp,
        query::Family::Storage => Family::JaegerStorage,
        query::Family::SamplingCalls => Family::SamplingGrpc,
        query::Family::Own => Family::Own,
    }
}

fn call(method: &Method, family: Family, now: &Now) -> Route {
    let Method { path, about, handler } = *method;
    let now = now.clone();
    Route::grpc(family, path, about, move |message, reader| {
        handler(message, reader, &now()).map_err(|failure| status(&failure))
    })
}

/// What a client of gRPC is told of a failure.
fn status(failure: &Failure) -> Status {
    let code = match failure.status {
        404 => Code::NotFound,
        413 => Code::ResourceExhausted,
        400..500 => Code::InvalidArgument,
        _ => Code::Internal,
    };
    Status::new(code, &failure.message)
}

fn route(endpoint: &Endpoint, family: Family, now: &Now) -> Route {
    let Endpoint { method, pattern, about, handler } = *endpoint;
    let now = now.clone();
    let answer = move |ask: &Ask, reader: &dyn Reader| {
        let (query, body) = (&*ask.query, &*ask.body);
        // These know GET alone, of which HEAD is a part.
        let request = Request { method, path: &ask.path, query, body };
        let context = Context { proof: ask.proof.clone(), ..now() };
        whole(handler(&request, reader, &context))
    };
    match method {
        "POST" => Route::post(family, pattern, about, answer),
        "DELETE" => Route::delete(family, pattern, about, answer),
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
        assert_eq!(routes.len(), query::endpoints().count() + query::methods().count());
        let family = |pattern| {
            let found = routes.iter().find(|route| route.pattern == pattern);
            found.map(|route| (route.family, route.method.clone()))
        };
        assert_eq!(family("/api/services"), Some((Family::JaegerHttp, Method::GET)));
        assert_eq!(family("/api/archive/{id}"), Some((Family::JaegerHttp, Method::POST)));
        assert_eq!(family("/api/v3/services"), Some((Family::JaegerHttp, Method::GET)));
        assert_eq!(family("/config.json"), Some((Family::ZipkinHttp, Method::GET)));
        assert_eq!(family("/api/sampling"), Some((Family::SamplingHttp, Method::GET)));
        let get_traces = "/jaeger.storage.v2.TraceReader/GetTraces";
        assert_eq!(family(get_traces), Some((Family::JaegerStorage, Method::POST)));
        let strategy = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
        assert_eq!(family(strategy), Some((Family::SamplingGrpc, Method::POST)));
    }

    #[test]
    fn a_failure_has_the_code_that_clients_act_on() {
        let code = |failure: Failure| status(&failure).code;
        assert_eq!(code(Failure::bad("")), Code::InvalidArgument);
        assert_eq!(code(Failure::missing("")), Code::NotFound);
        assert_eq!(code(Failure::too_much("")), Code::ResourceExhausted);
        assert_eq!(code(Failure::internal("")), Code::Internal);
    }
}

//! Which request goes where.
//!
//! A route is a method, a pattern and a function. In a pattern `{name}` stands for one segment of the
//! path and `{name*}`, at its end, for all that follow. Where several match, the one with more fixed
//! segments does.

use super::answer::{Answer, Ask};
use super::door::{Door, Family};
use super::grpc::Status;
use super::stream::Stream;
use crate::storage::Reader;
use bytes::Bytes;
use core::fmt::{self, Debug, Formatter};
use http::Method;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// Answers a request from what is stored. It may block.
pub type Query = dyn Fn(&Ask, &dyn Reader) -> Answer + Send + Sync;
/// Answers a call of gRPC by any number of messages. It may block.
pub type Call = dyn Fn(&[u8], &dyn Reader) -> Result<Vec<Bytes>, Status> + Send + Sync;

/// Begins an answer that goes on, or says why not.
pub type Open = dyn Fn(&Ask) -> Result<Box<dyn Stream>, Box<Answer>> + Send + Sync;

/// What answers.
#[derive(Clone)]
pub(super) enum Handler {
    Query(Arc<Query>),
    Call(Arc<Call>),
    Stream(Arc<Open>),
    /// Spans that are handed in.
    Spans(Spans),
}

/// How spans come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spans {
    Otlp,
    OtlpCall,
    Zipkin,
    ZipkinCall,
}

/// A request that is answered, and how.
#[derive(Clone)]
pub struct Route {
    pub(super) family: Family,
    pub(super) method: Method,
    pub(super) pattern: &'static str,
    pub(super) about: &'static str,
    pub(super) handler: Handler,
}

impl Route {
    /// Answers `GET` and `HEAD`.
    #[must_use]
    pub fn get(
        family: Family,
        pattern: &'static str,
        about: &'static str,
        query: impl Fn(&Ask, &dyn Reader) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::query(Method::GET, family, pattern, about, query)
    }

    /// Answers `POST`.
    #[must_use]
    pub fn post(
        family: Family,
        pattern: &'static str,
        about: &'static str,
        query: impl Fn(&Ask, &dyn Reader) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::query(Method::POST, family, pattern, about, query)
    }

    /// Answers `DELETE`.
    #[must_use]
    pub fn delete(
        family: Family,
        pattern: &'static str,
        about: &'static str,
        query: impl Fn(&Ask, &dyn Reader) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::query(Method::DELETE, family, pattern, about, query)
    }

    fn query(
        method: Method,
        family: Family,
        pattern: &'static str,
        about: &'static str,
        query: impl Fn(&Ask, &dyn Reader) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self { family, method, pattern, about, handler: Handler::Query(Arc::new(query)) }
    }

    /// Answers a call of gRPC, whose pattern is `/package.Service/Method`. One message comes; what goes
    /// out is one message or a stream of them.
    #[must_use]
    pub fn grpc(
        family: Family,
        pattern: &'static str,
        about: &'static str,
        call: impl Fn(&[u8], &dyn Reader) -> Result<Vec<Bytes>, Status> + Send + Sync + 'static,
    ) -> Self {
        let handler = Handler::Call(Arc::new(call));
        Self { family, method: Method::POST, pattern, about, handler }
    }

    /// Answers `GET` by server-sent events, for as long as there are any.
    #[must_use]
    pub fn stream(
        family: Family,
        pattern: &'static str,
        about: &'static str,
        open: impl Fn(&Ask) -> Result<Box<dyn Stream>, Box<Answer>> + Send + Sync + 'static,
    ) -> Self {
        let handler = Handler::Stream(Arc::new(open));
        Self { family, method: Method::GET, pattern, about, handler }
    }

    pub(super) fn spans(
        family: Family,
        pattern: &'static str,
        about: &'static str,
        spans: Spans,
    ) -> Self {
        let handler = Handler::Spans(spans);
        Self { family, method: Method::POST, pattern, about, handler }
    }

    fn fixed(&self) -> usize {
        segments(self.pattern).filter(|segment| !segment.starts_with('{')).count()
    }

    /// What the names of the pattern stand for, if it matches.
    fn matches(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let mut parameters = Vec::new();
        let mut path = path.strip_prefix('/')?;
        let mut is_over = false;
        for segment in segments(self.pattern) {
            if is_over {
                return None;
            }
            let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            if let Some(name) = name.and_then(|name| name.strip_suffix('*')) {
                parameters.push((name, decoded(path)?));
                return Some(parameters);
            }
            let (first, rest) = path.split_once('/').unwrap_or_else(|| {
                is_over = true;
                (path, "")
            });
            match name {
                Some(name) if !first.is_empty() => parameters.push((name, decoded(first)?)),
                None if first == segment => {}
                _ => return None,
            }
            path = rest;
        }
        is_over.then_some(parameters)
    }
}

impl Debug for Route {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.pattern)
    }
}

fn segments(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.trim_start_matches('/').split('/')
}

/// None if it is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// All routes, those with more fixed segments first.
#[derive(Debug)]
pub(super) struct Router {
    routes: Vec<Route>,
}

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Route(&'a Route, Vec<(&'static str, String)>),
    /// There is something, but not for this method: for those.
    OtherMethod(Vec<&'a Method>),
    Nothing,
}

impl Router {
    pub(super) fn new(mut routes: Vec<Route>) -> Self {
        routes.sort_by_key(|route| core::cmp::Reverse(route.fixed()));
        Self { routes }
    }

    pub(super) fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(super) fn find(&self, door: &Door, method: &Method, path: &str) -> Found<'_> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let mut others = Vec::new();
        for route in self.routes.iter().filter(|route| door.answers(route.family)) {
            let Some(parameters) = route.matches(path) else { continue };
            if route.method == *method {
                return Found::Route(route, parameters);
            }
            others.push(&route.method);
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethod(others) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::door::DOORS;
    use super::*;
    use http::StatusCode;

    fn router(patterns: &[&'static str]) -> Router {
        let route = |pattern: &&'static str| {
            Route::get(Family::JaegerHttp, pattern, "", |_, _| Answer::empty(StatusCode::OK))
        };
        Router::new(patterns.iter().map(route).collect())
    }

    fn find(router: &Router, path: &str) -> Option<(&'static str, Vec<String>)> {
        match router.find(&DOORS[0], &Method::GET, path) {
            Found::Route(route, parameters) => {
                Some((route.pattern, parameters.into_iter().map(|(_, value)| value).collect()))
            }
            _ => None,
        }
    }

    #[test]
    fn what_is_fixed_goes_before_what_is_not() {
        let router = router(&["/{rest*}", "/a/{x}/c", "/a/b/c", "/a/{x}", "/"]);
        assert_eq!(find(&router, "/a/b/c"), Some(("/a/b/c", vec![])));
        assert_eq!(find(&router, "/a/x%20y/c"), Some(("/a/{x}/c", vec!["x y".to_owned()])));
        assert_eq!(find(&router, "/a/%2F"), Some(("/a/{x}", vec!["/".to_owned()])));
        assert_eq!(find(&router, "/q/r/s"), Some(("/{rest*}", vec!["q/r/s".to_owned()])));
        assert_eq!(find(&router, "/"), Some(("/", vec![])));
        assert_eq!(find(&router, "/a/"), Some(("/{rest*}", vec!["a/".to_owned()])));
    }

    #[test]
    fn what_matches_nothing_is_not_found() {
        let router = router(&["/a/{x}", "/b"]);
        for path in ["/", "/a", "/a/", "/a/b/", "/a/b/c", "/b/", "//b", "b", "", "*", "/a/%ff"] {
            assert_eq!(find(&router, path), None, "{path}");
        }
    }

    #[test]
    fn a_door_answers_its_families_and_says_which_methods_there_are() {
        let router = router(&["/b"]);
        let zipkin = DOORS.iter().find(|door| door.name == "zipkin_http").unwrap();
        assert!(matches!(router.find(zipkin, &Method::GET, "/b"), Found::Nothing));
        assert!(matches!(router.find(&DOORS[0], &Method::HEAD, "/b"), Found::Route(..)));
        let other = router.find(&DOORS[0], &Method::PUT, "/b");
        assert!(matches!(other, Found::OtherMethod(methods) if methods == [&Method::GET]));
    }
}

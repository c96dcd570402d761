//! From a request to its answer.

use super::answer::{Answer, Ask};
use super::body::{self, BodyError, Coding};
use super::budget::{Budget, Share};
use super::builtin;
use super::connections::{Connections, Exchange};
use super::cors;
use super::door::{DOORS, Family};
use super::grpc;
use super::guard::{Denied, Guard};
use super::limits::Limits;
use super::payload::Payload;
use super::router::{Call, Found, Handler, Query, Route, Router, Spans};
use super::stats::Stats;
use super::stream::Lively;
use super::upload::Upload;
use super::visitors::{Visit, Visitor, Visitors};
use crate::query::{self, pairs};
use crate::rules::SourceLimit;
use crate::storage::{Intake, Reader};
use bytes::Bytes;
use core::fmt::{self, Debug, Formatter};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, SET_COOKIE,
    VARY, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longer answers are compressed for who takes that.
const WORTH_COMPRESSING: usize = 1 << 10;

/// What all connections share.
pub(super) struct Service {
    pub(super) guard: Guard,
    pub(super) visitors: Arc<Visitors>,
    pub(super) router: Router,
    pub(super) limits: Limits,
    /// The longest message, in bytes.
    pub(super) most: usize,
    pub(super) budget: Arc<Budget>,
    pub(super) connections: Arc<Connections>,
    pub(super) stats: Stats,
    pub(super) queries: Arc<Semaphore>,
    pub(super) intake: Arc<dyn Intake>,
    pub(super) reader: Arc<dyn Reader>,
    pub(super) is_ending: Arc<AtomicBool>,
    /// How much one source may hand in.
    pub(super) source_limit: Option<Arc<SourceLimit>>,
}

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Its place among [`DOORS`].
    pub(super) door: usize,
    /// The address that was called.
    pub(super) local: IpAddr,
    /// Who called.
    pub(super) peer: SocketAddr,
    /// Whether nobody on the way can read what is said.
    pub(super) is_secret: bool,
}

impl Service {
    /// Answers a request, whatever it is.
    pub(super) async fn answer<B>(
        &self,
        request: Request<B>,
        entry: Entry,
        exchange: Exchange,
    ) -> Response<Payload>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let start = Instant::now();
        let (parts, body) = request.into_parts();
        let mut share = self.budget.share();
        let admitted = self.guard.admit(&parts, entry.local);
        let mut response = match &admitted {
            Err(denied) => refuse(&parts, &denial(*denied)),
            Ok(Some(_)) if cors::is_preflight(&parts) => plain(cors::preflight(&parts)),
            Ok(_) => {
                let body = Upload::new(body, &exchange);
                self.route(&parts, body, entry, &mut share).await
            }
        };
        if let Ok(Some(origin)) = admitted {
            cors::allow(&mut response, origin);
        }
        let headers = response.headers_mut();
        let nosniff = HeaderValue::from_static("nosniff");
        headers.insert(HeaderName::from_static("x-content-type-options"), nosniff);
        if parts.method == Method::HEAD {
            if let Some(len) = response.body().len() {
                response.headers_mut().insert(CONTENT_LENGTH, len.into());
            }
            response.body_mut().clear();
        }
        if let Some(door) = self.stats.doors.get(entry.door) {
            door.answered(response.status().as_u16(), start.elapsed());
        }
        response.map(|payload| payload.ends(exchange, share))
    }

    async fn route<B>(
        &self,
        parts: &Parts,
        body: B,
        entry: Entry,
        share: &mut Share,
    ) -> Response<Payload>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let Some(door) = DOORS.get(entry.door) else { return refuse(parts, &nothing()) };
        match self.router.find(door, &parts.method, parts.uri.path()) {
            Found::Nothing => refuse(parts, &nothing()),
            Found::OtherMethod(methods) => refuse(parts, &other_method(&methods)),
            Found::Route(route, parameters) => {
                let known = self.visitors.visitor(&parts.headers, now_s());
                if let Err(denied) = self.admit(route, parts, entry, known.as_ref()) {
                    return refuse(parts, &denial(denied));
                }
                match &route.handler {
                    Handler::Spans(spans @ (Spans::Otlp | Spans::Zipkin)) => {
                        plain(self.take(*spans, parts, body, entry, share).await)
                    }
                    Handler::Spans(spans) if is_proper_call(parts) => {
                        grpc::response(self.take_call(*spans, parts, body, entry, share).await)
                    }
                    Handler::Call(call) if is_proper_call(parts) => {
                        grpc::response(self.call(route, call.clone(), parts, body, share).await)
                    }
                    Handler::Spans(_) | Handler::Call(_) => refuse(parts, &no_call()),
                    Handler::Stream(open) => match open(&ask(parts, parameters, None)) {
                        Ok(stream) => going_on(Lively::new(stream)),
                        Err(refused) => plain(*refused),
                    },
                    Handler::Query(query) => {
                        let new = self.greet(route, parts, entry, known.as_ref());
                        let visitor = new.as_ref().map(|(_, visitor)| visitor).or(known.as_ref());
                        let ask = ask(parts, parameters, visitor);
                        let answer = self.query(route, query.clone(), ask, body, share).await;
                        let is_good = answer.status.is_success() || answer.status.is_redirection();
                        plain(match new.filter(|_| is_good) {
                            Some((cookie, _)) => answer.with_header(SET_COOKIE, &cookie),
                            None => answer,
                        })
                    }
                }
            }
        }
    }

    /// Whether whoever asks this may, and may change what it changes.
    fn admit(
        &self,
        route: &Route,
        parts: &Parts,
        entry: Entry,
        known: Option<&Visitor>,
    ) -> Result<(), Denied> {
        self.guard.identify(parts, route.family, entry.local, known)?;
        // Whatever is not reading: a method that is new here is guarded until it is known not to be.
        let is_change = route.family == Family::Own && route.method != Method::GET;
        if is_change { self.guard.may_change(parts, known) } else { Ok(()) }
    }

    /// The cookie for whoever has none and asks for what is the begin of a page, or logs in.
    fn greet(
        &self,
        route: &Route,
        parts: &Parts,
        entry: Entry,
        known: Option<&Visitor>,
    ) -> Option<(String, Visitor)> {
        let visit = match route.pattern {
            builtin::LOGIN => Visit::LoggedIn,
            builtin::PAGE | query::own::COLLECTOR if known.is_none() => Visit::Any,
            _ => return None,
        };
        self.visitors.cookie(visit, &parts.headers, entry.is_secret, now_s())
    }

    /// Answers from what is stored, where blocking is allowed.
    async fn query<B>(
        &self,
        route: &Route,
        query: Arc<Query>,
        mut ask: Ask,
        body: B,
        share: &mut Share,
    ) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if ask.method == Method::POST {
            match self.read(&ask.headers, body, share).await {
                Ok(body) => ask.body = body,
                Err(error) => return unread(&error),
            }
        }
        let Some(permit) = self.permit(route).await else { return unread(&BodyError::NoRoom) };
        let reader = self.reader.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let answer = query(&ask, &*reader);
            drop(permit);
            shortened(&ask, answer)
        });
        let Ok(answer) = answer.await else {
            log::error!("a query of {} failed", route.pattern);
            return Answer::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the query failed: see the log",
            );
        };
        match share.take(answer.body.len()) {
            Ok(()) => answer,
            Err(_) => unread(&BodyError::NoRoom),
        }
    }

    async fn call<B>(
        &self,
        route: &Route,
        call: Arc<Call>,
        parts: &Parts,
        body: B,
        share: &mut Share,
    ) -> Result<Vec<Bytes>, grpc::Status>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let no_room = || grpc::Status::new(grpc::Code::Unavailable, &BodyError::NoRoom.to_string());
        let message =
            self.message(parts, body, share).await.map_err(|trouble| trouble.call_status())?;
        let permit = self.permit(route).await.ok_or_else(no_room)?;
        let reader = self.reader.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = call(&message, &*reader);
            drop(permit);
            outcome
        });
        let messages = outcome.await.map_err(|_| {
            log::error!("a call of {} failed", route.pattern);
            grpc::Status::new(grpc::Code::Internal, "the call failed: see the log")
        })??;
        share.take(messages.iter().map(Bytes::len).sum()).map_err(|_| no_room())?;
        Ok(messages)
    }

    /// Waits for its turn, but not for long; none if it does not come. What is quick has no turn.
    async fn permit(&self, route: &Route) -> Option<Option<OwnedSemaphorePermit>> {
        if route.family.is_quick() {
            return Some(None);
        }
        let permit = self.queries.clone().acquire_owned();
        let permit = tokio::time::timeout(self.limits.query_wait, permit).await.ok()?;
        permit.ok().map(Some)
    }

    /// The body, decompressed.
    pub(super) async fn read<B>(
        &self,
        headers: &http::HeaderMap,
        body: B,
        share: &mut Share,
    ) -> Result<Bytes, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let coding = Coding::of(headers)?;
        let body = body::read(body, self.most, &self.limits, share).await?;
        body::decompress(coding, body, self.most, &self.limits, share)
    }
}

impl Debug for Service {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

fn ask(parts: &Parts, parameters: Vec<(&'static str, String)>, visitor: Option<&Visitor>) -> Ask {
    let proof = visitor.map(|visitor| visitor.proof.clone()).unwrap_or_default();
    let query = pairs(parts.uri.query().unwrap_or_default());
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    Ask {
        method,
        path,
        parameters,
        query,
        headers: parts.headers.clone(),
        body: Bytes::new(),
        proof,
    }
}

/// The same, compressed where it is long and the client takes that.
fn shortened(ask: &Ask, mut answer: Answer) -> Answer {
    let is_compressed = answer.headers.contains_key(CONTENT_ENCODING);
    if answer.body.len() < WORTH_COMPRESSING || is_compressed {
        return answer;
    }
    answer.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    if ask.takes_gzip()
        && let Some(body) = body::compress(&answer.body)
    {
        answer.body = body.into();
        answer.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

fn plain(answer: Answer) -> Response<Payload> {
    let mut response = Response::new(Payload::new([answer.body]));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// An answer of server-sent events, which nobody on the way is to keep.
fn going_on(stream: Lively) -> Response<Payload> {
    let mut response = Response::new(Payload::live(stream));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same for whoever speaks HTTP and for whoever speaks gRPC.
fn refuse(parts: &Parts, answer: &Answer) -> Response<Payload> {
    if grpc::is_call(&parts.headers) { grpc::refusal(answer) } else { plain(answer.clone()) }
}

fn is_proper_call(parts: &Parts) -> bool {
    parts.version == Version::HTTP_2 && grpc::is_call(&parts.headers)
}

fn no_call() -> Answer {
    let why = "this is a method of gRPC: call it over HTTP/2 with content type application/grpc";
    Answer::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, why)
}

fn nothing() -> Answer {
    Answer::text(
        StatusCode::NOT_FOUND,
        "there is nothing here: / of the main door lists what there is",
    )
}

fn other_method(methods: &[&Method]) -> Answer {
    let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let methods = methods.join(", ");
    let answer = Answer::text(StatusCode::METHOD_NOT_ALLOWED, &format!("use {methods}"));
    answer.with_header(ALLOW, &methods)
}

fn denial(denied: Denied) -> Answer {
    let status = match denied {
        Denied::NoHost => StatusCode::BAD_REQUEST,
        Denied::OtherHost => StatusCode::MISDIRECTED_REQUEST,
        Denied::OtherOrigin | Denied::NoProof => StatusCode::FORBIDDEN,
        Denied::NoToken | Denied::NoLogin => StatusCode::UNAUTHORIZED,
    };
    let answer = Answer::text(status, &denied.to_string());
    if matches!(denied, Denied::NoToken | Denied::NoLogin) {
        answer.with_header(WWW_AUTHENTICATE, "Bearer")
    } else {
        answer
    }
}

fn unread(error: &BodyError) -> Answer {
    let status = match error {
        BodyError::TooLong { .. } | BodyError::TooDense(_) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyError::Coding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        BodyError::CutOff | BodyError::Corrupt(_) => StatusCode::BAD_REQUEST,
    };
    let answer = Answer::text(status, &error.to_string());
    if *error == BodyError::NoRoom { answer.retry_after(1) } else { answer }
}

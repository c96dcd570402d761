//! Who is answered: the names that a machine is called by, web pages of elsewhere, tokens.
//!
//! A web page can make its reader's browser send requests here, to a loopback that the page itself does
//! not reach. It cannot choose what `Host` and `Origin` say: a name that now leads here but is not ours
//! (DNS rebinding) is refused, a page of elsewhere may change nothing, and reads nothing unless it is
//! let.

use super::door::Family;
use super::options::Options;
use super::tokens::Tokens;
use super::visitors::{Visit, Visitor, Visitors};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method};
use std::net::IpAddr;

/// Who is answered.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
    tokens: Option<Tokens>,
    /// Whether everybody on a network may read.
    is_insecure: bool,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    /// It does not say whom it asks.
    #[error("a request needs a Host header that names this machine, once")]
    NoHost,
    /// It asks somebody else.
    #[error(
        "this collector does not answer to that name: call it localhost or by its address, or let it \
         answer with --allow-host NAME"
    )]
    OtherHost,
    /// It is from a web page of elsewhere.
    #[error(
        "web pages of elsewhere may change nothing here: let this one with --cors-origin ORIGIN"
    )]
    OtherOrigin,
    /// It has no token, or none of ours.
    #[error(
        "send a token of the collector's --token-file as: Authorization: Bearer TOKEN; in a browser, open the \
         link that the collector printed last"
    )]
    NoToken,
    /// It comes over a network, and nobody let it in.
    #[error(
        "open the link that the collector printed last; programs need a token: start the \
         collector with --token-file, and send one as: Authorization: Bearer TOKEN"
    )]
    NoLogin,
    /// It would change something, and may not be of our page.
    #[error(
        "a change needs a token, or the cookie that the page came with and the header x-spandrel-csrf: see \
         docs/api.md"
    )]
    NoProof,
}

impl Guard {
    pub(super) fn new(options: &Options, tokens: Option<Tokens>) -> Self {
        let lower = |list: &[String]| list.iter().map(|text| text.to_ascii_lowercase()).collect();
        let origins = lower(&options.cors_origins);
        let is_insecure = options.insecure;
        Self { hosts: lower(&options.allow_hosts), origins, tokens, is_insecure }
    }

    /// Whether a request that came in at the address `local` may be answered, but for its token.
    ///
    /// Says the origin of a web page that may read the answer.
    pub(super) fn admit(
        &self,
        request: &Parts,
        local: IpAddr,
    ) -> Result<Option<HeaderValue>, Denied> {
        let authority = authority(request).ok_or(Denied::NoHost)?;
        if !self.is_ours(authority.host(), local) {
            return Err(Denied::OtherHost);
        }
        let Some(origin) = request.headers.get(ORIGIN) else { return Ok(None) };
        let named = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        if self.origins.iter().any(|known| *known == named || known == "*") {
            return Ok(Some(origin.clone()));
        }
        let is_same = named.split_once("://").is_some_and(|(_, place)| authority == *place);
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&request.method);
        if is_same || reads { Ok(None) } else { Err(Denied::OtherOrigin) }
    }

    /// Whether somebody can log in, at a door that is `local`.
    pub(super) fn has_login(&self, local: IpAddr) -> bool {
        self.tokens.is_some() || (!local.is_loopback() && !self.is_insecure)
    }

    /// Whether whoever asks may ask this, which came in at the address `local`.
    pub(super) fn identify(
        &self,
        request: &Parts,
        family: Family,
        local: IpAddr,
        visitor: Option<&Visitor>,
    ) -> Result<(), Denied> {
        // What comes with a cookie may be of a page of elsewhere, so it lets nobody hand in spans.
        let is_of_page =
            family == Family::Own || [Method::GET, Method::HEAD].contains(&request.method);
        let is_in = visitor.is_some_and(|visitor| visitor.visit == Visit::LoggedIn);
        if family.is_open() || (is_in && is_of_page) {
            return Ok(());
        }
        if self.tokens.is_none() && family.is_read() && self.has_login(local.to_canonical()) {
            return Err(Denied::NoLogin);
        }
        if self.tokens.is_none() || self.has_token(request) { Ok(()) } else { Err(Denied::NoToken) }
    }

    /// Whether what a request would change is changed by whom it seems to be.
    pub(super) fn may_change(
        &self,
        request: &Parts,
        visitor: Option<&Visitor>,
    ) -> Result<(), Denied> {
        let is_proven = visitor.is_some_and(|one| Visitors::is_proven(one, &request.headers));
        if is_proven || self.has_token(request) { Ok(()) } else { Err(Denied::NoProof) }
    }

    /// Whether a request has one of our tokens.
    fn has_token(&self, request: &Parts) -> bool {
        let Some(tokens) = &self.tokens else { return false };
        let said = request.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let token = said.and_then(|said| match said.split_at_checked("bearer ".len()) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Some(token),
            _ => None,
        });
        token.is_some_and(|token| tokens.know(token.trim_ascii()))
    }

    fn is_ours(&self, host: &str, local: IpAddr) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        if self.hosts.iter().any(|known| *known == host || known == "*") {
            return true;
        }
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let address = literal.parse().map(|address: IpAddr| address.to_canonical());
        address.is_ok_and(|address| address.is_loopback() || address == local.to_canonical())
    }
}

/// Whom a request asks; none if it does not say so, or says it twice.
fn authority(request: &Parts) -> Option<Authority> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return None;
    }
    match (request.uri.authority(), host) {
        (Some(authority), _) => Some(authority.clone()),
        (None, Some(host)) => host.to_str().ok()?.parse().ok(),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

    fn guard(hosts: &[&str], origins: &[&str], tokens: Option<&str>) -> Guard {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        let tokens = tokens.map(|text| Tokens::parse(text).unwrap());
        Guard { hosts: list(hosts), origins: list(origins), tokens, is_insecure: false }
    }

    fn request(method: &str, headers: &[(&str, &str)]) -> Parts {
        let request = Request::builder().method(method).uri("/api");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let guard = guard(&["gateway.lan"], &[], None);
        let admit = |host| guard.admit(&request("GET", &[("host", host)]), LOCAL);
        let ours = [
            "localhost",
            "LOCALHOST:7727",
            "localhost.:1",
            "x.localhost",
            "127.0.0.1:7727",
            "127.9.9.9",
            "[::1]:7727",
            "10.0.0.7:7727",
            "[::ffff:127.0.0.1]",
            "gateway.lan:80",
        ];
        for host in ours {
            assert_eq!(admit(host), Ok(None), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.8", "gateway", "[::2]"] {
            assert_eq!(admit(host), Err(Denied::OtherHost), "{host}");
        }
        let none = guard.admit(&request("GET", &[]), LOCAL);
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(
            [none, guard.admit(&request("GET", &two), LOCAL)],
            [const { Err(Denied::NoHost) }; 2]
        );
    }

    #[test]
    fn any_name_is_answered_only_where_somebody_said_so() {
        let open = guard(&["*"], &[], None);
        let evil = request("GET", &[("host", "evil.example")]);
        assert_eq!(open.admit(&evil, LOCAL), Ok(None));
    }

    #[test]
    fn pages_of_elsewhere_change_nothing_and_read_only_where_they_are_let() {
        let guard = guard(&[], &["http://ui.example"], None);
        let admit = |method, origin| {
            guard.admit(&request(method, &[("host", "localhost:7727"), ("origin", origin)]), LOCAL)
        };
        assert_eq!(admit("POST", "http://localhost:7727"), Ok(None));
        assert_eq!(admit("GET", "http://evil.example"), Ok(None));
        assert_eq!(admit("OPTIONS", "http://evil.example"), Ok(None));
        for (method, origin) in [("POST", "http://evil.example"), ("DELETE", "null")] {
            assert_eq!(admit(method, origin), Err(Denied::OtherOrigin));
        }
        assert_eq!(admit("POST", "http://localhost:80"), Err(Denied::OtherOrigin));
        let ui = HeaderValue::from_static("http://ui.example");
        assert_eq!(admit("POST", "http://ui.example"), Ok(Some(ui)));
    }

    #[test]
    fn where_there_are_tokens_one_of_them_is_needed() {
        let guard = guard(&[], &[], Some("first-token-of-some\nother-token-of-some\n"));
        let identify = |said| {
            let request = request("GET", &[("authorization", said)]);
            guard.identify(&request, Family::OtlpHttp, LOCAL, None)
        };
        assert_eq!(identify("Bearer other-token-of-some"), Ok(()));
        assert_eq!(identify("bearer  first-token-of-some "), Ok(()));
        for wrong in ["Bearer first-token", "Basic first-token-of-some", "", "Bearer ", "Bearer"] {
            assert_eq!(identify(wrong), Err(Denied::NoToken), "{wrong}");
        }
        let none = guard.identify(&request("GET", &[]), Family::Health, LOCAL, None);
        assert_eq!(none, Ok(()), "health is for everybody");
        let none = guard.identify(&request("GET", &[]), Family::OtlpHttp, LOCAL, None);
        assert_eq!(none, Err(Denied::NoToken));
    }

    #[test]
    fn over_a_network_only_who_logged_in_reads() {
        let mut guard = guard(&[], &[], None);
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let visitor = |visit| Some(Visitor { visit, proof: "p".to_owned() });
        let may = |guard: &Guard, method, family, local, visitor: Option<Visitor>| {
            guard.identify(&request(method, &[]), family, local, visitor.as_ref())
        };
        for family in [Family::Index, Family::Own, Family::JaegerHttp, Family::ZipkinHttp] {
            assert_eq!(may(&guard, "GET", family, loopback, None), Ok(()));
            assert_eq!(may(&guard, "GET", family, LOCAL, None), Err(Denied::NoLogin));
            let any = visitor(Visit::Any);
            assert_eq!(may(&guard, "GET", family, LOCAL, any), Err(Denied::NoLogin));
            assert_eq!(may(&guard, "GET", family, LOCAL, visitor(Visit::LoggedIn)), Ok(()));
        }
        // Spans come as before, and a cookie is none for them.
        assert_eq!(may(&guard, "POST", Family::OtlpHttp, LOCAL, None), Ok(()));
        guard.tokens = Some(Tokens::parse("0123456789abcdef").unwrap());
        let in_by_cookie = may(&guard, "POST", Family::OtlpHttp, LOCAL, visitor(Visit::LoggedIn));
        assert_eq!(in_by_cookie, Err(Denied::NoToken));
        assert_eq!(may(&guard, "GET", Family::Own, loopback, None), Err(Denied::NoToken));
        assert_eq!(may(&guard, "GET", Family::Own, loopback, visitor(Visit::LoggedIn)), Ok(()));
        (guard.tokens, guard.is_insecure) = (None, true);
        assert_eq!(may(&guard, "GET", Family::Own, LOCAL, None), Ok(()));
    }

    #[test]
    fn a_change_needs_a_token_or_what_belongs_to_the_cookie() {
        let mut guard = guard(&[], &[], None);
        let visitor = Visitor { visit: Visit::Any, proof: "its own".to_owned() };
        let may = |guard: &Guard, headers: &[(&str, &str)], visitor| {
            guard.may_change(&request("POST", headers), visitor)
        };
        let (mine, other) = ([("x-spandrel-csrf", "its own")], [("x-spandrel-csrf", "another")]);
        assert_eq!(may(&guard, &mine, Some(&visitor)), Ok(()));
        assert_eq!(may(&guard, &other, Some(&visitor)), Err(Denied::NoProof));
        assert_eq!(may(&guard, &[], Some(&visitor)), Err(Denied::NoProof));
        assert_eq!(may(&guard, &mine, None), Err(Denied::NoProof));
        guard.tokens = Some(Tokens::parse("0123456789abcdef").unwrap());
        let token = [("authorization", "Bearer 0123456789abcdef")];
        assert_eq!(may(&guard, &token, None), Ok(()));
    }
}

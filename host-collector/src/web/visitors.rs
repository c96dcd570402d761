//! Who comes by a browser: a cookie for each, and a link that lets somebody in once.
//!
//! A cookie says who made it: nothing is kept for it, and nobody else can make one. There are two kinds.
//! Whoever opens the page has one that says that its changes are its own; whoever came by a link has one
//! that lets him in where others are not. What changes something needs a second proof, which a page of
//! elsewhere cannot have: a header that is made of the cookie.

use super::tokens::is_same;
use core::fmt::{self, Debug, Formatter};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use http::header::{COOKIE, HOST};
use http::uri::Authority;
use sha2::Sha256;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The header that proves that a change is the page's own.
pub(super) const PROOF: &str = "x-spandrel-csrf";
/// How long a cookie lets somebody in, in seconds.
const LASTS_S: u64 = 30 * 24 * 3600;
/// What a key has, and what a link draws.
pub(super) const KEY: usize = 32;
const DRAWN: usize = 16;

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    /// It was given to whoever opened the page.
    Any,
    /// It was given for a link.
    LoggedIn,
}

impl Visit {
    const fn letter(self) -> &'static str {
        match self {
            Self::Any => "v",
            Self::LoggedIn => "l",
        }
    }
}

/// A cookie that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    pub(super) visit: Visit,
    /// What its changes must say.
    pub(super) proof: String,
}

/// Makes cookies, and knows its own.
pub(super) struct Visitors {
    key: [u8; KEY],
    link: Mutex<Option<String>>,
}

impl Visitors {
    pub(super) fn new(key: [u8; KEY]) -> Self {
        Self { key, link: Mutex::default() }
    }

    /// With a key that nobody has; none where nothing can be drawn.
    pub(super) fn unknown() -> Option<Self> {
        let mut key = [0; KEY];
        getrandom::fill(&mut key).ok().map(|()| Self::new(key))
    }

    fn link(&self) -> MutexGuard<'_, Option<String>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new secret for a link, which takes the place of the last; none where nothing can be drawn.
    pub(super) fn draw_link(&self) -> Option<String> {
        let drawn = draw()?;
        *self.link() = Some(drawn.clone());
        Some(drawn)
    }

    /// Whether this is the secret of the link; it is used up then.
    pub(super) fn use_link(&self, secret: &str) -> bool {
        let mut link = self.link();
        let is_it = link.as_ref().is_some_and(|known| is_same(known.as_bytes(), secret.as_bytes()));
        if is_it {
            *link = None;
        }
        is_it
    }

    /// The header that sets a new cookie, and who comes with it; none where nothing can be drawn.
    pub(super) fn cookie(
        &self,
        visit: Visit,
        headers: &HeaderMap,
        is_secret: bool,
        now_s: u64,
    ) -> Option<(String, Visitor)> {
        let said = format!("{}.{now_s}.{}", visit.letter(), draw()?);
        let sign = self.sign(&["cookie", &said]);
        let secure = if is_secret { "; Secure" } else { "" };
        let lasts = match visit {
            Visit::Any => String::new(),
            Visit::LoggedIn => format!("; Max-Age={LASTS_S}"),
        };
        let name = name(headers);
        let visitor = Visitor { visit, proof: self.sign(&["change", &said]) };
        Some((
            format!("{name}={said}.{sign}; Path=/; HttpOnly; SameSite=Strict{secure}{lasts}"),
            visitor,
        ))
    }

    /// Who comes with these headers; none who has no cookie of ours, or one that is too old.
    pub(super) fn visitor(&self, headers: &HeaderMap, now_s: u64) -> Option<Visitor> {
        // Of those who hand in spans nobody has one.
        if !headers.contains_key(COOKIE) {
            return None;
        }
        let name = name(headers);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';'));
        let cookie = pairs.find_map(|pair| pair.trim().strip_prefix(&*name)?.strip_prefix('='))?;
        let (said, sign) = cookie.rsplit_once('.')?;
        if !is_same(self.sign(&["cookie", said]).as_bytes(), sign.as_bytes()) {
            return None;
        }
        let mut parts = said.split('.');
        let (letter, since) = (parts.next()?, parts.next()?.parse::<u64>().ok()?);
        let visit = [Visit::Any, Visit::LoggedIn].into_iter().find(|one| one.letter() == letter)?;
        let is_fresh = visit == Visit::Any || now_s.saturating_sub(since) < LASTS_S;
        is_fresh.then(|| Visitor { visit, proof: self.sign(&["change", said]) })
    }

    /// Whether these headers prove that a change is the page's own, to whoever this is.
    pub(super) fn is_proven(visitor: &Visitor, headers: &HeaderMap) -> bool {
        let said = headers.get(PROOF).map_or(&[][..], |value| value.as_bytes());
        is_same(visitor.proof.as_bytes(), said)
    }

    fn sign(&self, parts: &[&str]) -> String {
        // Any length will do for a key.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return String::new() };
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        hex(&mac.finalize().into_bytes())
    }
}

impl Debug for Visitors {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitors").finish_non_exhaustive()
    }
}

/// Cookies are one for all ports of a machine, on which there may be more than one collector.
fn name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    let port = authority.and_then(|authority| authority.port_u16());
    port.map_or_else(|| "spandrel".to_owned(), |port| format!("spandrel-{port}"))
}

fn draw() -> Option<String> {
    let mut drawn = [0; DRAWN];
    getrandom::fill(&mut drawn).ok()?;
    Some(hex(&drawn))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(host: &str, cookie: &str) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        HeaderMap::from_iter([(HOST, value(host)), (COOKIE, value(cookie))])
    }

    fn given(visitors: &Visitors, visit: Visit) -> String {
        let set = visitors.cookie(visit, &headers("localhost:7727", ""), false, 100).unwrap().0;
        set.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_cookie_is_known_by_who_gave_it_and_to_nobody_else() {
        let (ours, other) = (Visitors::new([1; KEY]), Visitors::new([2; KEY]));
        for visit in [Visit::Any, Visit::LoggedIn] {
            let cookie = given(&ours, visit);
            let sent = headers("localhost:7727", &format!("a=b; {cookie}; c=d"));
            assert_eq!(ours.visitor(&sent, 200).unwrap().visit, visit);
            assert_eq!(other.visitor(&sent, 200), None);
            assert_eq!(ours.visitor(&headers("localhost:7728", &cookie), 200), None);
        }
        let forged = given(&ours, Visit::Any).replacen("=v.", "=l.", 1);
        assert_eq!(ours.visitor(&headers("localhost:7727", &forged), 200), None);
        for wrong in ["", "spandrel-7727", "spandrel-7727=", "spandrel-7727=l.1.2", "x=y"] {
            assert_eq!(ours.visitor(&headers("localhost:7727", wrong), 200), None, "{wrong}");
        }
    }

    #[test]
    fn who_logged_in_is_in_for_thirty_days() {
        let visitors = Visitors::new([1; KEY]);
        let sent = headers("localhost:7727", &given(&visitors, Visit::LoggedIn));
        assert!(visitors.visitor(&sent, 99 + LASTS_S).is_some());
        assert!(visitors.visitor(&sent, 100 + LASTS_S).is_none());
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_of_other_pages() {
        let visitors = Visitors::new([1; KEY]);
        let set = visitors.cookie(Visit::LoggedIn, &headers("a.lan", ""), true, 100).unwrap().0;
        assert!(set.starts_with("spandrel=l.100."), "{set}");
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=2592000"]
        {
            assert!(set.contains(part), "{set}");
        }
    }

    #[test]
    fn a_change_needs_what_belongs_to_the_cookie() {
        let visitors = Visitors::new([1; KEY]);
        let [one, other] = [Visit::Any, Visit::Any].map(|visit| {
            let sent = headers("localhost:7727", &given(&visitors, visit));
            visitors.visitor(&sent, 100).unwrap()
        });
        let says = |proof: &str| {
            HeaderMap::from_iter([(PROOF.parse().unwrap(), HeaderValue::from_str(proof).unwrap())])
        };
        assert!(Visitors::is_proven(&one, &says(&one.proof)));
        assert!(!Visitors::is_proven(&one, &says(&other.proof)));
        assert!(!Visitors::is_proven(&one, &HeaderMap::new()));
    }

    #[test]
    fn a_link_lets_in_once() {
        let visitors = Visitors::new([1; KEY]);
        assert!(!visitors.use_link(""));
        let first = visitors.draw_link().unwrap();
        let second = visitors.draw_link().unwrap();
        assert!(!visitors.use_link(&first), "another took its place");
        assert!(!visitors.use_link(""));
        assert!(visitors.use_link(&second));
        assert!(!visitors.use_link(&second));
    }
}

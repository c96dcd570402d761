//! Who is asked: the collector that runs, or the store where none does.

mod http;

pub(super) use http::{Collector, Failure, Piece, Stream};

use super::error::Error;
use super::options::{Asking, Looking};
use crate::query::{self, Context, Request};
use crate::receiver::HostClock;
use crate::serve::folder_of;
use crate::store::tools::{Glance, look};
use crate::store::{ArchiveGlance, OpenError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;

/// Where everything that is asked lies.
pub(super) const BASE: &str = query::own::COLLECTOR;
/// What a value of a query must not hold as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// So much of what somebody says is passed on.
const LONGEST_WORDS: usize = 300;

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Who answers.
pub(super) enum Source {
    /// One that runs.
    Collector(Collector),
    /// One that runs, or else the usual store, once it is known that none does.
    Either(Collector),
    /// What is stored.
    Store(Box<Stored>),
}

/// What is stored, and how it is called.
pub(super) struct Stored {
    glance: Glance,
    /// With what was archived, and the pages of a trace that are not asked for yet.
    context: Context,
    name: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Failure {
    /// What to tell of it.
    pub(super) fn told(self, at: &str) -> Error {
        let at = at.to_owned();
        match self {
            Self::Nobody(why) => Error::NoCollector { at, why },
            Self::Broken(why) => Error::Broken { at, why },
        }
    }
}

impl Reply {
    /// Why it is not what was asked for.
    pub(super) fn refused(&self, at: &str) -> Error {
        let (at, status) = (at.to_owned(), self.status);
        let refusal = serde_json::from_slice::<Refusal>(&self.body);
        match (status, refusal) {
            (_, Ok(refusal)) => Error::Refused { at, status, what: words(&refusal.error) },
            (404, Err(_)) => Error::Nonsense { at, why: format!("it knows no {BASE}") },
            (_, Err(_)) => {
                let what = words(&String::from_utf8_lossy(&self.body));
                Error::Refused { at, status, what: format!("{status} {what}") }
            }
        }
    }
}

impl Source {
    /// The collector, and nobody else.
    pub(super) fn collector(asking: &Asking) -> Result<Self, Error> {
        Ok(Self::Collector(Collector::new(&asking.at, asking.authorization()?)?))
    }

    /// The store that was named, or the collector and else the usual store.
    pub(super) fn of(looking: &Looking) -> Result<Self, Error> {
        if looking.store.is_some() {
            let folder = folder_of(looking.store.as_deref())?;
            return Ok(Self::Store(Box::new(Stored::at(&folder)?)));
        }
        let asking = &looking.asking;
        let collector = Collector::new(&asking.at, asking.authorization()?)?;
        // Where somebody else's collector is meant, this machine's store is not.
        let is_here = asking.at.host_and_port().0.parse::<std::net::IpAddr>();
        let is_here = is_here.is_ok_and(|address| address.is_loopback());
        let is_here = is_here || asking.at.host_and_port().0 == "localhost";
        Ok(if is_here { Self::Either(collector) } else { Self::Collector(collector) })
    }

    /// Asks for a path below [`BASE`] with these parameters. None: there is no such thing, which `told` says.
    pub(super) fn get(
        &mut self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Result<Reply, NotThere>, Error> {
        let (reply, at) = self.reply(&format!("{BASE}{path}"), query)?;
        match reply.status {
            200 => Ok(Ok(reply)),
            404 => match serde_json::from_slice::<Refusal>(&reply.body) {
                Ok(refusal) => Ok(Err(NotThere(refusal.error))),
                Err(_) => Err(reply.refused(&at)),
            },
            _ => Err(reply.refused(&at)),
        }
    }

    /// The same, of which something is made.
    pub(super) fn json<T: DeserializeOwned>(
        &mut self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Result<T, NotThere>, Error> {
        let reply = match self.get(path, query)? {
            Ok(reply) => reply,
            Err(none) => return Ok(Err(none)),
        };
        let read = serde_json::from_slice(&reply.body);
        read.map(Ok).map_err(|error| Error::Nonsense { at: self.name(), why: error.to_string() })
    }

    /// How it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Collector(collector) | Self::Either(collector) => collector.name(),
            Self::Store(stored) => stored.name.clone(),
        }
    }

    fn reply(&mut self, path: &str, query: &[(&str, String)]) -> Result<(Reply, String), Error> {
        let at = self.name();
        let asked = match self {
            Self::Collector(collector) | Self::Either(collector) => {
                collector.get(&with(path, query))
            }
            Self::Store(stored) => return Ok((stored.answer(path, query), at)),
        };
        match (asked, &*self) {
            (Ok(reply), _) => Ok((reply, at)),
            (Err(Failure::Nobody(why)), Self::Either(_)) => {
                let folder = folder_of(None)?;
                let Ok(stored) = Stored::at(&folder) else {
                    return Err(Error::NoCollector { at, why });
                };
                let name = stored.name.clone();
                log::info!("no collector answers at {at}: this is what is stored in {name}");
                let reply = stored.answer(path, query);
                *self = Self::Store(Box::new(stored));
                Ok((reply, name))
            }
            (Err(failure), _) => Err(failure.told(&at)),
        }
    }
}

/// There is no such thing, and why.
#[derive(Debug)]
pub(super) struct NotThere(pub(super) String);

impl Stored {
    fn at(folder: &Path) -> Result<Self, OpenError> {
        let context =
            Context { archive: Some(Arc::new(ArchiveGlance::of(folder))), ..Context::default() };
        let name = folder.display().to_string();
        Ok(Self { glance: look(folder)?, context, name })
    }

    /// What the collector would answer that had this store.
    fn answer(&self, path: &str, query: &[(&str, String)]) -> Reply {
        let query: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let request = Request { method: "GET", path, query: &query, body: &[] };
        let context = Context { now_ns: HostClock::new().now_ns(), ..self.context.clone() };
        match query::answer(&request, &self.glance, &context) {
            None => Reply { status: 404, body: Vec::new() },
            Some(answer) => Reply { status: answer.status, body: answer.body },
        }
    }
}

/// A path with a query.
pub(super) fn with(path: &str, query: &[(&str, String)]) -> String {
    let mut whole = path.to_owned();
    for (index, (name, value)) in query.iter().enumerate() {
        whole.push(if index == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.extend(utf8_percent_encode(value, ESCAPED));
    }
    whole
}

/// The start of what somebody says, on one line.
fn words(text: &str) -> String {
    let text: String = text.trim().chars().take(LONGEST_WORDS).collect();
    crate::text::Escaped(&text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_comes_back_as_it_was() {
        let value = "a=b&c d/ü%20+".to_owned();
        let whole = with("/x", &[("tag", value.clone()), ("limit", "1".to_owned())]);
        let (path, query) = whole.split_once('?').unwrap();
        let expected = [("tag".to_owned(), value), ("limit".to_owned(), "1".to_owned())];
        assert_eq!((path, &query::pairs(query)[..]), ("/x", &expected[..]));
        assert_eq!(with("/x", &[]), "/x");
    }

    #[test]
    fn what_a_server_says_is_short_and_harmless() {
        assert_eq!(words(" no\x1b[2J\nway "), "no\\u{1b}[2J\\nway");
        assert_eq!(words(&"x".repeat(1_000)).len(), LONGEST_WORDS);
    }
}

//! Rules on whole chunks.

use super::*;
use crate::model::{Chunk, ChunkWriter};
use crate::protobuf::Writer;
use crate::storage::{Intake, Refused, Ticket};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// An attribute whose value `write` writes.
fn attribute(to: &mut Writer, field: u32, key: &str, write: impl FnOnce(&mut Writer)) {
    to.message(field, |to| {
        to.bytes(1, key.as_bytes());
        to.message(2, write);
    });
}

fn text(to: &mut Writer, field: u32, key: &str, value: &str) {
    attribute(to, field, key, |to| to.bytes_always(1, value.as_bytes()));
}

fn message(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut to = Writer::default();
    write(&mut to);
    to.into_bytes()
}

/// A chunk of two services; each span has all that may hold attributes.
fn chunk() -> Chunk {
    let mut writer = ChunkWriter::default();
    for (number, service) in [(1, "web"), (2, "sensor")] {
        let resource = message(|to| {
            text(to, 1, "service.name", service);
            text(to, 1, "host.token", "of host");
        });
        let scope = message(|to| text(to, 3, "scope.token", "of scope"));
        writer.resource_spans(&resource, "", |to| {
            to.scope_spans(&scope, "", |to| {
                for (id, name) in [(1, "GET /health"), (2, "GET /user")] {
                    to.span_with(|to| span(to, [number, id], name));
                }
            });
        });
    }
    let checked = Chunk::check(writer.finish().into_bytes()).unwrap();
    assert_eq!(checked.rejected, 0);
    checked.chunk
}

fn span(to: &mut Writer, [number, id]: [u8; 2], name: &str) {
    to.bytes(1, &[number; 16]);
    to.bytes(2, &[id; 8]);
    to.bytes(5, name.as_bytes());
    to.fixed64(7, 1_000);
    to.fixed64(8, 2_000);
    text(to, 9, "user.email", "me@example.org");
    text(to, 9, "a.token", "t");
    attribute(to, 9, "count", |to| to.varint_always(3, 7));
    attribute(to, 9, "list", |to| {
        to.message(6, |to| {
            text(to, 1, "inner.token", "i");
            text(to, 1, "plain", "p");
            // A list of lists.
            attribute(to, 1, "more", |to| {
                to.message(5, |to| {
                    to.message(1, |to| to.message(6, |to| text(to, 1, "deep.token", "d")));
                });
            });
        });
    });
    to.message(11, |to| {
        to.fixed64(1, 1_500);
        text(to, 3, "event.token", "e");
    });
    to.message(13, |to| {
        to.bytes(1, &[9; 16]);
        to.bytes(2, &[9; 8]);
        text(to, 4, "link.token", "l");
    });
}

fn rules(drop: &[&str], redact: &[&str]) -> Rules {
    let drop = drop.iter().map(|rule| rule.parse().unwrap()).collect();
    let redact = redact.iter().map(|rule| rule.parse().unwrap()).collect();
    let hasher = redaction::Hasher::new(&[7; 32]);
    Rules { drop, redact, hasher }
}

/// Service and operation of what is left.
fn left(drop: &[&str]) -> Vec<(String, String)> {
    let all = chunk();
    let Applied { chunk, dropped, redacted } = rules(drop, &[]).apply(all.clone());
    assert_eq!((chunk.len() as u64 + dropped, redacted), (all.len() as u64, 0));
    // It is in order all the same.
    assert_eq!(Chunk::check(chunk.bytes().clone()).unwrap().chunk, chunk);
    let name = |text: &str| text.to_owned();
    chunk.spans().map(|(r, _, span)| (name(r.service_name()), name(span.name()))).collect()
}

#[test]
fn spans_are_dropped_by_service_operation_and_tag() {
    let pair = |service: &str, name: &str| (service.to_owned(), name.to_owned());
    let user = [pair("web", "GET /user"), pair("sensor", "GET /user")];
    assert_eq!(left(&["operation=*/health"]), user);
    assert_eq!(
        left(&["service=web"]),
        [pair("sensor", "GET /health"), pair("sensor", "GET /user")]
    );
    let both = left(&["service=web and operation=GET /health"]);
    assert_eq!(
        both,
        [pair("web", "GET /user"), pair("sensor", "GET /health"), pair("sensor", "GET /user")]
    );
    // Of the span, as text, and of its process.
    assert!(left(&["count=7"]).is_empty());
    assert!(left(&["host.token=of *"]).is_empty());
    assert_eq!(left(&["count=8", "service=nobody", "user.email=*.com"]).len(), 4);
    assert_eq!(
        left(&["service=web", "service=sensor and operation=*user"]),
        [pair("sensor", "GET /health")]
    );
}

/// All attributes of the first span and of what is around it, as `key=value`.
fn attributes(chunk: &Chunk) -> Vec<String> {
    let (resource, scope, span) = chunk.spans().next().unwrap();
    let lists = [resource.attributes(), scope.attributes(), span.attributes()].into_iter();
    let lists = lists.chain(span.events().map(|event| event.attributes()));
    let lists = lists.chain(span.links().map(|link| link.attributes()));
    let show = |attribute: crate::model::AttributeView<'_>| {
        format!("{}={}", attribute.key(), attribute.value().to_text())
    };
    lists.flat_map(|list| list.iter().map(show).collect::<Vec<_>>()).collect()
}

#[test]
fn values_are_redacted_wherever_their_key_is() {
    let Applied { chunk, dropped, redacted } =
        rules(&[], &["*.token", "user.email=hash", "count=remove"]).apply(chunk());
    // Two services with two spans: resource and scope once each, then five tokens, an address and a count.
    assert_eq!((dropped, redacted), (0, 2 * 2 + 4 * 7));
    let list = r#"{"inner.token":"[redacted]","more":[{"deep.token":"[redacted]"}],"plain":"p"}"#;
    // HMAC-SHA-256 with the key of the test.
    let hash = "user.email=7143e99d89a30b1d28b833b247f02e33";
    let all = attributes(&chunk);
    let expected = [
        "service.name=web".to_owned(),
        "host.token=[redacted]".to_owned(),
        "scope.token=[redacted]".to_owned(),
        hash.to_owned(),
        "a.token=[redacted]".to_owned(),
        format!("list={list}"),
        "event.token=[redacted]".to_owned(),
        "link.token=[redacted]".to_owned(),
    ];
    assert_eq!(all, expected);
    assert_eq!(Chunk::check(chunk.bytes().clone()).unwrap().chunk, chunk);
}

#[test]
fn the_first_redaction_that_fits_counts_and_a_service_keeps_its_name() {
    let Applied { chunk, .. } = rules(&[], &["a.token=replace:x", "*=remove"]).apply(chunk());
    assert_eq!(attributes(&chunk), ["service.name=web", "a.token=x"]);
    assert_eq!(Chunk::check(chunk.bytes().clone()).unwrap().chunk, chunk);
}

#[test]
fn what_no_rule_concerns_stays_to_the_byte() {
    let whole = chunk();
    for rules in [rules(&[], &[]), rules(&["service=nobody"], &["nothing=remove"])] {
        let applied = rules.apply(whole.clone());
        assert_eq!(applied, Applied { chunk: whole.clone(), dropped: 0, redacted: 0 });
    }
}

#[test]
fn an_intake_behind_rules_gets_what_is_left_of_it() {
    #[derive(Default)]
    struct Keep(Mutex<Vec<Chunk>>);
    impl Intake for Keep {
        fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
            let mut kept = self.0.lock().unwrap();
            if kept.len() == 1 {
                return Err(Refused::Full);
            }
            kept.push(chunk);
            Ok(Ticket::kept())
        }
    }
    let keep = Arc::new(Keep::default());
    let ruled = Ruled::new(rules(&["service=web"], &["a.token"]), keep.clone());
    ruled.offer(chunk()).unwrap().wait().unwrap();
    assert_eq!(ruled.counts(), Counts { dropped: 2, redacted: 2 });
    // What was not taken does not count.
    assert_eq!(ruled.offer(chunk()).unwrap_err(), Refused::Full);
    assert_eq!(ruled.counts(), Counts { dropped: 2, redacted: 2 });
    // Where nothing is left nobody is asked.
    let all = Ruled::new(rules(&["operation=*"], &[]), keep.clone());
    all.offer(chunk()).unwrap().wait().unwrap();
    assert_eq!((all.counts().dropped, keep.0.lock().unwrap().len()), (4, 1));
    let metrics = crate::metrics::Metrics::default();
    metrics.add(Arc::new(all));
    let page = metrics.page();
    assert!(page.contains("\nspandrel_rules_dropped_spans_total 4\n"), "{page}");
    assert!(page.contains("\nspandrel_rules_redacted_values_total 0\n"), "{page}");
}

#[test]
fn hashes_need_a_key_that_nobody_guesses() {
    let folder = std::env::temp_dir().join(format!("spandrel-rules-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("key");
    let hash = Options { redact: vec!["a=hash".parse().unwrap()], ..Options::default() };
    assert!(matches!(hash.rules(), Err(RulesError::NoKey)));
    let with_key = Options { hash_key_file: Some(path.clone()), ..hash };
    assert!(matches!(with_key.rules(), Err(RulesError::Key { .. })));
    std::fs::write(&path, [7; 15]).unwrap();
    let error = with_key.rules().unwrap_err().to_string();
    assert!(
        error.contains("shorter than 16 bytes") && error.contains("--hash-key-file"),
        "{error}"
    );
    std::fs::write(&path, [7; 16]).unwrap();
    assert!(!with_key.rules().unwrap().is_empty());
    std::fs::remove_dir_all(folder).unwrap();
}

proptest! {
    /// Whatever well-formed spans come, what is left of them is a chunk.
    #[test]
    fn what_is_left_is_always_a_chunk(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
        drop in prop::sample::select(vec!["operation=*health", "count=*", "service=web", "x=y"]),
        redact in prop::sample::select(vec!["*", "*.token=remove", "user*=hash", "plain=replace:"]),
    ) {
        // Random bytes in the place of some of a real one.
        let mut message = chunk().into_bytes().to_vec();
        let from = at.index(message.len());
        let to = message.len().min(from + bytes.len());
        message[from..to].copy_from_slice(&bytes[..to - from]);
        let Ok(checked) = Chunk::check(message) else { return Ok(()) };
        let before = checked.chunk.len() as u64;
        let Applied { chunk, dropped, .. } = rules(&[drop], &[redact]).apply(checked.chunk);
        prop_assert_eq!(chunk.len() as u64 + dropped, before);
        let again = Chunk::check(chunk.bytes().clone()).unwrap();
        prop_assert_eq!((again.rejected, again.chunk), (0, chunk));
    }
}

//! What can be searched for, and who answers.

use super::super::{Answer, Context, Failure, Request};
use super::write::{bare, list, pair, text};
use super::{answered, search};
use crate::json::Writer;
use crate::storage::{Dependency, Operation, Reader};

pub(super) fn collector(_: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let mut json = Writer::default();
        json.raw("{\"name\":\"spandrel\"");
        text(&mut json, "version", env!("CARGO_PKG_VERSION"));
        bare(&mut json, "api", 1);
        pair(&mut json, "now_ns", context.now_ns);
        text(&mut json, "frames", &context.about.frames);
        bare(&mut json, "keeps", context.about.keeps);
        text(&mut json, "csrf", &context.proof);
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

pub(super) fn services(_: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || Ok(names("services", &reader.services()?));
    answered(body())
}

pub(super) fn values(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let tag = needed(request, "tag")?;
        Ok(names("values", &reader.values(tag)?))
    };
    answered(body())
}

pub(super) fn operations(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let found = reader.operations(needed(request, "service")?, None)?;
        let mut json = Writer::default();
        json.raw("{\"operations\":");
        list(&mut json, &found, |json, Operation { name, kind }| {
            json.raw("{\"name\":");
            json.string(name);
            text(json, "kind", kind.tag().unwrap_or_default());
            json.raw("}");
        });
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

pub(super) fn dependencies(
    request: &Request<'_>,
    reader: &dyn Reader,
    context: &Context,
) -> Answer {
    let body = || {
        let found = reader.dependencies(search::window(request, context)?)?;
        let mut json = Writer::default();
        json.raw("{\"dependencies\":");
        list(&mut json, &found, |json, Dependency { parent, child, calls, errors }| {
            json.raw("{\"parent\":");
            json.string(parent);
            text(json, "child", child);
            bare(json, "calls", calls);
            bare(json, "errors", errors);
            json.raw("}");
        });
        json.raw("}");
        Ok(json)
    };
    answered(body())
}

fn needed<'a>(request: &Request<'a>, name: &str) -> Result<&'a str, Failure> {
    let text = Some(request.first(name)).filter(|text| !text.is_empty());
    text.ok_or_else(|| Failure::bad(format!("say which: ?{name}=")))
}

fn names(key: &str, names: &[String]) -> Writer {
    let mut json = Writer::default();
    json.raw("{\"");
    json.raw(key);
    json.raw("\":");
    list(&mut json, names, |json, name| json.string(name));
    json.raw("}");
    json
}

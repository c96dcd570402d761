//! A vector of a backend: what it was sent, what it was asked, and what it answered.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use super::ask::{Doors, agent, ask};
use super::call::call;
use super::normal::normalise;
use super::pretty::pretty;
use crate::proto_json::{TRACES, to_protobuf};
use crate::vectors::to_hex;
use crate::workspace;

/// One file of `tests/vectors/jaeger/` or `tests/vectors/zipkin/`; the README of the tests
/// says what is in it.
#[derive(Debug, Clone)]
pub struct World {
    /// Where it is.
    pub file: PathBuf,
    document: Value,
}

impl World {
    /// Those of one backend, in the order of their names.
    ///
    /// # Errors
    /// If one can't be read.
    pub fn all(backend: &str) -> Result<Vec<Self>> {
        let folder = workspace::root().join("tests/vectors").join(backend);
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn named(backend: &str, name: &str) -> Result<Self> {
        let folder = workspace::root().join("tests/vectors").join(backend);
        Self::read(&folder.join(name).with_extension("json"))
    }

    /// The same with other ids, wherever they are: those that begin with some digits begin with others.
    ///
    /// # Errors
    /// If the digits are no such beginnings.
    pub fn with_ids(&self, from: &str, to: &str) -> Result<Self> {
        ensure!(from.len() == to.len(), "{from} and {to} are not of one length");
        let text = self.document.to_string().replace(from, to);
        let document = serde_json::from_str(&text).context("the ids were more than ids")?;
        Ok(Self { file: self.file.clone(), document })
    }

    /// Those of its questions that begin so.
    #[must_use]
    pub fn only(mut self, begin: &str) -> Self {
        if let Some(answers) = self.document.get_mut("answers").and_then(Value::as_array_mut) {
            answers.retain(|entry| entry["ask"].as_str().is_some_and(|ask| ask.starts_with(begin)));
        }
        self
    }

    fn read(file: &Path) -> Result<Self> {
        let shown = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        let document =
            serde_json::from_str(&text).with_context(|| format!("{shown} is no JSON"))?;
        Ok(Self { file: file.to_owned(), document })
    }

    /// Its name: that of the file without what follows the dot.
    #[must_use]
    pub fn name(&self) -> String {
        self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A field of the document.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.document.get(key)
    }

    /// What is sent before the first question.
    #[must_use]
    pub fn sent(&self) -> &[Value] {
        self.list("sent")
    }

    /// The questions, with the answers that are written down.
    #[must_use]
    pub fn answers(&self) -> &[Value] {
        self.list("answers")
    }

    fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Sends and asks everything anew. `from` says who answers; `send` gives it one of [`World::sent`].
    ///
    /// # Errors
    /// If the backend takes or answers something not at all.
    pub fn record(
        &mut self,
        from: &str,
        doors: &Doors,
        mut send: impl FnMut(&Value) -> Result<()>,
    ) -> Result<()> {
        let agent = agent();
        let name = self.name();
        let object = self.document.as_object_mut().context("a vector is an object")?;
        object.insert("from".to_owned(), from.into());
        for (index, sent) in list_mut(&mut self.document, "sent").iter_mut().enumerate() {
            if let Some(request) = sent.get("otlp") {
                let bytes = to_protobuf(TRACES, request)
                    .with_context(|| format!("request {index} of {name} is no OTLP"))?;
                sent["protobuf"] = to_hex(&bytes).into();
            }
            send(sent).with_context(|| format!("request {index} of {name}"))?;
        }
        for entry in list_mut(&mut self.document, "answers") {
            let mut answer = answer(&agent, doors, entry)?;
            let entry = entry.as_object_mut().context("an answer is an object")?;
            for key in PARTS {
                entry.remove(key);
            }
            entry.append(&mut answer);
        }
        Ok(())
    }

    /// The document as its file has it.
    #[must_use]
    pub fn text(&self) -> String {
        pretty(&self.document)
    }
}

/// What an answer has of its own.
const PARTS: [&str; 9] =
    ["status", "type", "json", "text", "not_utf8", "code", "message", "details", "responses"];

/// What a backend answers to a question of a vector, in the form that vectors have.
///
/// # Errors
/// If the question can't be understood or is not answered.
pub fn answer(agent: &ureq::Agent, doors: &Doors, entry: &Value) -> Result<Map<String, Value>> {
    if entry.get("call").is_some() {
        let mut answer = call(doors, entry)?;
        for response in
            answer.get_mut("responses").and_then(Value::as_array_mut).into_iter().flatten()
        {
            normalise(entry, response);
        }
        return Ok(answer);
    }
    let mut answer = ask(agent, doors, entry)?;
    if let Some(json) = answer.get_mut("json") {
        normalise(entry, json);
    }
    Ok(answer)
}

fn list_mut<'a>(document: &'a mut Value, key: &str) -> &'a mut [Value] {
    document.get_mut(key).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_there_as_text_and_as_bytes_and_every_question_has_an_answer() {
        let all = ["jaeger", "zipkin"].map(|backend| World::all(backend).unwrap());
        for world in all.into_iter().flatten() {
            let name = world.name();
            for sent in world.sent() {
                let bytes = to_protobuf(TRACES, &sent["otlp"]).unwrap();
                assert!(sent["protobuf"] == to_hex(&bytes), "{name} has other bytes");
            }
            assert!(!world.answers().is_empty(), "{name}");
            for entry in world.answers() {
                let answered = entry.get("json").or(entry.get("text"));
                let is_answered = entry["status"].is_u64() && answered.is_some();
                assert!(is_answered || entry["code"].is_u64(), "{name}: {entry}");
            }
            // All of one would be pages.
            assert!(
                fs::read_to_string(&world.file).unwrap() == world.text(),
                "{name} is not as written"
            );
        }
    }
}

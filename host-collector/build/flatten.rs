//! Joins the page's modules into one script.
//!
//! It takes a small part of what modules can be, and refuses the rest: `import { a, b } from "./x.js";`
//! and `export` before `function`, `async function`, `class` and `const`. Every name at the top is there
//! once in all modules, so that joining them changes nothing. At the top there are declarations alone:
//! what runs is `main` of the entry.

use super::scan::{self, Line};
use std::collections::HashMap;

/// A module by its path, and what it needs.
#[derive(Debug, Default)]
struct Module {
    needs: Vec<Need>,
    /// The names it declares, where, and whether others may have them.
    names: Vec<(String, usize, bool)>,
    text: String,
}

/// Names of another module.
#[derive(Debug)]
struct Need {
    line: usize,
    names: Vec<String>,
    path: String,
}

/// One script that runs `main` of `entry`; or what is wrong, with file and line.
///
/// `read` gives a module by its path.
pub(crate) fn flatten(
    entry: &str,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut joined =
        Joined { read, modules: HashMap::new(), owners: HashMap::new(), text: String::new() };
    joined.add(entry, &mut Vec::new())?;
    let has_main =
        joined.modules.get(entry).is_some_and(|names| names.iter().any(|name| name == "main"));
    if !has_main {
        return Err(format!("{entry}: it exports no `main`"));
    }
    Ok(format!("(() => {{\n\"use strict\";\n{}main();\n}})();\n", joined.text))
}

struct Joined<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    /// What the modules export that are in already.
    modules: HashMap<String, Vec<String>>,
    /// Who declares a name, and in which line.
    owners: HashMap<String, (String, usize)>,
    text: String,
}

impl Joined<'_> {
    /// Adds a module behind all that it needs. `above` is who asked for it.
    fn add(&mut self, path: &str, above: &mut Vec<String>) -> Result<(), String> {
        if self.modules.contains_key(path) {
            return Ok(());
        }
        let source = (self.read)(path).ok_or_else(|| format!("{path}: there is no such module"))?;
        let module = parse(&source).map_err(|(line, why)| format!("{path}:{line}: {why}"))?;
        above.push(path.to_owned());
        for need in &module.needs {
            let at = format!("{path}:{}", need.line);
            let other = resolved(path, &need.path)
                .ok_or_else(|| format!("{at}: `{}` leads out of the page", need.path))?;
            if above.contains(&other) {
                return Err(format!("{at}: {} need each other", above.join(", ")));
            }
            self.add(&other, above)?;
            let exported = self.modules.get(&other);
            let is_there = |name: &String| exported.is_some_and(|names| names.contains(name));
            if let Some(name) = need.names.iter().find(|name| !is_there(name)) {
                return Err(format!("{at}: {other} exports no `{name}`"));
            }
        }
        above.pop();
        for (name, line, _) in &module.names {
            let here = (path.to_owned(), *line);
            if let Some((other, first)) = self.owners.insert(name.clone(), here) {
                return Err(format!("{path}:{line}: `{name}` is in {other}:{first}, too"));
            }
        }
        let exported = module.names.into_iter().filter(|(_, _, is_exported)| *is_exported);
        self.modules.insert(path.to_owned(), exported.map(|(name, ..)| name).collect());
        self.text.push_str(&module.text);
        Ok(())
    }
}

/// The path that `to` means in the module `from`; none if it leads out.
fn resolved(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if !to.starts_with("./") && !to.starts_with("../") {
        return None;
    }
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn parse(source: &str) -> Result<Module, (usize, String)> {
    let lines = scan::lines(source).map_err(|fault| (fault.line, fault.why))?;
    let mut module = Module::default();
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let number = line.number;
        if line.is_top && line.text.starts_with("import") {
            let mut text = line.text;
            while !text.ends_with(';') {
                let Some(next) = lines.next_if(|next: &Line| !next.text.starts_with("import"))
                else {
                    break;
                };
                text.push(' ');
                text.push_str(&next.text);
            }
            module.needs.push(need(&text, number).map_err(|why| (number, why))?);
            continue;
        }
        let mut text = &*line.text;
        if line.is_top {
            let (name, is_exported, kept) = declared(text).map_err(|why| (number, why))?;
            module.names.push((name, number, is_exported));
            text = kept;
        }
        module.text.push_str(text);
        module.text.push('\n');
    }
    Ok(module)
}

/// What `import { a, b } from "./x.js";` says.
fn need(text: &str, line: usize) -> Result<Need, String> {
    let parts = text
        .strip_prefix("import {")
        .and_then(|rest| rest.strip_suffix("\";"))
        .and_then(|rest| rest.split_once("} from \""));
    let Some((names, path)) = parts else {
        return Err("write `import { a, b } from \"./x.js\";`".to_owned());
    };
    let names: Vec<_> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    match names.iter().find(|name| !is_name(name)) {
        Some(name) => Err(format!("`{name}` is not a plain name")),
        None => {
            let names = names.into_iter().map(str::to_owned).collect();
            Ok(Need { line, names, path: path.to_owned() })
        }
    }
}

/// The name that a line declares, whether it is exported, and the line without that.
fn declared(text: &str) -> Result<(String, bool, &str), String> {
    let exported = text.strip_prefix("export ");
    let kept = exported.unwrap_or(text);
    let words = ["function* ", "async function ", "function ", "class ", "const "];
    // What others have is never assigned to, so that it is the same to all of them.
    let word = if exported.is_none() { kept.strip_prefix("let ") } else { None };
    let rest = word.or_else(|| words.iter().find_map(|word| kept.strip_prefix(word)));
    let Some(rest) = rest else {
        return Err(format!("`{text}` is none of `function`, `class` and `const`"));
    };
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
    let name = rest.get(..end).unwrap_or_default();
    if is_name(name) {
        Ok((name.to_owned(), exported.is_some(), kept))
    } else {
        Err(format!("`{text}` declares no plain name"))
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(modules: &[(&str, &str)]) -> Result<String, String> {
        flatten("main.js", &|path| {
            let found = modules.iter().find(|(known, _)| *known == path);
            found.map(|(_, source)| (*source).to_owned())
        })
    }

    #[test]
    fn modules_stand_behind_what_they_need_and_each_is_there_once() {
        let main = "import { b } from \"./lib/b.js\";\nimport {\n  a,\n} from \"./a.js\";\n\n/** Runs. */\nexport function main() {\n  b(a);\n}\n";
        let b = "import { a } from \"../a.js\";\nlet count = 0;\nexport async function b(x) { count += a; }\n";
        let a = "export const a =\n  1;\n";
        let script = joined(&[("main.js", main), ("lib/b.js", b), ("a.js", a)]).unwrap();
        assert_eq!(
            script,
            "(() => {\n\"use strict\";\nconst a =\n1;\nlet count = 0;\nasync function b(x) { count += a; }\n\
             function main() {\nb(a);\n}\nmain();\n})();\n"
        );
    }

    #[test]
    fn what_would_not_mean_the_same_is_refused_with_file_and_line() {
        let main = "import { a } from \"./a.js\";\nexport function main() { a(); }\n";
        for (a, fault) in [
            ("function a() {}\n", "main.js:1: a.js exports no `a`"),
            ("export function a() {}\nfunction main() {}\n", "main.js:2: `main` is in a.js:2, too"),
            (
                "export function a() {}\n\na();\n",
                "a.js:3: `a();` is none of `function`, `class` and `const`",
            ),
            (
                "export let a = 1;\n",
                "a.js:1: `export let a = 1;` is none of `function`, `class` and `const`",
            ),
            (
                "export default function a() {}\n",
                "a.js:1: `export default function a() {}` is none of",
            ),
            (
                "export const { a } = b;\n",
                "a.js:1: `export const { a } = b;` declares no plain name",
            ),
            ("import x from \"./x.js\";\n", "a.js:1: write `import"),
            ("import { x as y } from \"./x.js\";\n", "a.js:1: `x as y` is not a plain name"),
            ("import { x } from \"x\";\n", "a.js:1: `x` leads out of the page"),
            ("import { x } from \"../../x.js\";\n", "a.js:1: `../../x.js` leads out of the page"),
            ("import { x } from \"./x.js\";\n", "x.js: there is no such module"),
            ("import { main } from \"./main.js\";\n", "a.js:1: main.js, a.js need each other"),
            ("const s = 'x;\n", "a.js:2: a string has no end"),
        ] {
            let refused = joined(&[("main.js", main), ("a.js", a)]).unwrap_err();
            assert!(
                refused.starts_with(fault)
                    || a.starts_with("const s") && refused.starts_with("a.js:"),
                "{refused}"
            );
        }
        assert_eq!(joined(&[("main.js", "")]).unwrap_err(), "main.js: it exports no `main`");
    }
}

//! Joins the page's style sheets into one: those that the first one imports, in their order.

/// The sheets that `entry` imports, then itself, without comments and indentation.
pub(crate) fn join(entry: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let missing = |path: &str| format!("{path}: there is no such style sheet");
    let own = read(entry).ok_or_else(|| missing(entry))?;
    let mut sheet = String::new();
    let mut rest = String::new();
    for line in own.lines() {
        let Some(import) = line.strip_prefix("@import ") else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let path = import.strip_prefix("\"./").and_then(|path| path.strip_suffix("\";"));
        let path = path.ok_or_else(|| format!("{entry}: write `@import \"./x.css\";`"))?;
        let imported = read(path).ok_or_else(|| missing(path))?;
        if imported.contains("@import") {
            return Err(format!("{path}: only {entry} imports"));
        }
        sheet.push_str(&shortened(&imported).map_err(|why| format!("{path}: {why}"))?);
    }
    sheet.push_str(&shortened(&rest).map_err(|why| format!("{entry}: {why}"))?);
    Ok(sheet)
}

fn shortened(source: &str) -> Result<String, &'static str> {
    let mut out = String::new();
    let mut rest = source.chars().peekable();
    let mut quote = None;
    while let Some(letter) = rest.next() {
        match (quote, letter) {
            (None, '/') if rest.peek() == Some(&'*') => {
                rest.next();
                let mut last = ' ';
                loop {
                    let next = rest.next().ok_or("a comment has no end")?;
                    if last == '*' && next == '/' {
                        break;
                    }
                    last = next;
                }
            }
            (None, '"' | '\'') => {
                quote = Some(letter);
                out.push(letter);
            }
            (None, '\n') => {
                out.truncate(out.trim_end().len());
                if !out.is_empty() {
                    out.push('\n');
                }
                while rest.next_if(|next| next.is_whitespace()).is_some() {}
            }
            (Some(_), '\n') => return Err("a string has no end in its line"),
            (Some(_), '\\') => {
                out.push(letter);
                out.extend(rest.next());
            }
            _ => {
                if quote == Some(letter) {
                    quote = None;
                }
                out.push(letter);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_are_joined_in_order_without_comments_and_indentation() {
        let read = |path: &str| {
            let text = match path {
                "main.css" => "@import \"./a.css\";\n@import \"./b.css\";\nc { d: e }\n",
                "a.css" => "/* a */\na {\n  content: \"/* kept */  '\";\n\n}\n",
                "b.css" => "b { c: '\\'' } /* end */\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        let sheet = join("main.css", &read).unwrap();
        assert_eq!(sheet, "a {\ncontent: \"/* kept */  '\";\n}\nb { c: '\\'' }\nc { d: e }\n");
    }

    #[test]
    fn what_is_missing_or_has_no_end_is_named() {
        let with =
            |text: &'static str| join("x.css", &|path| (path == "x.css").then(|| text.to_owned()));
        assert_eq!(with("a /* b").unwrap_err(), "x.css: a comment has no end");
        assert_eq!(with("a \"b\n").unwrap_err(), "x.css: a string has no end in its line");
        assert_eq!(
            with("@import \"./y.css\";").unwrap_err(),
            "y.css: there is no such style sheet"
        );
        assert_eq!(with("@import url(z);").unwrap_err(), "x.css: write `@import \"./x.css\";`");
    }
}

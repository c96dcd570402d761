//! Reads JavaScript just well enough to leave out comments and indentation, and to see what stands at
//! the top of a module.
//!
//! Strings, templates and regular expressions are kept to the letter. Where it cannot tell a division
//! from a regular expression, it says so instead of guessing.

/// A line of the program without its indentation, and what is known of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What stands there.
    pub text: String,
    /// Whether it begins a statement of the module: at the very left, inside of nothing.
    pub is_top: bool,
}

/// What is wrong, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub line: usize,
    pub why: String,
}

/// What the scanner is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// A bracket, by what closes it.
    Bracket(char),
    /// The text of a template.
    Template,
    /// What stands between `${` and `}` of a template.
    Hole,
}

/// Words behind which a `/` begins a regular expression.
const BEFORE_VALUE: [&str; 11] = [
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "instanceof",
    "new",
    "await",
    "yield",
];

struct Scanner<'a> {
    rest: core::str::Chars<'a>,
    number: usize,
    inside: Vec<Inside>,
    lines: Vec<Line>,
    line: Line,
    /// Nothing but indentation was in this line so far.
    is_fresh: bool,
    /// The last thing before this place that is neither space nor comment.
    last: String,
    /// Space or a comment stands between that and this place.
    is_apart: bool,
}

/// The lines of a module, without comments, indentation and empty ones.
pub(crate) fn lines(source: &str) -> Result<Vec<Line>, Fault> {
    let mut scanner = Scanner {
        rest: source.chars(),
        number: 1,
        inside: Vec::new(),
        lines: Vec::new(),
        line: Line { number: 1, text: String::new(), is_top: true },
        is_fresh: true,
        last: String::new(),
        is_apart: false,
    };
    while let Some(letter) = scanner.rest.next() {
        if scanner.inside.last() == Some(&Inside::Template) {
            scanner.template(letter)?;
        } else {
            scanner.code(letter)?;
        }
    }
    if !scanner.inside.is_empty() {
        return Err(scanner.fault("the file ends inside of a bracket or a template"));
    }
    scanner.end_line();
    Ok(scanner.lines)
}

impl Scanner<'_> {
    fn fault(&self, why: &str) -> Fault {
        Fault { line: self.number, why: why.to_owned() }
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn code(&mut self, letter: char) -> Result<(), Fault> {
        match letter {
            '\n' => self.end_line(),
            ' ' | '\t' | '\r' => {
                if self.is_fresh {
                    self.line.is_top = false;
                } else {
                    self.line.text.push(letter);
                }
                self.is_apart = true;
            }
            '/' if self.peek() == Some('/') => {
                while self.peek().is_some_and(|next| next != '\n') {
                    self.rest.next();
                }
            }
            '/' if self.peek() == Some('*') => self.comment()?,
            '/' if self.is_value_next()? => self.expression()?,
            '"' | '\'' => self.string(letter)?,
            '`' => {
                self.put(letter);
                self.inside.push(Inside::Template);
            }
            '(' | '[' | '{' => {
                self.put(letter);
                self.inside.push(Inside::Bracket(match letter {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                }));
            }
            ')' | ']' | '}' => self.close(letter)?,
            _ => self.put(letter),
        }
        Ok(())
    }

    fn put(&mut self, letter: char) {
        if self.is_fresh {
            self.line.is_top &= self.inside.is_empty();
            self.line.number = self.number;
            self.is_fresh = false;
        }
        self.line.text.push(letter);
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let goes_on = self.last.chars().next_back().is_some_and(is_word);
        if self.is_apart || !is_word(letter) || !goes_on {
            self.last.clear();
        }
        self.last.push(letter);
        self.is_apart = false;
    }

    fn end_line(&mut self) {
        let is_over = Line { number: 0, text: String::new(), is_top: true };
        let mut line = core::mem::replace(&mut self.line, is_over);
        line.text.truncate(line.text.trim_end().len());
        if !line.text.is_empty() {
            self.lines.push(line);
        }
        self.number += 1;
        self.is_fresh = true;
        self.is_apart = true;
    }

    fn close(&mut self, letter: char) -> Result<(), Fault> {
        match self.inside.last() {
            Some(Inside::Bracket(closing)) if *closing == letter => {}
            Some(Inside::Hole) if letter == '}' => {}
            _ => return Err(self.fault(&format!("nothing is open that `{letter}` closes"))),
        }
        // It is still inside, so that no statement begins with it.
        self.put(letter);
        self.inside.pop();
        Ok(())
    }

    /// Whether a `/` here begins a regular expression.
    fn is_value_next(&self) -> Result<bool, Fault> {
        let Some(last) = self.last.chars().next_back() else { return Ok(true) };
        if last == '}' {
            return Err(self.fault("a `/` behind `}` may be either: put it elsewhere"));
        }
        let is_value =
            last.is_alphanumeric() || matches!(last, '_' | '$' | ')' | ']' | '"' | '\'' | '`');
        Ok(!is_value || BEFORE_VALUE.contains(&&*self.last))
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let begun = self.number;
        self.rest.next();
        let mut last = ' ';
        let mut is_broken = false;
        for letter in self.rest.by_ref() {
            if last == '*' && letter == '/' {
                self.is_apart = true;
                // Two words must not become one, nor two statements.
                if !self.is_fresh {
                    self.line.text.push(if is_broken { '\n' } else { ' ' });
                }
                return Ok(());
            }
            if letter == '\n' {
                self.number += 1;
                is_broken = true;
            }
            last = letter;
        }
        Err(Fault { line: begun, why: "a comment has no end".to_owned() })
    }

    fn string(&mut self, quote: char) -> Result<(), Fault> {
        self.put(quote);
        while let Some(letter) = self.rest.next() {
            self.line.text.push(letter);
            match letter {
                '\\' => self.line.text.extend(self.rest.next()),
                '\n' => break,
                _ if letter == quote => {
                    self.last = quote.to_string();
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(self.fault("a string has no end in its line"))
    }

    fn expression(&mut self) -> Result<(), Fault> {
        self.put('/');
        let mut is_class = false;
        while let Some(letter) = self.rest.next() {
            self.line.text.push(letter);
            match letter {
                '\\' => self.line.text.extend(self.rest.next()),
                '[' => is_class = true,
                ']' => is_class = false,
                '\n' => break,
                '/' if !is_class => {
                    // It is a value, and a `/` behind it divides.
                    self.last = ")".to_owned();
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(self.fault("a regular expression has no end in its line"))
    }

    fn template(&mut self, letter: char) -> Result<(), Fault> {
        self.line.text.push(letter);
        match letter {
            '\\' => {
                let next = self.rest.next();
                self.number += usize::from(next == Some('\n'));
                self.line.text.extend(next);
            }
            '\n' => self.number += 1,
            '`' => {
                self.inside.pop();
                self.last = "`".to_owned();
            }
            '$' if self.peek() == Some('{') => {
                self.line.text.extend(self.rest.next());
                self.inside.push(Inside::Hole);
                self.last = "(".to_owned();
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        let lines: Vec<_> = lines(source).unwrap().into_iter().map(|line| line.text).collect();
        lines.join("\n")
    }

    #[test]
    fn comments_and_indentation_go() {
        let source = "/** Says\n * much. */\nconst a = 1; // one\n\n  b /* and */ (\n\t2,\n  )\n";
        assert_eq!(text(source), "const a = 1;\nb   (\n2,\n)");
        assert_eq!(text("a/* one\n two */b"), "a\nb", "a line break in a comment is one");
        assert_eq!(text("a = 7/* or */2"), "a = 7 2");
    }

    #[test]
    fn what_is_quoted_stays_as_it_is() {
        for source in [
            r#"a = "/* no */ // comment";"#,
            r"a = 'it\'s // none';",
            "a = `  // kept\n   as /* it */ is ${ b + `//${c}` } //`;",
            "a = `\\`//`;",
            "a = /[/*]\\/\\/x/g.test(b);",
            "return /'/;",
            "f(/\"/, 3)",
        ] {
            assert_eq!(text(source), source);
        }
        assert_eq!(text("a = b / c / d; // e"), "a = b / c / d;");
        assert_eq!(text("a = (b) / c; // '"), "a = (b) / c;");
        assert_eq!(text("a = /x/ / 2; // '"), "a = /x/ / 2;");
        assert_eq!(text("of_it / 2; // '"), "of_it / 2;");
        assert_eq!(text("`${/'/.test(a)}`; // '"), "`${/'/.test(a)}`;");
    }

    #[test]
    fn what_begins_at_the_left_is_at_the_top() {
        let source = "const a = {\nb: 1,\n};\n  c;\nconst d =\n  `\nx`;\nf(\ng);";
        let found = lines(source).unwrap();
        let top: Vec<_> = found.iter().filter(|line| line.is_top).collect();
        let top: Vec<_> = top.iter().map(|line| (line.number, &*line.text)).collect();
        assert_eq!(top, [(1, "const a = {"), (5, "const d ="), (8, "f(")]);
    }

    #[test]
    fn what_is_not_clear_or_has_no_end_is_refused_with_its_line() {
        for (source, line) in [
            ("a;\n{} / 2", 2),
            ("a;\n'b\n';", 2),
            ("a\n/* b\n", 2),
            ("a = [\n)", 2),
            ("a = [\n", 2),
            ("}", 1),
            ("\n\na = `b", 3),
            ("a = /b\n/", 1),
        ] {
            assert_eq!(lines(source).unwrap_err().line, line, "{source}");
        }
    }
}

//! [`Pattern`]: a text in which `*` stands for any other.

/// It fits a text as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// In time that grows with the pieces times the text, whatever they are: a piece is looked for where the
    /// one before ended, and never again.
    pub(super) fn fits(&self, text: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == text };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(text) = text.strip_prefix(head) else { return false };
        let Some(mut text) = text.strip_suffix(tail) else { return false };
        middle.split('*').all(|piece| match text.find(piece) {
            Some(at) => {
                text = text.get(at + piece.len()..).unwrap_or_default();
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let fits = |pattern: &str, text: &str| Pattern::new(pattern).fits(text);
        for (pattern, text) in [
            ("a", "a"),
            ("", ""),
            ("*", ""),
            ("**", "x"),
            ("GET /*", "GET /"),
            ("*.token", "user.token"),
            ("a*c", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("*b*", "abc"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*", "b"), ("a*a", "a"), ("*bc*c", "abc"), ("", "a")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    /// As one would write it at once.
    fn obvious(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|at| obvious(rest, &text[at..])),
            ([a, rest @ ..], [b, text @ ..]) => a == b && obvious(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_fits_what_the_obvious_way_fits(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Pattern::new(&pattern).fits(&text), obvious(&chars(&pattern), &chars(&text)));
        }
    }
}

//! Tokens that let somebody in, from a file that nobody else can read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A token that is shorter can be guessed.
const SHORTEST: usize = 16;
/// More than anybody needs.
const LONGEST_FILE: u64 = 1 << 20;

/// The tokens.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Tokens(Vec<Box<[u8]>>);

/// Why there are no tokens. It never says what stood there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// The file cannot be read.
    #[error("cannot read the tokens in {}: give another file with --token-file", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Others can read or change it.
    #[error(
        "others can get at the tokens in {path} (mode {mode:04o}): run  chmod 600 {path}",
        path = .path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line of it is none.
    #[error(
        "line {0} of the tokens is none: a token is {SHORTEST} letters, digits or -._~+/= at least; draw one \
         with `openssl rand -hex 16`"
    )]
    Line(usize),
    /// There is none in it.
    #[error("there is no token in the file of --token-file: write one a line")]
    Empty,
}

impl Tokens {
    pub(super) fn read(path: &Path) -> Result<Self, TokensError> {
        let failed = |source| TokensError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
            if mode & 0o077 != 0 {
                return Err(TokensError::Open { path: path.to_owned(), mode });
            }
        }
        let mut text = String::new();
        file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text)
    }

    pub(super) fn parse(text: &str) -> Result<Self, TokensError> {
        let mut tokens = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_of_token = |byte| matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
            let is_good = |byte: u8| byte.is_ascii_alphanumeric() || is_of_token(byte);
            if line.len() < SHORTEST || !line.bytes().all(is_good) {
                return Err(TokensError::Line(index + 1));
            }
            tokens.push(line.as_bytes().into());
        }
        if tokens.is_empty() { Err(TokensError::Empty) } else { Ok(Self(tokens)) }
    }

    /// Whether it is one of them. How long that takes says nothing of how much of it is right.
    pub(super) fn know(&self, token: &[u8]) -> bool {
        self.0.iter().fold(false, |found, known| found | is_same(known, token))
    }
}

/// Whether two secrets are one. How long it takes says nothing of how much of it is right.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differs = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && core::hint::black_box(differs) == 0
}

/// Secrets are not shown.
impl core::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_tokens_has_one_a_line() {
        let tokens = Tokens::parse("# ours\n\n0123456789abcdef\n  aaaaaaaaaaaaaaa=  \n").unwrap();
        assert!(tokens.know(b"0123456789abcdef") && tokens.know(b"aaaaaaaaaaaaaaa="));
        assert!(!tokens.know(b"0123456789abcdeg") && !tokens.know(b"") && !tokens.know(b"# ours"));
        assert_eq!(format!("{tokens:?}"), "Tokens(2)");
    }

    #[test]
    fn what_could_be_guessed_or_sent_in_no_header_is_refused() {
        for (text, line) in [("short", 1), ("0123456789abcdef\n0123456789 abcdef", 2)] {
            let error = Tokens::parse(text).unwrap_err();
            assert!(matches!(error, TokensError::Line(at) if at == line), "{error}");
        }
        assert!(matches!(Tokens::parse("# none\n"), Err(TokensError::Empty)));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = std::env::temp_dir().join(format!("spandrel-tokens-{}", std::process::id()));
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o644).unwrap();
        assert!(matches!(Tokens::read(&path), Err(TokensError::Open { mode: 0o644, .. })));
        mode(0o600).unwrap();
        assert!(Tokens::read(&path).unwrap().know(b"0123456789abcdef"));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(Tokens::read(&path), Err(TokensError::File { .. })));
    }
}

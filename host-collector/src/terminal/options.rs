//! What all commands that ask a collector are given.

use super::error::Error;
use super::look::Look;
use crate::exporter::http::{Url, UrlError};
use clap::{Args, ValueEnum};
use http::HeaderValue;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The variable of a token, for where a file is more than is wanted.
const TOKEN: &str = "SPANDREL_TOKEN";
/// A file with more in it holds no token.
const LONGEST_TOKEN: u64 = 64 << 10;

/// Who is asked, and how the answer is shown.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Asking {
    /// Ask the collector there.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7727", env = "SPANDREL_AT")]
    #[arg(value_parser = url, help_heading = "Terminal")]
    pub at: Url,
    /// Show the collector the first token of this file. The variable `SPANDREL_TOKEN` may hold one, too.
    #[arg(long = "token-file", value_name = "FILE", help_heading = "Terminal")]
    pub terminal_token_file: Option<PathBuf>,
    /// Whether to show colours. `NO_COLOR` in the environment is as good as never, unless this says always.
    #[arg(long, visible_alias = "colour", value_name = "WHEN", value_enum, default_value_t)]
    #[arg(help_heading = "Terminal")]
    pub color: ColourWhen,
    /// Write JSON: one document, or one object a line where there is no end.
    #[arg(long)]
    pub json: bool,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourWhen {
    /// On a terminal that has not said no.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The same, where a store will do as well.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Looking {
    /// Who is asked.
    #[command(flatten)]
    pub asking: Asking,
    /// Look into the store in this folder, and ask no collector. Without it the usual store is looked into
    /// where no collector runs.
    #[arg(long, value_name = "FOLDER", help_heading = "Keep")]
    pub store: Option<PathBuf>,
}

fn url(text: &str) -> Result<Url, UrlError> {
    Url::parse(text)
}

impl Asking {
    /// How it is shown.
    pub(super) fn look(&self) -> Look {
        Look::here(self.color)
    }

    /// What a request shows to be let in, if there is something.
    pub(super) fn authorization(&self) -> Result<Option<HeaderValue>, Error> {
        let token = match &self.terminal_token_file {
            Some(path) => Some(read(path)?),
            None => std::env::var(TOKEN).ok().filter(|token| !token.is_empty()),
        };
        let Some(token) = token else { return Ok(None) };
        // What stands there is not told: it may be a token.
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Error::Token)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// The first token of a file such as the collector's own.
fn read(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::TokenFile { path: path.to_owned(), source };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LONGEST_TOKEN).read_to_string(&mut text).map_err(failed)?;
    let mut lines = text.lines().map(str::trim);
    let token = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    token.map(str::to_owned).ok_or(Error::Token)
}

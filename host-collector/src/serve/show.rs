//! What shows the traces here: trees on the terminal, and files.

use super::ServeError;
use crate::cli::Serve;
use crate::view::{self, Colour, Format, OutFile, View};
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(super) fn start(
    options: &Serve,
    stop: &Arc<AtomicBool>,
    is_all: bool,
) -> Result<View, ServeError> {
    let file = |path: &Option<PathBuf>, format| path.clone().map(|path| OutFile::new(path, format));
    let files = [file(&options.out, Format::Jaeger), file(&options.out_otlp, Format::Otlp)];
    let files: Vec<_> = files.into_iter().flatten().collect();
    for file in &files {
        // What cannot be written should be known now, not when the first trace is there.
        file.write(&[])
            .map_err(|source| ServeError::File { path: file.path().to_owned(), source })?;
    }
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour =
        if io::stdout().is_terminal() && !is_plain { Colour::Always } else { Colour::Never };
    let tree = (!options.no_tree).then_some(colour);
    // Where trees are all that is made, there is nothing left to do when nobody reads them.
    let unseen = (tree.is_some() && is_all).then(|| stop.clone());
    Ok(View::start(view::Options { tree, files, unseen, ..view::Options::default() })?)
}

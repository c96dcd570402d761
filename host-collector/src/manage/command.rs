//! `spandrel store`: looks at a store, checks it, makes it smaller, copies and empties it.

use crate::model::TraceId;
use crate::query::own;
use crate::serve::{Keep, ServeError, folder_of};
use crate::store::archive_in;
use crate::store::tools::{self, BlockInfo, Info, Report};
use crate::terminal::Bar;
use crate::text::{Count, TimeNs};
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Which store is meant.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Place {
    /// The store in this folder, instead of the usual one.
    #[arg(long, value_name = "FOLDER", help_heading = "Keep")]
    pub store: Option<PathBuf>,
}

/// What is done with it.
#[derive(Clone, Debug, Subcommand)]
pub enum StoreCommand {
    /// Say what is in it. A collector may have it meanwhile.
    Info(Place),
    /// Read all of it, and say what is damaged. A collector may have it meanwhile.
    Check(Place),
    /// Remove what is too old, and make what is left as small as it goes.
    Compact(Keep),
    /// Copy it into an empty folder, where it can be used at once. A collector may have it meanwhile.
    Backup {
        /// Which store.
        #[command(flatten)]
        place: Place,
        /// The folder of the copy.
        to: PathBuf,
    },
    /// Delete traces, from the archive, too. Where a collector has the store, its page does it.
    Delete {
        /// Which store.
        #[command(flatten)]
        place: Place,
        /// The traces: their ids, in hexadecimal.
        #[arg(required = true, value_name = "TRACE", value_parser = trace_id)]
        traces: Vec<TraceId>,
    },
    /// Remove all spans.
    Clear {
        /// Which store.
        #[command(flatten)]
        place: Place,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

impl Place {
    /// The folder.
    ///
    /// # Errors
    /// The user has no folder for data, and named none.
    pub fn folder(&self) -> Result<PathBuf, ServeError> {
        folder_of(self.store.as_deref())
    }
}

/// Does it, and says so on standard output. Gives whether everything is as it should be.
///
/// # Errors
/// The store cannot be opened or changed, or nobody reads what is said.
pub fn manage(command: &StoreCommand) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match command {
        StoreCommand::Info(place) => tell_info(&mut out, &place.folder()?)?,
        StoreCommand::Check(place) => {
            let mut bar = Bar::new("checking");
            let report = tools::check(&place.folder()?, &mut |done, all| bar.at(done, all))?;
            drop(bar);
            return tell_report(&mut out, &report);
        }
        StoreCommand::Compact(keep) => {
            let folder = keep.folder()?.ok_or(ServeError::NoFolder)?;
            let mut bar = Bar::new("compacting");
            let told = &mut |done, all| bar.at(done, all);
            let (before, after) = tools::compact(&folder, keep.options(), told)?;
            drop(bar);
            writeln!(out, "{before} bytes became {after}")?;
        }
        StoreCommand::Backup { place, to } => {
            let mut bar = Bar::new("copying");
            let bytes = tools::backup(&place.folder()?, to, &mut |done, all| bar.at(done, all))?;
            drop(bar);
            writeln!(out, "{bytes} bytes were copied to {}", to.display())?;
        }
        StoreCommand::Delete { place, traces } => {
            return tell_deleted(&mut out, &place.folder()?, traces);
        }
        StoreCommand::Clear { place, yes } => {
            let folder = place.folder()?;
            if !*yes && !is_agreed(&mut out, &folder)? {
                writeln!(out, "nothing was removed")?;
                return Ok(false);
            }
            writeln!(out, "{} bytes were removed", tools::clear(&folder)?)?;
        }
    }
    Ok(true)
}

fn trace_id(text: &str) -> Result<TraceId, &'static str> {
    own::id_of(text).ok_or(own::NO_ID)
}

/// Deletes what is there, and says of the rest that it is not.
fn tell_deleted(out: &mut impl Write, folder: &Path, traces: &[TraceId]) -> anyhow::Result<bool> {
    let mut deleted = tools::delete(folder, traces)?;
    let archive = archive_in(folder);
    if archive.is_dir() {
        deleted.extend(tools::delete(&archive, traces)?);
    }
    for id in traces {
        let is_deleted = deleted.contains(id);
        writeln!(out, "{id}: {}", if is_deleted { "deleted" } else { "there is no such trace" })?;
    }
    if !deleted.is_empty() {
        writeln!(
            out,
            "`spandrel store compact` erases it from the files, and a collector does later"
        )?;
    }
    Ok(traces.iter().all(|id| deleted.contains(id)))
}

fn is_agreed(out: &mut impl Write, folder: &Path) -> io::Result<bool> {
    write!(out, "Remove all spans in {}? Type yes: ", folder.display())?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn tell_info(out: &mut impl Write, folder: &Path) -> anyhow::Result<()> {
    let Info { blocks, logs, services, .. } = tools::info(folder)?;
    let of_blocks: u64 = blocks.iter().map(|block| block.bytes).sum();
    let of_logs: u64 = logs.iter().map(|(_, bytes)| bytes).sum();
    let spans: u64 = blocks.iter().map(|block| block.spans).sum();
    writeln!(out, "{}: {} bytes", folder.display(), of_blocks + of_logs)?;
    let count = |count, what| Count(usize::try_from(count).unwrap_or(usize::MAX), what);
    let blocks_count = count(blocks.len() as u64, "block");
    writeln!(out, "{blocks_count} with {} in {of_blocks} bytes", count(spans, "span"))?;
    for block in &blocks {
        let BlockInfo { file, bytes, spans, traces, sealed_s: (first, last), .. } = block;
        let [first, last] =
            [first, last].map(|time_s| TimeNs(time_s.saturating_mul(1_000_000_000)));
        let (spans, traces) = (count(*spans, "span"), count(*traces, "trace"));
        writeln!(out, "  {file}: {spans} of {traces} in {bytes} bytes, from {first} to {last}")?;
    }
    writeln!(out, "{} with {of_logs} bytes", count(logs.len() as u64, "log"))?;
    writeln!(
        out,
        "{} in blocks: {}",
        count(services.len() as u64, "service"),
        services.join(", ")
    )?;
    Ok(())
}

fn tell_report(out: &mut impl Write, report: &Report) -> anyhow::Result<bool> {
    let Report { spans, files, damaged, .. } = report;
    for (file, what) in damaged {
        writeln!(out, "{file}: {what}")?;
    }
    let found = if damaged.is_empty() { "nothing is damaged" } else { "the rest can be read" };
    writeln!(out, "{spans} spans in {files} files: {found}")?;
    Ok(damaged.is_empty())
}

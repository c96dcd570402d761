//! A file that always holds a whole answer: it is replaced, never written in place.

use crate::exporter::{jaeger, otlp};
use crate::model::Trace;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Jaeger UI JSON.
    Jaeger,
    /// OTLP JSON.
    Otlp,
}

/// A file that follows the recent traces.
#[derive(Clone, Debug)]
pub struct OutFile {
    path: PathBuf,
    format: Format,
}

impl OutFile {
    /// Writes to `path`. Nothing is written yet.
    #[must_use]
    pub fn new(path: PathBuf, format: Format) -> Self {
        Self { path, format }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces what it holds by these traces.
    ///
    /// # Errors
    /// The file system refuses; then the file is as it was.
    pub fn write(&self, traces: &[&Trace]) -> io::Result<()> {
        let traces = traces.iter().copied();
        let bytes = match self.format {
            Format::Jaeger => jaeger::convert(traces),
            Format::Otlp => otlp::to_json(traces.flat_map(|trace| &trace.batches)),
        };
        replace(&self.path, &bytes)
    }
}

/// A reader sees the old content or the new one, never half of it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Through a link to what it points to; a file that is not there yet has nothing to resolve.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // A pipe or a terminal cannot be replaced.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(&path, bytes);
    }
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, &path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("spandrel-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("trace.json");
        fs::write(&path, "old").unwrap();
        OutFile::new(path.clone(), Format::Jaeger).write(&[]).unwrap();
        assert!(fs::read_to_string(&path).unwrap().starts_with(r#"{"data":[]"#));
        let link = folder.join("link.json");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&path, &link).unwrap();
        OutFile::new(link.clone(), Format::Otlp).write(&[]).unwrap();
        #[cfg(unix)]
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&link).unwrap(), r#"{"resourceSpans":[]}"#);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        assert!(OutFile::new(folder.join("no/such"), Format::Otlp).write(&[]).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}

//! A file of sampling strategies, which may change while the program runs.

use super::ServeError;
use crate::order::Standing;
use crate::query::sampling::Strategies;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

/// How often it is looked whether it changed, if nobody asks.
const LOOK: Duration = Duration::from_secs(1);
/// A longer file is no file of strategies.
const MOST_BYTES: u64 = 16 << 20;

/// A file of strategies, and what it said when it was right last.
#[derive(Debug)]
pub(super) struct Reloaded {
    path: PathBuf,
    /// What the file was like when it was read last. Whoever reads it holds this.
    seen: Mutex<Option<Stamp>>,
    /// How often it was right and another, and what it said last. Nobody holds this for long.
    told: Mutex<(u64, Arc<Strategies>)>,
}

/// What changes with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    len: u64,
}

impl Reloaded {
    /// Reads the file, and looks now and then whether it changed.
    pub(super) fn open(path: PathBuf) -> Result<Arc<Self>, ServeError> {
        let seen = stamp(&path);
        let strategies = match read(&path) {
            Ok(strategies) => strategies,
            Err(why) => return Err(ServeError::Strategies { path, why }),
        };
        let told = Mutex::new((1, Arc::new(strategies)));
        let file = Arc::new(Self { path, seen: Mutex::new(seen), told });
        watch(Arc::downgrade(&file))?;
        Ok(file)
    }

    /// What it says now. It may block.
    pub(super) fn now(&self) -> Arc<Strategies> {
        let mut seen = lock(&self.seen);
        let now = stamp(&self.path);
        if now != *seen {
            *seen = now;
            match read(&self.path) {
                Ok(strategies) => {
                    let mut told = lock(&self.told);
                    if *told.1 != strategies {
                        log::info!("{}: has other strategies", self.path.display());
                        *told = (told.0 + 1, Arc::new(strategies));
                    }
                }
                Err(why) => log::warn!(
                    "{}: {why}: the strategies of before go on being told",
                    self.path.display()
                ),
            }
        }
        lock(&self.told).1.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at the file until nobody has it any more.
fn watch(file: Weak<Reloaded>) -> io::Result<()> {
    let look = move || {
        loop {
            thread::sleep(LOOK);
            let Some(file) = file.upgrade() else { return };
            file.now();
        }
    };
    thread::Builder::new().name("strategies".to_owned()).spawn(look)?;
    Ok(())
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp { changed: about.modified().ok(), len: about.len() })
}

fn read(path: &Path) -> Result<Strategies, String> {
    let len = fs::metadata(path).map_err(|why| why.to_string())?.len();
    if len > MOST_BYTES {
        return Err(format!("it has {len} bytes, and is read up to {MOST_BYTES}"));
    }
    let json = fs::read_to_string(path).map_err(|why| why.to_string())?;
    let strategies = Strategies::parse(&json).map_err(|why| why.to_string())?;
    for warning in &strategies.warnings {
        log::warn!("{}: {warning}", path.display());
    }
    Ok(strategies)
}

/// What of a file devices were told.
#[derive(Debug)]
pub(super) struct Told {
    file: Arc<Reloaded>,
    version: u64,
}

impl Told {
    /// Nothing yet.
    pub(super) fn new(file: Arc<Reloaded>) -> Self {
        Self { file, version: 0 }
    }

    /// What they are to be told from now on, if that is something else. It does not look at the file.
    pub(super) fn news(&mut self) -> Option<Standing> {
        let (version, strategies) = lock(&self.file.told).clone();
        if version == self.version {
            return None;
        }
        self.version = version;
        let (standing, warnings) = strategies.standing();
        for warning in warnings {
            log::warn!("{}: {warning}", self.file.path.display());
        }
        Some(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(share: f64) -> String {
        format!(r#"{{"default_strategy": {{"type": "probabilistic", "param": {share}}}}}"#)
    }

    fn standing(told: &mut Told) -> Option<Vec<String>> {
        Some(told.news()?.of("sensor").iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_that_changes_is_told_anew_and_a_bad_one_is_not() {
        let name = format!("spandrel-strategies-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, share(0.5)).unwrap();
        let file = Reloaded::open(path.clone()).unwrap();
        let mut told = Told::new(file.clone());
        assert_eq!(standing(&mut told).unwrap(), ["sample=0.5"]);
        assert_eq!(standing(&mut told), None);

        fs::write(&path, "{\"default_strategy\": ").unwrap();
        let before = file.now();
        assert_eq!(standing(&mut told), None);
        fs::remove_file(&path).unwrap();
        assert_eq!((file.now(), standing(&mut told)), (before, None));

        // Of another length, since the clock of a file system may be a coarse one.
        fs::write(&path, share(0.125)).unwrap();
        file.now();
        assert_eq!(standing(&mut told).unwrap(), ["sample=0.125"]);
        fs::write(&path, format!("{}  ", share(0.125))).unwrap();
        file.now();
        assert_eq!(standing(&mut told), None, "it says the same");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_that_is_none_is_an_error_that_says_which() {
        let error = Reloaded::open("/nonexistent/strategies.json".into()).unwrap_err().to_string();
        assert!(error.contains("/nonexistent/strategies.json"), "{error}");
    }
}

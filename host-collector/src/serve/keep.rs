//! Where spans are kept: in a store on the disk, in memory, or nowhere.

use super::ServeError;
use crate::config::{Environment, dirs};
use crate::storage::{Erase, Intake, Nowhere, Reader};
use crate::store::{self, ArchiveFolder, Store};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where spans are kept, and how long.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Keep")]
pub struct Keep {
    /// Keep spans in this folder instead of the usual one, which is spandrel/store in the user's folder of
    /// data.
    #[arg(long, value_name = "FOLDER", conflicts_with = "memory")]
    pub store: Option<PathBuf>,
    /// Keep spans only as long as the program runs, and only the newest.
    #[arg(long)]
    pub memory: bool,
    /// So much of them is kept in memory; 0 keeps none, and only hands them on.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(..=65_536))]
    pub memory_size: u32,
    /// Remove spans so many days after they came; 0 keeps them.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub keep_days: u32,
    /// Remove the oldest spans when the store is longer than this; 0 is as long as the disk.
    #[arg(long, value_name = "MIB", default_value_t = 10_240)]
    pub keep_size: u64,
    /// Remove the spans of a service after another time, in days. Give it once for each.
    #[arg(long, value_name = "SERVICE=DAYS", value_parser = service_days)]
    pub keep_service: Vec<(String, u32)>,
}

/// The folder of a store: the one that was named, or the usual one.
pub(crate) fn folder_of(named: Option<&Path>) -> Result<PathBuf, ServeError> {
    let usual = || Some(dirs::data_folder(&Environment::here())?.join("store"));
    named.map(Path::to_owned).or_else(usual).ok_or(ServeError::NoFolder)
}

const DAY_S: u64 = 86_400;

fn service_days(text: &str) -> Result<(String, u32), String> {
    let told = || format!("it is a service and days, such as thermometer=7, not {text:?}");
    let (service, days) = text.rsplit_once('=').ok_or_else(told)?;
    let days = days.parse().ok().filter(|days| *days > 0).ok_or_else(told)?;
    Ok((service.to_owned(), days))
}

/// What keeps spans.
pub(super) struct Kept {
    pub(super) intake: Arc<dyn Intake>,
    pub(super) reader: Arc<dyn Reader>,
    pub(super) store: Option<Arc<Store>>,
    /// What a person wants to keep; none where nothing outlives the program.
    pub(super) archive: Option<Arc<ArchiveFolder>>,
    /// The folder that it is in; none where nothing outlives the program.
    pub(super) folder: Option<PathBuf>,
}

impl Kept {
    /// Wherever a trace is that is to be deleted.
    pub(super) fn erasers(&self) -> Vec<Arc<dyn Erase>> {
        let store = self.store.iter().cloned().map(|store| -> Arc<dyn Erase> { store });
        let archive = self.archive.iter().cloned().map(|archive| -> Arc<dyn Erase> { archive });
        store.chain(archive).collect()
    }
}

impl Keep {
    /// The folder of the store; none where there is to be none.
    ///
    /// # Errors
    /// The user has no folder for data, and named none.
    pub fn folder(&self) -> Result<Option<PathBuf>, ServeError> {
        if self.memory {
            return Ok(None);
        }
        folder_of(self.store.as_deref()).map(Some)
    }

    /// How the store is kept.
    #[must_use]
    pub fn options(&self) -> store::Options {
        let days = |days: u32| (days != 0).then(|| u64::from(days) * DAY_S);
        let services = self.keep_service.iter();
        store::Options {
            most_bytes: (self.keep_size != 0).then(|| self.keep_size.saturating_mul(1 << 20)),
            keep_s: days(self.keep_days),
            keep_services_s: services
                .map(|(service, days)| (service.clone(), u64::from(*days) * DAY_S))
                .collect(),
        }
    }

    pub(super) fn open(&self) -> Result<Kept, ServeError> {
        let folder = self.folder()?;
        let store = match &folder {
            Some(folder) => Store::open(folder, self.options())?,
            None if self.memory_size == 0 => {
                let nowhere = Arc::new(Nowhere);
                let (intake, reader) = (nowhere.clone(), nowhere);
                return Ok(Kept { intake, reader, store: None, archive: None, folder });
            }
            None => Store::in_memory(u64::from(self.memory_size) << 20)?,
        };
        let store = Arc::new(store);
        let (intake, reader) = (store.clone(), store.clone());
        let archive = folder.as_ref().map(|folder| Arc::new(ArchiveFolder::of(folder)));
        Ok(Kept { intake, reader, store: Some(store), archive, folder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_service_follow_its_name() {
        assert_eq!(service_days("a=b=7"), Ok(("a=b".to_owned(), 7)));
        for wrong in ["sensor", "sensor=", "sensor=0", "sensor=week"] {
            assert!(service_days(wrong).unwrap_err().contains("thermometer=7"), "{wrong}");
        }
    }
}

//! What queries are answered with, beside what is kept.

use super::keep::Kept;
use super::strategies::Reloaded;
use crate::devices::Devices;
use crate::query::own::shape::Shelf;
use crate::query::{About, Context, ui};
use crate::receiver::HostClock;
use crate::storage::Archive;
use crate::web::{self, Answer, Family, Now, Route};
use clap::Args;
use http::StatusCode;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version that pages of Jaeger show: of its API as it is answered here.
const JAEGER_VERSION: &str = concat!("spandrel ", env!("CARGO_PKG_VERSION"));

/// What is answered.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Queries")]
pub struct Answers {
    /// Tell clients that ask how to sample what this file of a Jaeger says, and devices without that they
    /// ask. It is read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub sampling_strategies: Option<PathBuf>,
    /// Have Zipkin's pages suggest the values of this tag. Give it once for each.
    #[arg(long = "autocomplete-key", value_name = "TAG")]
    pub autocomplete_keys: Vec<String>,
    /// Serve the pages of a Jaeger out of this folder, in which its index.html lies.
    #[arg(long, value_name = "FOLDER")]
    pub jaeger_ui: Option<PathBuf>,
    /// Serve the pages of a Zipkin, below /zipkin/, out of this folder, in which its index.html lies.
    #[arg(long, value_name = "FOLDER")]
    pub zipkin_ui: Option<PathBuf>,
}

impl Answers {
    /// What is answered of what is kept, by strategies from a file if there is one.
    pub(super) fn routes(
        &self,
        strategies: Option<Arc<Reloaded>>,
        kept: &Kept,
        about: About,
        devices: Devices,
    ) -> Vec<Route> {
        let autocomplete_keys = self.autocomplete_keys.clone();
        let archive = kept.archive.clone().map(|archive| -> Arc<dyn Archive> { archive });
        let (has_archive, erasers) = (archive.is_some(), kept.erasers());
        let (about, shelf) = (Arc::new(about), Shelf::default());
        let queries: Now = Arc::new(move || Context {
            now_ns: HostClock::new().now_ns(),
            autocomplete_keys: autocomplete_keys.clone(),
            archive: archive.clone(),
            erasers: erasers.clone(),
            about: about.clone(),
            shelf: shelf.clone(),
            devices: devices.clone(),
            ..Context::default()
        });
        let sampling: Now = Arc::new(move || Context {
            strategies: strategies.as_ref().map(|file| file.now()).unwrap_or_default(),
            ..Context::default()
        });
        let mut routes = web::routes(&queries, &sampling);
        routes.extend(self.jaeger_ui.clone().map(|folder| jaeger_ui(folder, has_archive)));
        routes.extend(self.zipkin_ui.iter().flat_map(|folder| {
            ["/zipkin", "/zipkin/{path*}"].map(|pattern| zipkin_ui(folder.clone(), pattern))
        }));
        routes
    }
}

fn jaeger_ui(folder: PathBuf, has_archive: bool) -> Route {
    Route::get(Family::JaegerHttp, "/{path*}", "Jaeger's pages", move |ask, _| {
        // What is no endpoint is none of its pages either.
        if ask.path.starts_with("/api/") {
            return Answer::text(StatusCode::NOT_FOUND, "404 page not found");
        }
        let read = |name: &str| read(&folder, name);
        web::whole(ui::jaeger(&ask.path, &read, JAEGER_VERSION, has_archive))
    })
}

fn zipkin_ui(folder: PathBuf, pattern: &'static str) -> Route {
    Route::get(Family::ZipkinHttp, pattern, "Zipkin's pages", move |ask, _| {
        web::whole(ui::zipkin(&ask.path, &|name| read(&folder, name)))
    })
}

fn read(folder: &Path, name: &str) -> Option<Vec<u8>> {
    fs::read(folder.join(name)).ok()
}

//! The page's assets, which `build.rs` makes of the modules in `page/`.
//!
//! They are in the program, compressed, so that it is one file still.

#[cfg(test)]
#[path = "../../build/flatten.rs"]
mod flatten;
#[cfg(test)]
#[path = "../../build/scan.rs"]
mod scan;
#[cfg(test)]
#[path = "../../build/style.rs"]
mod style;

use flate2::read::GzDecoder;
use std::io::Read as _;

/// The hash or name, how long it is, and it itself, compressed; the page first.
static ASSETS: &[(&str, u64, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A part of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name, which changes with its content; of the page itself only what changes.
    pub name: &'static str,
    /// What it is.
    pub content_type: &'static str,
    /// It itself, compressed by gzip.
    pub gzip: &'static [u8],
    len: u64,
}

impl Asset {
    /// It itself, as it is read.
    #[must_use]
    pub fn plain(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        // What this program compressed itself comes back.
        let read = GzDecoder::new(self.gzip).take(self.len).read_to_end(&mut plain);
        debug_assert!(read.is_ok(), "{read:?}");
        plain
    }
}

/// The page itself.
#[must_use]
pub fn index() -> Option<Asset> {
    let &(name, len, gzip) = ASSETS.first()?;
    Some(Asset { name, content_type: "text/html; charset=utf-8", gzip, len })
}

/// What the page has of this name.
#[must_use]
pub fn asset(name: &str) -> Option<Asset> {
    let &(name, len, gzip) = ASSETS.iter().skip(1).find(|(known, ..)| *known == name)?;
    let content_type = if name.ends_with(".css") {
        "text/css; charset=utf-8"
    } else {
        "text/javascript; charset=utf-8"
    };
    Some(Asset { name, content_type, gzip, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_its_parts_and_they_are_there() {
        let page = String::from_utf8(index().unwrap().plain()).unwrap();
        let parts: Vec<_> = page.split("\"page/").skip(1).collect();
        let names: Vec<_> = parts.iter().map(|part| part.split('"').next().unwrap()).collect();
        assert_eq!(names.len(), 2, "{page}");
        for name in names {
            let part = asset(name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(part.plain().len() as u64, part.len);
        }
        assert!(!page.contains("{{"), "{page}");
    }

    #[test]
    fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
        let page = String::from_utf8(index().unwrap().plain()).unwrap();
        assert!(!page.contains("style=") && !page.contains("<style"), "{page}");
        assert!(!page.contains("http:") && !page.contains("https:"), "{page}");
        assert!(!page.contains(" on"), "handlers in markup: {page}");
    }

    #[test]
    fn all_of_it_is_within_eighty_kilobytes() {
        let all: usize = ASSETS.iter().map(|(.., gzip)| gzip.len()).sum();
        assert!(all <= 80_000, "{all}");
    }
}

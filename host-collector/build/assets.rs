//! What the program has in itself: each asset compressed, under a name that says its content.

use super::{flatten, style};
use core::fmt::Write as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::Path;

/// Makes the assets of the page in `page`, and the table of them, in `out`.
pub(crate) fn make(page: &Path, out: &Path) -> Result<(), String> {
    let script = flatten::flatten("main.js", &|path| read(&page.join("src").join(path)))?;
    let sheet = style::join("main.css", &|path| read(&page.join("styles").join(path)))?;
    let index = read(&page.join("index.html")).ok_or("index.html: there is no such file")?;

    let script_name = format!("spandrel-{}.js", hash(script.as_bytes()));
    let sheet_name = format!("spandrel-{}.css", hash(sheet.as_bytes()));
    let index = index.replace("{{script}}", &script_name).replace("{{style}}", &sheet_name);
    let index_hash = hash(index.as_bytes());

    let mut table = String::from("&[\n");
    for (file, name, text) in [
        ("index.html", &*index_hash, &index),
        ("script", &*script_name, &script),
        ("style", &*sheet_name, &sheet),
    ] {
        let short = gzip(text.as_bytes()).map_err(|error| format!("{file}: {error}"))?;
        let path = out.join(file);
        std::fs::write(&path, short).map_err(|error| format!("{}: {error}", path.display()))?;
        let _ = writeln!(
            table,
            "({name:?}, {}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))),",
            text.len()
        );
    }
    table.push_str("]\n");
    let path = out.join("assets.rs");
    std::fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn gzip(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text)?;
    encoder.finish()
}

fn hash(text: &[u8]) -> String {
    let mut name = String::new();
    for byte in Sha256::digest(text).iter().take(8) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

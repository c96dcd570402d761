//! The table of docs/configuration.md.

use super::{Keys, Kind};

/// All keys as a table in Markdown, a section after the other.
#[must_use]
pub fn table(keys: &Keys) -> String {
    let mut text = String::new();
    let mut section = "";
    for key in keys.iter() {
        if key.section != section {
            section = &key.section;
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}### [{section}]\n\n"));
            text.push_str("| key | default | value | what it does |\n|---|---|---|---|\n");
        }
        let default = match &key.defaults[..] {
            [] => "-".to_owned(),
            values => format!("`{}`", values.join(", ")),
        };
        let many = if key.kind == Kind::Many { ", any number" } else { "" };
        let looks = match key.kind {
            Kind::Switch { .. } => key.looks.clone(),
            _ => format!("`{}`", key.looks.replace('|', "\\|")),
        };
        let help = key.help.replace('\n', " ").replace('|', "\\|");
        let inverted = match key.kind {
            Kind::Switch { inverted: true } => format!("false: {help}"),
            _ => help,
        };
        text.push_str(&format!("| `{}` | {default} | {looks}{many} | {inverted} |\n", key.name));
    }
    text
}

#[cfg(all(test, not(feature = "probe-rs")))]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory as _;
    use std::fs;
    use std::path::Path;

    const BEGIN: &str = "<!-- what follows is made from the options: BLESS=1 cargo test -p spandrel-collector page -->\n";
    const END: &str = "<!-- until here -->\n";

    /// With `BLESS` in the environment it writes the page.
    #[test]
    fn the_page_names_every_key() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
        let page = fs::read_to_string(&path).unwrap();
        let (head, rest) = page.split_once(BEGIN).unwrap();
        let (found, tail) = rest.split_once(END).unwrap();
        let mut command = Cli::command();
        command.build();
        let table = format!("\n{}\n", table(&Keys::of(&command)));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
        } else {
            assert!(found == table, "BLESS=1 in the environment writes docs/configuration.md anew");
        }
    }
}

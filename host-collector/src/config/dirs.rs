//! Where this user's files belong, as the system has it.

use super::Environment;
use std::path::PathBuf;

/// The systems that differ in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    MacOs,
    Windows,
    /// After the XDG base directory specification.
    Other,
}

const HERE: System = if cfg!(target_os = "macos") {
    System::MacOs
} else if cfg!(windows) {
    System::Windows
} else {
    System::Other
};

/// Where a configuration may be, the one that is looked for first at first.
#[must_use]
pub fn config_files(environment: &Environment) -> Vec<PathBuf> {
    config_files_on(HERE, environment)
}

/// Where data is kept from one run to the next; none where the user has no home.
#[must_use]
pub fn data_folder(environment: &Environment) -> Option<PathBuf> {
    data_folder_on(HERE, environment)
}

fn config_files_on(system: System, environment: &Environment) -> Vec<PathBuf> {
    let folder = |name| environment.folder(name);
    let home = |below: &str| Some(folder("HOME")?.join(below));
    let folders = match system {
        System::Windows => vec![folder("APPDATA")],
        System::Other => vec![folder("XDG_CONFIG_HOME").or_else(|| home(".config"))],
        System::MacOs => vec![
            folder("XDG_CONFIG_HOME").or_else(|| home(".config")),
            home("Library/Application Support"),
        ],
    };
    let file = |folder: PathBuf| folder.join("spandrel").join("config.toml");
    folders.into_iter().flatten().map(file).collect()
}

fn data_folder_on(system: System, environment: &Environment) -> Option<PathBuf> {
    let folder = |name| environment.folder(name);
    let home = |below: &str| Some(folder("HOME")?.join(below));
    let parent = match system {
        System::Windows => folder("LOCALAPPDATA").or_else(|| folder("APPDATA")),
        System::MacOs => folder("XDG_DATA_HOME").or_else(|| home("Library/Application Support")),
        System::Other => folder("XDG_DATA_HOME").or_else(|| home(".local/share")),
    };
    Some(parent?.join("spandrel"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::environment;

    #[cfg(unix)]
    #[test]
    fn each_system_has_its_own_places() {
        let home = environment(&[("HOME", "/h")]);
        let xdg = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_DATA_HOME", "/d")];
        let xdg = environment(&xdg);
        let file = |system, environment| config_files_on(system, environment);
        let data = |system, environment| data_folder_on(system, environment);
        let path = |path: &str| PathBuf::from(path);
        assert_eq!(file(System::Other, &home), [path("/h/.config/spandrel/config.toml")]);
        assert_eq!(file(System::Other, &xdg), [path("/c/spandrel/config.toml")]);
        let library = "/h/Library/Application Support/spandrel";
        let both = [path("/h/.config/spandrel/config.toml"), path(library).join("config.toml")];
        assert_eq!(file(System::MacOs, &home), both);
        assert_eq!(data(System::Other, &home), Some(path("/h/.local/share/spandrel")));
        assert_eq!(data(System::Other, &xdg), Some(path("/d/spandrel")));
        assert_eq!(data(System::MacOs, &home), Some(path(library)));
        let windows = environment(&[("APPDATA", "/r"), ("LOCALAPPDATA", "/l")]);
        assert_eq!(file(System::Windows, &windows), [path("/r/spandrel/config.toml")]);
        assert_eq!(data(System::Windows, &windows), Some(path("/l/spandrel")));
    }

    #[test]
    fn what_is_relative_or_empty_is_no_place() {
        for value in ["", "here"] {
            let odd = environment(&[("HOME", value), ("XDG_DATA_HOME", value), ("APPDATA", value)]);
            assert!(config_files(&odd).is_empty(), "{value}");
            assert_eq!(data_folder(&odd), None);
        }
    }
}

//! Which device has which key: from a file that nobody else can read, or from the environment.
//!
//! ```text
//! # device          key: 32 hexadecimal digits, or base64       what is known of it
//! 00000000001234ab  6f1c09bd4c7e2a5588d30f7be24a9c11
//! 00000000001234ac  bxwJvUx+KlWI0w974kqcEQ==                    one_way counting
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use spandrel::DeviceId;
use spandrel::seal::{Key, ParseKeyError};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The variable of the environment that may hold what a file of keys does.
pub const VARIABLE: &str = "SPANDREL_KEYS";

/// What is known of a device that has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: Key,
    /// It hears nothing, so it cannot answer a challenge.
    pub one_way: bool,
    /// The number of each of its sessions is greater than that of the one before.
    pub counting: bool,
    /// Its clock may stand still, so it may be older than it says.
    pub sleeps: bool,
}

/// The devices that have a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    devices: HashMap<u64, Listed>,
}

/// Why there are no keys. It never says what stood where a key should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read.
    #[error("cannot read the keys in {}: give another file with --keys", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Others can read or change it.
    #[error(
        "others can get at the keys in {path} (mode {mode:04o}): run  chmod 600 {path}",
        path = .path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line of it is none.
    #[error("line {line} of the keys in {source_name}: {why}")]
    Line {
        /// The file, or the variable.
        source_name: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        why: LineError,
    },
    /// There is none in it.
    #[error("there is no key in {0}: a line of it is DEVICE KEY, both in hexadecimal")]
    Empty(String),
    /// There are two sources of keys.
    #[error("keys come from --keys and from {VARIABLE}: give one of the two")]
    Both,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// No key follows.
    #[error("a device, a key and what is known of it stand there, with spaces between")]
    Short,
    /// The device cannot be read.
    #[error("the device is a number in hexadecimal, of 64 bits and not 0, as logs show it")]
    Device,
    /// The key cannot be read.
    #[error(
        "the key is 32 hexadecimal digits or base64 of 16 bytes: draw one with `openssl rand -hex 16`"
    )]
    Key,
    /// It is no secret.
    #[error("{0}")]
    Blank(ParseKeyError),
    /// A word behind the key is unknown.
    #[error("behind the key may stand `one_way`, `counting` and `sleeps`, and nothing else")]
    Word,
    /// It was there before.
    #[error("device {0:016x} has a key already")]
    Twice(u64),
}

impl Keys {
    /// Reads the keys of a file, or of [`VARIABLE`] where there is no file; none where there is neither.
    ///
    /// # Errors
    /// Where there are both, or the file cannot be read, may be read by others, or has a line that is wrong.
    pub fn find(file: Option<&Path>) -> Result<Option<Self>, KeysError> {
        let variable = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty());
        match (file, variable) {
            (Some(_), Some(_)) => Err(KeysError::Both),
            (Some(path), None) => Self::read(path).map(Some),
            (None, Some(text)) => Self::parse(&text, VARIABLE).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`Keys::find`].
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let failed = |source| KeysError::File { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        // Of what is open, and not of what the name may be of by now.
        check_mode(&file.metadata().map_err(failed)?, path)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads lines; a `;` ends one too. What stands behind a `#` is for people.
    ///
    /// # Errors
    /// Says which line is wrong, and never what stood there.
    pub fn parse(text: &str, source_name: &str) -> Result<Self, KeysError> {
        let mut keys = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            for entry in line.split(';').filter(|entry| !entry.trim().is_empty()) {
                keys.add(entry).map_err(|why| {
                    let source_name = source_name.to_owned();
                    KeysError::Line { source_name, line: at + 1, why }
                })?;
            }
        }
        if keys.devices.is_empty() {
            return Err(KeysError::Empty(source_name.to_owned()));
        }
        Ok(keys)
    }

    fn add(&mut self, entry: &str) -> Result<(), LineError> {
        let mut words = entry.split_whitespace();
        let (Some(device), Some(key)) = (words.next(), words.next()) else {
            return Err(LineError::Short);
        };
        let digits = device.strip_prefix("0x").unwrap_or(device);
        let device = u64::from_str_radix(digits, 16).ok().filter(|device| *device != 0);
        let device = device.ok_or(LineError::Device)?;
        let key = parse_key(key)?;
        let mut listed = Listed { key, one_way: false, counting: false, sleeps: false };
        for word in words {
            match word {
                "one_way" => listed.one_way = true,
                "counting" => listed.counting = true,
                "sleeps" => listed.sleeps = true,
                _ => return Err(LineError::Word),
            }
        }
        match self.devices.insert(device, listed) {
            Some(_) => Err(LineError::Twice(device)),
            None => Ok(()),
        }
    }

    /// What is known of a device, if it has a key.
    #[must_use]
    pub fn get(&self, device: DeviceId) -> Option<&Listed> {
        self.devices.get(&device.0)
    }

    /// How many devices have one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// False: [`Keys::parse`] gives none without.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// Whether one of them can answer no challenge, if nothing can that gets no answers.
    #[must_use]
    pub fn is_any_one_way(&self, downlink: bool) -> bool {
        !downlink || self.devices.values().any(|listed| listed.one_way)
    }
}

fn parse_key(text: &str) -> Result<Key, LineError> {
    match Key::parse(text) {
        Ok(key) => return Ok(key),
        Err(blank @ ParseKeyError::Blank) => return Err(LineError::Blank(blank)),
        Err(_) => {}
    }
    let engine = if text.ends_with('=') { STANDARD } else { STANDARD_NO_PAD };
    let bytes = engine.decode(text).map_err(|_| LineError::Key)?;
    let key = Key::new(bytes.try_into().map_err(|_| LineError::Key)?);
    if key.is_blank() { Err(LineError::Blank(ParseKeyError::Blank)) } else { Ok(key) }
}

#[cfg(unix)]
fn check_mode(metadata: &std::fs::Metadata, path: &Path) -> Result<(), KeysError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeysError::Open { path: path.to_owned(), mode }) }
}

/// Elsewhere who may read a file is not told in a few bits: that is left to whoever keeps it.
#[cfg(not(unix))]
fn check_mode(_: &std::fs::Metadata, _: &Path) -> Result<(), KeysError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "6f1c09bd4c7e2a5588d30f7be24a9c11";

    fn why(text: &str) -> LineError {
        match Keys::parse(text, "it") {
            Err(KeysError::Line { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn devices_are_listed_in_lines() {
        let text = format!(
            "# ours\n\n 0x1234ab {HEX} # the pump\r\nff bxwJvUx+KlWI0w974kqcEQ== one_way counting; \
             fe\t bxwJvUx+KlWI0w974kqcEQ one_way\n"
        );
        let keys = Keys::parse(&text, "it").unwrap();
        let listed = |one_way, counting| {
            let key = Key::parse(HEX).unwrap();
            Some(Listed { key, one_way, counting, sleeps: false })
        };
        assert_eq!(keys.get(DeviceId(0x12_34ab)).copied(), listed(false, false));
        assert_eq!(keys.get(DeviceId(0xff)).copied(), listed(true, true));
        assert_eq!(keys.get(DeviceId(0xfe)).copied(), listed(true, false));
        assert_eq!((keys.get(DeviceId(1)), keys.len()), (None, 3));
        assert!(keys.is_any_one_way(true));
    }

    #[test]
    fn what_is_wrong_is_said_without_what_stood_there() {
        assert_eq!(why("1"), LineError::Short);
        assert_eq!(why(&format!("0 {HEX}")), LineError::Device);
        assert_eq!(why(&format!("pump {HEX}")), LineError::Device);
        assert_eq!(why(&format!("1 {HEX}00")), LineError::Key);
        assert_eq!(why("1 AAAAAAAAAAAAAAAAAAAAAA=="), LineError::Blank(ParseKeyError::Blank));
        assert_eq!(why(&format!("1 {}", "ff".repeat(16))), LineError::Blank(ParseKeyError::Blank));
        assert_eq!(why(&format!("1 {HEX} oneway")), LineError::Word);
        assert_eq!(why(&format!("1 {HEX}\n0x01 {HEX}")), LineError::Twice(1));
        let error = Keys::parse(&format!("\n1 {HEX}x"), "keys.txt").unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains("line 2") && said.contains("keys.txt"), "{said}");
        assert!(!said.contains(HEX), "{said}");
        assert!(matches!(Keys::parse("# none\n", "it"), Err(KeysError::Empty(_))));
        assert!(!format!("{:?}", Keys::parse(&format!("1 {HEX}"), "it")).contains(HEX));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused_with_what_to_do() {
        use std::os::unix::fs::PermissionsExt as _;

        let path = std::env::temp_dir().join(format!("spandrel-keys-{}", std::process::id()));
        std::fs::write(&path, format!("1 {HEX}\n")).unwrap();
        let set = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for mode in [0o644, 0o640, 0o604, 0o620] {
            set(mode);
            let said = Keys::read(&path).unwrap_err().to_string();
            let advice = format!("chmod 600 {}", path.display());
            assert!(said.contains(&advice) && said.contains(&format!("{mode:04o}")), "{said}");
        }
        set(0o600);
        assert_eq!(Keys::read(&path).unwrap().len(), 1);
        std::fs::remove_file(&path).unwrap();
        let error = Keys::read(&path).unwrap_err();
        assert!(error.to_string().contains("--keys"), "{error}");
    }
}

//! The key that cookies are made with, beside the store: who logged in stays so when the collector is
//! started again.

use super::ServeError;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

const NAME: &str = "cookies.key";

/// The key of this folder, which is drawn when it is asked for first.
pub(super) fn key(folder: &Path) -> Result<[u8; 32], ServeError> {
    let path = folder.join(NAME);
    // A store makes its folder when it has something to write.
    let known = fs::create_dir_all(folder).and_then(|()| match fs::read(&path) {
        Ok(bytes) => Ok(bytes.try_into().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    });
    // A file that is cut off is nobody's key: whoever logged in has to do so again.
    let key = known.and_then(|known| known.map_or_else(|| draw(&path), Ok));
    key.map_err(|source| ServeError::Cookies { path, source })
}

fn draw(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(&key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_and_one_that_is_cut_off_is_drawn_anew() {
        let folder = std::env::temp_dir().join(format!("spandrel-cookies-{}", std::process::id()));
        let first = key(&folder).unwrap();
        assert_eq!(key(&folder).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join(NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(folder.join(NAME), b"short").unwrap();
        let second = key(&folder).unwrap();
        assert!(second != first && key(&folder).unwrap() == second);
        fs::remove_dir_all(&folder).unwrap();
    }
}

//! How many files, and so connections, this process may have open.

/// What is left for everything but connections.
const OTHERS: u64 = 256;

/// Has the operating system allow as many connections as asked for, and says how many it does.
pub(super) fn raise(connections: u64) -> u64 {
    most_files(connections.saturating_add(OTHERS)).saturating_sub(OTHERS).max(1)
}

#[cfg(unix)]
fn most_files(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let may = limit.maximum.unwrap_or(u64::MAX);
    let has = limit.current.unwrap_or(u64::MAX);
    let asked = wanted.min(may).max(has);
    if asked == has {
        return has;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(asked), maximum: limit.maximum }) {
        Ok(()) => asked,
        Err(error) => {
            log::debug!("no more than {has} files may be open: {error}");
            has
        }
    }
}

/// Windows has no such bound on sockets.
#[cfg(not(unix))]
fn most_files(wanted: u64) -> u64 {
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_never_shrinks() {
        let before = most_files(0);
        assert!(raise(u64::MAX) >= before.saturating_sub(OTHERS));
        assert!(most_files(0) >= before);
    }
}

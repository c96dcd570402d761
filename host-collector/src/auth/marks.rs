//! How far the sessions of a device were let in, in memory and as text for a file.
//!
//! ```text
//! spandrel marks 1
//! down 1764133200000000
//! 00000000001234ab whole 17:4242 18:64
//! end
//! ```

use core::fmt::Write as _;
use std::collections::BTreeMap;

/// Sessions of a device that are remembered.
pub(super) const MOST_SESSIONS: usize = 1024;

/// Sessions of a device, the one met first at the beginning, each with its mark: packets below it may have
/// been let in, and never are again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    sessions: Vec<(u32, u32)>,
    /// Some were forgotten.
    has_forgotten: bool,
}

impl Marks {
    /// The mark of a session, if it is remembered.
    pub(super) fn get(&self, session: u32) -> Option<u32> {
        self.sessions.iter().rev().find(|(known, _)| *known == session).map(|(_, mark)| *mark)
    }

    /// Raises the mark of a session; true where another had to be forgotten for it.
    pub(super) fn raise(&mut self, session: u32, mark: u32) -> bool {
        if let Some((_, known)) =
            self.sessions.iter_mut().rev().find(|(known, _)| *known == session)
        {
            *known = mark.max(*known);
            return false;
        }
        self.sessions.push((session, mark));
        let is_surplus = self.sessions.len() > MOST_SESSIONS;
        if is_surplus {
            self.sessions.remove(0);
            self.has_forgotten = true;
        }
        is_surplus
    }

    /// Sets the mark of a session that is known better.
    pub(super) fn set(&mut self, session: u32, mark: u32) {
        if let Some((_, known)) =
            self.sessions.iter_mut().rev().find(|(known, _)| *known == session)
        {
            *known = mark;
        }
    }

    /// The greatest number of a session.
    pub(super) fn newest(&self) -> Option<u32> {
        self.sessions.iter().map(|(session, _)| *session).max()
    }
}

/// What a file of marks holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MarksFile {
    /// No frame that went down had this number or a greater one.
    pub(super) down: u64,
    /// By device.
    pub(super) devices: BTreeMap<u64, Marks>,
}

const FIRST_LINE: &str = "spandrel marks 1";
const LAST_LINE: &str = "end";

impl MarksFile {
    /// The text of the file.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\ndown {}\n", self.down);
        for (device, marks) in &self.devices {
            let whole = if marks.has_forgotten { "part" } else { "whole" };
            let _ = write!(text, "{device:016x} {whole}");
            for (session, mark) in &marks.sessions {
                let _ = write!(text, " {session}:{mark}");
            }
            text.push('\n');
        }
        text + LAST_LINE + "\n"
    }

    /// Reads it; the number of the line that is none of such a file.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut file = Self::default();
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let (_, first) = lines.next().ok_or(1_usize)?;
        let (_, second) = lines.next().ok_or(2_usize)?;
        if first != FIRST_LINE {
            return Err(1);
        }
        file.down =
            second.strip_prefix("down ").and_then(|down| down.parse().ok()).ok_or(2_usize)?;
        for (at, line) in lines.by_ref() {
            if line == LAST_LINE {
                return if lines.next().is_none() { Ok(file) } else { Err(at + 1) };
            }
            let (device, marks) = parse_device(line).ok_or(at)?;
            if file.devices.insert(device, marks).is_some() {
                return Err(at);
            }
        }
        // It was cut.
        Err(text.lines().count() + 1)
    }
}

fn parse_device(line: &str) -> Option<(u64, Marks)> {
    let mut words = line.split(' ');
    let device = u64::from_str_radix(words.next()?, 16).ok()?;
    let has_forgotten = match words.next()? {
        "whole" => false,
        "part" => true,
        _ => return None,
    };
    let mut marks = Marks { has_forgotten, sessions: Vec::new() };
    for word in words {
        let (session, mark) = word.split_once(':')?;
        marks.sessions.push((session.parse().ok()?, mark.parse().ok()?));
    }
    (marks.sessions.len() <= MOST_SESSIONS).then_some((device, marks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            down in any::<u64>(),
            devices in prop::collection::btree_map(
                any::<u64>(), (prop::collection::vec((0..1_u32 << 24, any::<u32>()), 0..20), any::<bool>()), 0..5,
            ),
        ) {
            let devices = devices.into_iter().map(|(device, (sessions, has_forgotten))| {
                (device, Marks { sessions, has_forgotten })
            });
            let file = MarksFile { down, devices: devices.collect() };
            let text = file.to_text();
            prop_assert_eq!(MarksFile::parse(&text), Ok(file));
            // Not even the last byte but one can be missing.
            for len in 0..text.len() - 1 {
                prop_assert!(MarksFile::parse(&text[..len]).is_err());
            }
        }

        #[test]
        fn any_text_does_no_harm(text in "(spandrel marks 1\n)?(down [0-9]{1,30}\n)?[ -~\n]{0,80}") {
            let _ = MarksFile::parse(&text);
        }
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        let parse = |lines: &str| MarksFile::parse(&format!("{FIRST_LINE}\ndown 5\n{lines}"));
        assert_eq!(parse("1 whole 7:8\nend\n").unwrap().devices[&1].get(7), Some(8));
        assert_eq!(parse("1 whole 7:8\n"), Err(4));
        assert_eq!(parse("1 half 7:8\nend\n"), Err(3));
        assert_eq!(parse("1 whole 7-8\nend\n"), Err(3));
        assert_eq!(parse("1 whole\n1 whole\nend\n"), Err(4));
        assert_eq!(parse("end\nmore\n"), Err(4));
        assert_eq!(MarksFile::parse("another file\n\n"), Err(1));
        assert_eq!(MarksFile::parse(""), Err(1));
    }

    #[test]
    fn marks_only_grow_and_are_bounded() {
        let mut marks = Marks::default();
        assert!(!marks.raise(5, 10) && !marks.raise(5, 3));
        assert_eq!((marks.get(5), marks.get(6), marks.newest()), (Some(10), None, Some(5)));
        for session in 100..100 + u32::try_from(MOST_SESSIONS).unwrap() {
            let is_last = session == 99 + u32::try_from(MOST_SESSIONS).unwrap();
            assert_eq!(marks.raise(session, 1), is_last);
        }
        assert!(marks.get(5).is_none() && marks.has_forgotten);
    }
}

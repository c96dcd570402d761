//! What files are called, and which of them count when a collector starts.
//!
//! | name | is |
//! |---|---|
//! | `lock` | taken by the process that has the store; its number |
//! | `log-N.spans` | spans that came and are not sealed yet |
//! | `block-FIRST-LAST-KEEP-OF.spans` | what the logs FIRST to LAST had, of spans that are kept KEEP seconds |
//! | `deleted` | which traces somebody deleted |
//! | `*.tmp` | a block, or `deleted`, that is not finished |
//!
//! A log is sealed into OF blocks, one for each time that spans are kept; 0 is the store's own.
//! So no list of files is needed: a block whose logs another block has too was merged into that,
//! and a log whose blocks are all there was sealed.

use std::collections::BTreeSet;

/// The name of a log.
pub(super) fn log(number: u64) -> String {
    format!("log-{number:010}.spans")
}

/// The number in a log's name.
pub(super) fn log_number(name: &str) -> Option<u64> {
    name.strip_prefix("log-")?.strip_suffix(".spans")?.parse().ok()
}

/// What says which traces were deleted.
pub(super) const DELETED: &str = "deleted";
/// The same while it is written.
pub(super) const DELETED_UNFINISHED: &str = "deleted.tmp";

/// Whether it is a file that was not finished.
pub(super) fn is_unfinished(name: &str) -> bool {
    name == DELETED_UNFINISHED || name.ends_with(".tmp") && name.starts_with("block-")
}

/// What a block's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BlockName {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) keep_s: u64,
    pub(super) of: u32,
}

impl BlockName {
    pub(super) fn to_name(self) -> String {
        let Self { first, last, keep_s, of } = self;
        format!("block-{first:010}-{last:010}-{keep_s}-{of}.spans")
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("block-")?.strip_suffix(".spans")?.split('-');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (first, last, keep_s, of) = (number()?, number()?, number()?, number()?);
        let of = u32::try_from(of).ok()?;
        (parts.next().is_none() && first <= last).then_some(Self { first, last, keep_s, of })
    }

    fn is_merged(self) -> bool {
        self.first < self.last
    }

    fn has(self, log: u64) -> bool {
        (self.first..=self.last).contains(&log)
    }
}

/// What is to be done with the files that are there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorting {
    /// To be read.
    pub(super) blocks: Vec<BlockName>,
    pub(super) logs: Vec<u64>,
    /// To be removed: what they have is in others.
    pub(super) leftovers: Vec<String>,
}

/// Sorts out what a process left that ended at any moment.
pub(super) fn sort<'a>(names: impl Iterator<Item = &'a str>) -> Sorting {
    let mut sorting = Sorting::default();
    let (mut blocks, mut logs) = (BTreeSet::new(), BTreeSet::new());
    for name in names {
        if is_unfinished(name) {
            sorting.leftovers.push(name.to_owned());
        }
        blocks.extend(BlockName::parse(name));
        logs.extend(log_number(name));
    }
    let is_merged_away = |block: &BlockName| {
        blocks.iter().any(|other| {
            other != block
                && other.keep_s == block.keep_s
                && other.has(block.first)
                && other.has(block.last)
        })
    };
    let (gone, mut kept): (Vec<_>, Vec<_>) =
        blocks.iter().copied().partition(|block| is_merged_away(block));
    sorting.leftovers.extend(gone.into_iter().map(BlockName::to_name));
    for log_number in logs {
        let of_log = |block: &BlockName| block.first == log_number && !block.is_merged();
        let parts = kept.iter().filter(|block| of_log(block)).count();
        let is_whole = kept.iter().any(|block| {
            block.is_merged() && block.has(log_number)
                || of_log(block) && block.of as usize == parts
        });
        if is_whole {
            sorting.leftovers.push(log(log_number));
        } else {
            sorting.logs.push(log_number);
            let unfinished = kept.iter().filter(|block| of_log(block));
            sorting.leftovers.extend(unfinished.map(|block| block.to_name()));
            kept.retain(|block| !of_log(block));
        }
    }
    sorting.blocks = kept;
    sorting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: u64, last: u64, keep_s: u64, of: u32) -> BlockName {
        BlockName { first, last, keep_s, of }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        let name = block(3, 17, 3600, 2);
        assert_eq!(BlockName::parse(&name.to_name()), Some(name));
        assert_eq!(log_number(&log(12)), Some(12));
        for odd in ["block-1-0-0-1.spans", "block-1-2-3.spans", "log-x.spans", "lock", "x.tmp"] {
            assert_eq!((BlockName::parse(odd), log_number(odd)), (None, None), "{odd}");
        }
    }

    #[test]
    fn a_log_counts_until_all_its_blocks_are_there() {
        let names = [log(5), block(5, 5, 0, 2).to_name(), block(1, 4, 0, 1).to_name(), log(6)];
        let sorting = sort(names.iter().map(String::as_str));
        assert_eq!(sorting.logs, [5, 6]);
        assert_eq!(sorting.blocks, [block(1, 4, 0, 1)]);
        assert_eq!(sorting.leftovers, [block(5, 5, 0, 2).to_name()]);

        let names = [log(5), block(5, 5, 0, 2).to_name(), block(5, 5, 60, 2).to_name()];
        let sorting = sort(names.iter().map(String::as_str));
        assert_eq!((sorting.logs.len(), sorting.blocks.len()), (0, 2));
        assert_eq!(sorting.leftovers, [log(5)]);
    }

    #[test]
    fn what_was_merged_and_not_removed_is_left_over() {
        let merged = block(1, 8, 0, 1);
        let names = [merged, block(3, 3, 0, 1), block(3, 3, 60, 2), block(9, 9, 0, 1)];
        let names: Vec<_> = names.into_iter().map(BlockName::to_name).collect();
        let all = names.iter().map(String::as_str).chain(["block-1.tmp"]);
        let sorting = sort(all);
        assert_eq!(sorting.blocks, [merged, block(3, 3, 60, 2), block(9, 9, 0, 1)]);
        assert_eq!(sorting.leftovers, ["block-1.tmp".to_owned(), block(3, 3, 0, 1).to_name()]);
    }
}

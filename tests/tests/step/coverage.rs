//! Whether the interrupt came at every instruction of a stretch.

use std::collections::BTreeMap;

/// The last half word of what unmasks: `cpsie i` and `msr PRIMASK, r0` and the like. An interrupt that
/// waits comes right behind it.
const UNMASK: [u16; 2] = [0xb662, 0x8810];

/// Where the interrupts of one stretch came.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// The stretch's length in instructions, when nothing interrupts it.
    pub(crate) length: u32,
    /// By the time of the interrupt in instructions: in how many runs, and the half word before the
    /// interrupted instruction.
    at: BTreeMap<u32, (u32, u16)>,
}

impl Coverage {
    pub(crate) fn new(length: u32) -> Self {
        Self { length, at: BTreeMap::new() }
    }

    /// The interrupt came inside the stretch, so many instructions behind its start and a constant.
    pub(crate) fn came(&mut self, at: u32, before: u16) {
        self.at.entry(at).or_insert((0, before)).0 += 1;
    }

    /// At how many distinct instructions the interrupt came.
    ///
    /// Where the processor was masked it fired and had to wait: then it comes once for each masked
    /// instruction behind the one that unmasks.
    pub(crate) fn check(&self) -> Result<u32, String> {
        let fired: u32 = self.at.values().map(|(count, _)| count).sum();
        if fired != self.length {
            return Err(format!("it fired at {fired} of {} instructions", self.length));
        }
        let Some((&first, _)) = self.at.first_key_value() else { return Ok(0) };
        let mut next = first;
        for (&at, &(count, before)) in &self.at {
            if at != next + count - 1 {
                return Err(format!("{count} interrupts came at {at}, and the last before {next}"));
            }
            if count > 1 && !UNMASK.contains(&before) {
                return Err(format!("at {at} it came behind {before:#x}, which unmasks nothing"));
            }
            next = at + 1;
        }
        Ok(u32::try_from(self.at.len()).unwrap())
    }
}

#[test]
fn what_was_not_hit_is_told() {
    let with = |length, hits: &[(u32, u16)]| {
        let mut coverage = Coverage::new(length);
        hits.iter().for_each(|&(at, before)| coverage.came(at, before));
        coverage.check()
    };
    assert_eq!(with(3, &[(5, 0), (6, 0), (7, 0)]), Ok(3));
    assert_eq!(with(4, &[(5, 0), (7, UNMASK[0]), (7, UNMASK[0]), (8, 0)]), Ok(3));
    assert!(with(4, &[(5, 0), (6, 0), (7, 0)]).is_err(), "one was not armed");
    assert!(with(3, &[(5, 0), (7, 0), (7, 0)]).is_err(), "one was missed without a mask");
    assert!(with(2, &[(5, 0), (7, 0)]).is_err(), "one was skipped");
}

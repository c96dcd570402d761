//! What is noted on a disk: that packets may be let in, before they are.

use super::Gate;
use crate::auth::Passed;
use crate::auth::marks::MarksFile;
use crate::auth::state::Keep;
use spandrel::DeviceId;

/// Where it is noted, and what of it.
#[derive(Debug)]
pub(super) struct Disk {
    keep: Box<dyn Keep>,
    /// The wish that was made last, and the last that came true.
    wish: u64,
    kept: u64,
    /// Something is to be noted.
    pub(super) is_due: bool,
}

/// How far ahead of the frames that go down their numbers are noted; they are microseconds.
const DOWN_AHEAD: u64 = 3_600_000_000;

impl Disk {
    pub(super) fn new(keep: Box<dyn Keep>) -> Self {
        Self { keep, wish: 0, kept: 0, is_due: false }
    }
}

impl Gate {
    /// Lets in what the disk has noted, and has it note what is due, one wish at a time.
    pub(super) fn note(&mut self, passed: &mut Passed) {
        let Some(disk) = &mut self.disk else { return };
        let kept = disk.keep.kept();
        if kept > disk.kept {
            disk.kept = kept;
            let known = self.devices.values_mut().flat_map(|device| &mut device.known);
            known.for_each(|known| passed.frames.extend(known.kept(kept)));
        }
        disk.is_due |= self.down.saturating_add(DOWN_AHEAD / 2) > self.down_noted;
        if disk.is_due && disk.wish == disk.kept {
            self.wish();
        }
    }

    fn wish(&mut self) {
        for device in self.devices.values_mut() {
            for known in &device.known {
                if let Some(mark) = known.wanted() {
                    device.marks.raise(known.session.get(), mark);
                }
            }
        }
        let text = self.noted();
        let Some(disk) = &mut self.disk else { return };
        disk.is_due = false;
        disk.wish = disk.keep.keep(text);
        let wish = disk.wish;
        for known in self.devices.values_mut().flat_map(|device| &mut device.known) {
            if let Some(mark) = known.wanted() {
                known.wished(wish, mark);
            }
        }
    }

    /// Notes exactly how far sessions were let in, since nothing more will be.
    pub(super) fn note_all(&mut self) {
        for device in self.devices.values_mut() {
            for known in &device.known {
                device.marks.set(known.session.get(), known.end());
            }
        }
        let text = self.noted();
        if let Some(mut disk) = self.disk.take() {
            disk.keep.keep(text);
        }
    }

    /// The text of the file, with what is known by now.
    fn noted(&mut self) -> String {
        self.down_noted = self.down.saturating_add(DOWN_AHEAD);
        let is_noted = |id: u64| {
            let listed = self.keys.get(DeviceId(id));
            listed.is_none_or(|listed| self.rules(listed).one_way)
        };
        let devices = self.devices.iter().filter(|(id, _)| is_noted(**id));
        let devices = devices.map(|(id, device)| (*id, device.marks.clone())).collect();
        MarksFile { down: self.down_noted, devices }.to_text()
    }
}

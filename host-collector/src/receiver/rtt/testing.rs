//! A target for tests: RAM with a control block in it, and the firmware's side of its rings.
#![expect(clippy::cast_possible_truncation, reason = "a test on a host")]

use super::block::{CHANNEL_LEN, Channel, HEADER_LEN, ID, READ_AT, WRITE_AT};
use super::{Memory, MemoryError};

/// Where the RAM begins.
pub(super) const RAM: u32 = 0x2000_0000;
/// Where the control block is.
pub(super) const BLOCK: u32 = RAM + 0x5d0;

/// A target that stands still.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) ram: Vec<u8>,
    /// Bytes that were read and written.
    pub(super) moved: usize,
    ups: u32,
}

impl Target {
    /// Memory without anything in it.
    pub(super) fn new() -> Self {
        Self { ram: vec![0; 0x4000], ..Self::default() }
    }

    /// What `rtt_init!` of the firmware does: channels up and down by name and length of their rings.
    pub(super) fn init(&mut self, up: &[(&str, u32)], down: &[(&str, u32)]) {
        let (mut name_at, mut ring_at) = (RAM + 0x100, RAM + 0x1000);
        self.ups = up.len() as u32;
        for (at, (name, size)) in (0..).zip(up.iter().chain(down)) {
            self.put(name_at, name.as_bytes());
            self.put(name_at + name.len() as u32, &[0]);
            for (word, value) in (0..).zip([name_at, ring_at, *size, 0, 0, 0]) {
                self.put_word(channel_at(at) + 4 * word, value);
            }
            (name_at, ring_at) = (name_at + 0x20, ring_at + size);
        }
        self.put_word(BLOCK + 16, up.len() as u32);
        self.put_word(BLOCK + 20, down.len() as u32);
        self.put(BLOCK, &ID);
    }

    /// What the firmware writes: all of it, or nothing.
    pub(super) fn write_up(&mut self, number: u32, bytes: &[u8]) -> bool {
        let mut channel = self.channel(number);
        let free: usize = channel.free().iter().map(ExactSizeIterator::len).sum();
        if free < bytes.len() {
            return false;
        }
        for byte in bytes {
            self.put(channel.buffer + channel.write, &[*byte]);
            channel.write = channel.advance(channel.write, 1);
        }
        self.put_word(channel_at(number) + WRITE_AT, channel.write);
        true
    }

    /// What the firmware reads.
    pub(super) fn read_down(&mut self, number: u32) -> Vec<u8> {
        let number = self.ups + number;
        let channel = self.channel(number);
        let bytes = channel.filled().into_iter().flatten();
        let bytes = bytes.map(|offset| self.get(channel.buffer + offset, 1)[0]).collect();
        self.put_word(channel_at(number) + READ_AT, channel.write);
        bytes
    }

    /// The channel with this number, those up counted first.
    pub(super) fn channel(&self, number: u32) -> Channel {
        Channel::parse(self.get(channel_at(number), CHANNEL_LEN).try_into().unwrap())
    }

    pub(super) fn get(&self, address: u32, len: usize) -> &[u8] {
        &self.ram[(address - RAM) as usize..][..len]
    }

    pub(super) fn put(&mut self, address: u32, bytes: &[u8]) {
        self.ram[(address - RAM) as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn put_word(&mut self, address: u32, word: u32) {
        self.put(address, &word.to_le_bytes());
    }
}

/// Where a channel is in the control block, those up counted first.
pub(super) fn channel_at(number: u32) -> u32 {
    BLOCK + HEADER_LEN as u32 + number * CHANNEL_LEN as u32
}

impl Memory for Target {
    fn read(&mut self, address: u32, out: &mut [u8]) -> Result<(), MemoryError> {
        self.moved += out.len();
        let at = address.checked_sub(RAM).map(|at| at as usize);
        let from = at.and_then(|at| self.ram.get(at..)).and_then(|ram| ram.get(..out.len()));
        out.copy_from_slice(from.ok_or(MemoryError::Refused(address))?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        self.moved += bytes.len();
        let at = address.checked_sub(RAM).map(|at| at as usize);
        let to = at.and_then(|at| self.ram.get_mut(at..));
        let to = to.and_then(|ram| ram.get_mut(..bytes.len()));
        to.ok_or(MemoryError::Refused(address))?.copy_from_slice(bytes);
        Ok(())
    }
}

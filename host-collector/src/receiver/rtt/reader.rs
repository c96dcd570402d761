//! [`Reader`]: takes what is in the ring up, and puts what there is to say into the ring down.

use super::block::{
    CHANNEL_SIZE, Channel, ChannelFault, HEADER_LEN, HEADER_SIZE, Header, READ_AT, WRITE_AT,
};
use super::search::Search;
use super::{Memory, MemoryError, Place};
use std::collections::VecDeque;

/// What the channels of the firmware are called.
pub const NAME: &str = "spandrel";

/// Which channels of the control block are read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Those called [`NAME`].
    #[default]
    Named,
    /// Those with this number.
    Number(u32),
}

/// What came of one look at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// So many bytes were read and written.
    Exchanged {
        /// From the target to here.
        up: usize,
        /// From here to the target.
        down: usize,
    },
    /// There is no control block, or not yet.
    NoBlock,
    /// The control block has no such channel up.
    NoChannel,
    /// It has, but the channel cannot be used, or not yet.
    Faulty(ChannelFault),
}

/// Reads and writes the rings of one target.
#[derive(Debug)]
pub struct Reader {
    search: Search,
    which: Which,
    found: Option<Found>,
}

/// The channels in use.
#[derive(Clone, Copy, Debug)]
struct Found {
    block: u32,
    header: Header,
    up: Numbered,
    down: Option<Numbered>,
}

/// A channel, and its number among those of its direction.
#[derive(Clone, Copy, Debug)]
struct Numbered {
    number: u32,
    channel: Channel,
}

impl Reader {
    /// A reader that has not looked yet.
    #[must_use]
    pub fn new(place: Place, which: Which) -> Self {
        Self { search: Search::new(place), which, found: None }
    }

    /// Looks once: appends what came up to `up`, and takes from `down` what the target has room for.
    ///
    /// The target may run meanwhile. It takes no more than some packets of memory: the control block
    /// and one ring, each way.
    ///
    /// # Errors
    /// Where the probe is lost; memory that cannot be had is a [`Look`] at no control block.
    pub fn look<M: Memory>(
        &mut self,
        memory: &mut M,
        up: &mut Vec<u8>,
        down: &mut VecDeque<u8>,
    ) -> Result<Look, MemoryError> {
        match self.try_look(memory, up, down) {
            Err(MemoryError::Refused(_)) => {
                self.forget();
                Ok(Look::NoBlock)
            }
            other => other,
        }
    }

    fn try_look<M: Memory>(
        &mut self,
        memory: &mut M,
        up: &mut Vec<u8>,
        down: &mut VecDeque<u8>,
    ) -> Result<Look, MemoryError> {
        let found = match self.found {
            Some(found) => found.again(memory)?,
            None => None,
        };
        let found = match found {
            Some(found) => found,
            None => match self.find(memory)? {
                Ok(found) => found,
                Err(look) => return Ok(look),
            },
        };
        self.found = Some(found);
        if let Err(fault) = found.up.channel.check() {
            self.forget();
            return Ok(Look::Faulty(fault));
        }
        let came = found.take(memory, up)?;
        let went = found.give(memory, down)?;
        Ok(Look::Exchanged { up: came, down: went })
    }

    /// The target was reset, or is another: what is found must be found again.
    fn forget(&mut self) {
        if let Some(found) = self.found.take() {
            self.search.begin_with(found.block);
        }
    }

    fn find<M: Memory>(&mut self, memory: &mut M) -> Result<Result<Found, Look>, MemoryError> {
        self.forget();
        let Some((block, header)) = self.search.next(memory)? else {
            return Ok(Err(Look::NoBlock));
        };
        let Some(channels) = channels(memory, block, header)? else {
            return Ok(Err(Look::NoBlock));
        };
        let (ups, downs) = channels.split_at_checked(header.up as usize).unwrap_or_default();
        let Some(up) = self.choose(memory, ups)? else { return Ok(Err(Look::NoChannel)) };
        let down = self.choose(memory, downs)?;
        Ok(Ok(Found { block, header, up, down }))
    }

    fn choose<M: Memory>(
        &self,
        memory: &mut M,
        channels: &[Channel],
    ) -> Result<Option<Numbered>, MemoryError> {
        for (number, &channel) in (0..).zip(channels) {
            let is_it = match self.which {
                Which::Number(wanted) => number == wanted,
                Which::Named => is_named(memory, channel.name)?,
            };
            if is_it {
                return Ok(Some(Numbered { number, channel }));
            }
        }
        Ok(None)
    }
}

impl Found {
    /// The same channels with their offsets as they are now; none where it is not the same any more.
    fn again<M: Memory>(self, memory: &mut M) -> Result<Option<Self>, MemoryError> {
        let mut bytes = vec![0; HEADER_LEN + self.header.channels_size() as usize];
        memory.read(self.block, &mut bytes)?;
        let header = bytes.first_chunk().and_then(Header::parse);
        let (channels, _) = bytes.get(HEADER_LEN..).unwrap_or_default().as_chunks();
        let same = |old: Numbered, first: u32| {
            let channel = channels.get((first + old.number) as usize).map(Channel::parse)?;
            let is_same = channel.is_same(&old.channel);
            is_same.then_some(Numbered { channel, ..old })
        };
        let Some(up) = same(self.up, 0).filter(|_| header == Some(self.header)) else {
            return Ok(None);
        };
        let down = self.down.and_then(|down| same(down, self.header.up));
        // A channel that was not there when the block was found is looked for.
        let is_lost = down.is_none() && self.down.is_some();
        Ok((!is_lost).then_some(Self { up, down, ..self }))
    }

    /// Address of a channel in the control block; `first` is the number of the first of its direction.
    fn address(&self, first: u32, channel: Numbered) -> u32 {
        let offset = HEADER_SIZE + (first + channel.number) * CHANNEL_SIZE;
        self.block.wrapping_add(offset)
    }

    fn take<M: Memory>(&self, memory: &mut M, up: &mut Vec<u8>) -> Result<usize, MemoryError> {
        let channel = self.up.channel;
        let before = up.len();
        for piece in channel.filled().into_iter().filter(|piece| !piece.is_empty()) {
            let start = up.len();
            up.resize(start + piece.len(), 0);
            let read =
                memory.read(channel.buffer + piece.start, up.get_mut(start..).unwrap_or_default());
            if let Err(error) = read {
                up.truncate(before);
                return Err(error);
            }
        }
        if up.len() != before {
            let place = self.address(0, self.up).wrapping_add(READ_AT);
            if let Err(error) = memory.write(place, &channel.write.to_le_bytes()) {
                // It will be read again.
                up.truncate(before);
                return Err(error);
            }
        }
        Ok(up.len() - before)
    }

    fn give<M: Memory>(
        &self,
        memory: &mut M,
        down: &mut VecDeque<u8>,
    ) -> Result<usize, MemoryError> {
        let Some(numbered) = self.down.filter(|down| down.channel.check().is_ok()) else {
            // There is no way down, so nothing waits for one.
            down.clear();
            return Ok(0);
        };
        let channel = numbered.channel;
        let mut given = 0;
        for piece in channel.free() {
            let count = piece.len().min(down.len() - given);
            if count == 0 {
                break;
            }
            let bytes: Vec<u8> = down.iter().copied().skip(given).take(count).collect();
            memory.write(channel.buffer + piece.start, &bytes)?;
            given += count;
        }
        if given != 0 {
            let end = channel.advance(channel.write, u32::try_from(given).unwrap_or_default());
            let place = self.address(self.header.up, numbered).wrapping_add(WRITE_AT);
            memory.write(place, &end.to_le_bytes())?;
            down.drain(..given);
        }
        Ok(given)
    }
}

/// All channels of a control block, those up first; none where they are beyond the memory's end.
fn channels<M: Memory>(
    memory: &mut M,
    block: u32,
    header: Header,
) -> Result<Option<Vec<Channel>>, MemoryError> {
    let size = header.channels_size();
    let start = block.checked_add(HEADER_SIZE).filter(|start| start.checked_add(size).is_some());
    let Some(start) = start else { return Ok(None) };
    let mut bytes = vec![0; size as usize];
    memory.read(start, &mut bytes)?;
    Ok(Some(bytes.as_chunks().0.iter().map(Channel::parse).collect()))
}

/// Whether our name is at this address; what cannot be read is no name.
fn is_named<M: Memory>(memory: &mut M, address: u32) -> Result<bool, MemoryError> {
    let mut bytes = [0; NAME.len() + 1];
    if address == 0 {
        return Ok(false);
    }
    match memory.read(address, &mut bytes) {
        Ok(()) => Ok(bytes.strip_suffix(&[0]) == Some(NAME.as_bytes())),
        Err(MemoryError::Refused(_)) => Ok(false),
        Err(lost) => Err(lost),
    }
}

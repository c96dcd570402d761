//! Whether every byte of a block is what was written.

use super::footer::{Footer, MAGIC, VERSION};
use super::sorted::Sorted;
use super::{Block, Unpacked, Want};
use crate::store::codec::wire::narrow;
use crate::store::disk::read;
use std::io;

impl Block {
    /// Reads all of it. Says how many spans it gave, and what is damaged.
    pub(in crate::store) fn check(&self) -> io::Result<(u64, Vec<String>)> {
        let mut damaged = Vec::new();
        let head = [&MAGIC[..], &VERSION.to_le_bytes(), &[0; 4]].concat();
        if read(&*self.input, 0, head.len())? != head {
            damaged.push("its head is damaged; nothing is lost".to_owned());
        }
        let mut spans = 0;
        for about in self.footer.groups.iter().filter(|about| about.rows > 0) {
            let mut group = Unpacked::default();
            match self.unpack(*about, &mut group, Want::ALL)? {
                Ok(()) => spans += group.rows.len() as u64,
                Err(_) => {
                    let lost = format!("at byte {}: {} spans are lost", about.offset, about.rows);
                    damaged.push(lost);
                }
            }
        }
        let mut slow = |what: &str, is_damaged: bool| {
            if is_damaged {
                damaged
                    .push(format!("{what} is damaged: searches are slower, and nothing is lost"));
            }
        };
        slow("the table of traces", !self.is_whole(&self.footer.by_trace)?);
        slow("the table of rare terms", !self.is_whole(&self.footer.places)?);
        slow("the table of bitmaps", !self.is_whole(&self.footer.bitmaps)?);
        slow("a bitmap", !self.are_bitmaps_whole()?);
        slow("the filter of traces", self.section(self.footer.filter)?.is_err());
        if self.section(self.footer.catalog)?.is_err() {
            damaged.push("the catalog is damaged: what only it has is not listed".to_owned());
        }
        if !Footer::are_both_whole(&*self.input)? {
            damaged.push("one of two copies of its end is damaged; nothing is lost".to_owned());
        }
        Ok((spans, damaged))
    }

    fn is_whole<const N: usize>(&self, table: &Sorted<N>) -> io::Result<bool> {
        for chunk in 0..table.chunks() {
            if table.read_chunk(&*self.input, chunk)?.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn are_bitmaps_whole(&self) -> io::Result<bool> {
        let table = &self.footer.bitmaps;
        for chunk in 0..table.chunks() {
            for [_, _, offset, length] in table.read_chunk(&*self.input, chunk)?.unwrap_or_default()
            {
                let length = narrow(usize::try_from(length).unwrap_or(usize::MAX));
                if self.bitmap(offset, length)?.is_err() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

//! Rows become a block.

use super::catalog::Catalog;
use super::footer::{About, Footer, MAGIC, Place, VERSION};
use super::out::Out;
use super::plan::plan;
use super::postings::Postings;
use super::sorted::Sorted;
use crate::store::codec::filter::Filter;
use crate::store::codec::wire::narrow;
use crate::store::codec::{hash, section};
use crate::store::disk::Disk;
use crate::store::group::Packer;
use crate::store::names::BlockName;
use crate::store::rows::{Rows, at};
use std::io;

/// Begins a file that is not a block yet: with the magic, the version and four zeros.
pub(super) fn begin(disk: &dyn Disk, name: BlockName) -> io::Result<Out> {
    let mut out = Out::new(disk.create(&unfinished(name))?);
    out.put(&MAGIC)?;
    out.put(&VERSION.to_le_bytes())?;
    out.put(&[0; 4])?;
    Ok(out)
}

fn unfinished(name: BlockName) -> String {
    name.to_name().replace(".spans", ".tmp")
}

/// Makes a block of a file that is written.
pub(super) fn end(
    disk: &dyn Disk,
    name: BlockName,
    mut out: Out,
    footer: &Footer,
) -> io::Result<()> {
    footer.write(&mut out)?;
    out.finish()?;
    disk.rename(&unfinished(name), &name.to_name())?;
    disk.sync_names()
}

/// Removes what an attempt left that failed.
pub(in crate::store) fn give_up(disk: &dyn Disk, name: BlockName) {
    // If it cannot be removed either, the next start does it.
    drop(disk.remove(&unfinished(name)));
}

/// Writes a section, and says where.
pub(super) fn put_section(out: &mut Out, content: &[u8]) -> io::Result<Place> {
    let mut bytes = Vec::new();
    section::put(&mut bytes, content);
    let offset = out.at();
    out.put(&bytes)?;
    Ok(Place { offset, length: narrow(bytes.len()) })
}

/// Seals the rows of a log that `keeps` says yes to.
pub(in crate::store) fn seal(
    disk: &dyn Disk,
    name: BlockName,
    rows: &Rows,
    keeps: impl Fn(usize) -> bool,
    now_s: u64,
) -> io::Result<()> {
    let mut out = begin(disk, name)?;
    let mut footer = Footer { keep_s: name.keep_s, sealed_s: (now_s, now_s), ..Footer::default() };
    let mut packer = Packer::default();
    let mut postings = Postings::default();
    let mut traces = Vec::new();
    for (group, number) in plan(rows, &keeps).iter().zip(0_u32..) {
        let packed = packer.pack(rows, &group.parts, &group.members);
        let starts = || group.members.iter().map(|m| at(&rows.start_ns, m.row as usize));
        footer.groups.push(About {
            offset: out.at(),
            lengths: packed.lengths,
            rows: narrow(group.members.len()),
            log: name.first,
            min_start_ns: starts().min().unwrap_or_default(),
            max_start_ns: starts().max().unwrap_or_default(),
            max_end_ns: group.parts.iter().map(|part| part.end_ns).max().unwrap_or_default(),
        });
        out.put(&packed.bytes)?;
        postings.add(rows, number, &group.members);
        for part in &group.parts {
            if let Some(id) = rows.traces.get(part.trace as usize) {
                traces.push([hash::of_trace(*id).into(), u64::from(number)]);
            }
        }
    }
    traces.sort_unstable();
    traces.dedup();
    footer.traces = traces.len() as u64;
    let mut filter = Filter::with_room(traces.len());
    for [hash, _] in &traces {
        filter.insert(u32::try_from(*hash).unwrap_or_default());
    }
    footer.by_trace = Sorted::write(&mut out, traces.into_iter().map(Ok))?;
    (footer.bitmaps, footer.places) = postings.write(&mut out)?;
    footer.filter = put_section(&mut out, &filter.to_bytes())?;
    let mut catalog = Catalog::default();
    catalog.add(rows, keeps);
    footer.catalog = put_section(&mut out, &catalog.to_bytes())?;
    end(disk, name, out, &footer)
}

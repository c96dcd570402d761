//! What a process says of itself.

use super::Tracer;
use crate::wire::{ProcessTags, Value, Writer};

impl Tracer {
    /// The identity of the build.
    #[cfg(feature = "retained")]
    pub(in crate::live) fn build_id_bytes(&self) -> &'static [u8] {
        self.build.get()
    }

    /// Writes the description of the process.
    pub(crate) fn describe(&self, out: &mut Writer<'_>) {
        out.text(self.service);
        out.bytes(self.build.get());
        match self.write_tags {
            Some(write) => write(self, out),
            None => out.byte(0),
        }
    }

    pub(super) fn write_all_tags(&self, out: &mut Writer<'_>) {
        let mut count = ProcessTags::counting();
        self.each_tag(&mut count);
        out.byte(count.len());
        self.each_tag(&mut ProcessTags::writing(out));
    }

    fn each_tag(&self, tags: &mut ProcessTags<'_, '_>) {
        self.tags.iter().for_each(|(key, value)| tags.add(key, *value));
        if let Some(more) = self.tags_from {
            more(tags);
        }
        if let Some(handle) = self.handle {
            tags.add("device.handle", Value::U32(handle.told().into()));
        }
        // The collector gives them to each root instead.
        if self.decide.is_some() {
            let (by, param) = if self.share < 0.0 {
                ("const", Value::Bool(false))
            } else {
                ("probabilistic", Value::F64(self.share))
            };
            tags.add("sampler.type", Value::Text(by));
            tags.add("sampler.param", param);
        }
    }
}

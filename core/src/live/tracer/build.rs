//! What a tracer is made of, in the static that it is.

use super::super::sampling::Adjustable;
use super::Tracer;
#[cfg(feature = "baggage")]
use crate::BaggagePool;
use crate::DeviceId;
use crate::carrier::short::ShortHandle;
use crate::config::{BuildSource, DeviceSource, SessionSource};
use crate::sampler::{EVERY, Sampler, below};
use crate::wire::{ProcessTags, Value, write_tags};

impl Tracer {
    /// Gives each thread a ring of its own, as long as the recorder's or the next power of two, which it
    /// allocates when it first records; for services that run on a host.
    ///
    /// Then no two threads wait for each other to record a span. One that ends leaves its ring to the
    /// next, so there are as many as threads recorded at the same time. Signal handlers must not record.
    /// Not together with a [`Window`](crate::Window).
    ///
    /// ```
    /// use spandrel::{Clock, Recorder, Tracer, span};
    ///
    /// static RECORDER: Recorder<16384> = Recorder::new(); // 64 KiB, and as much for each thread
    /// static TRACER: Tracer =
    ///     Tracer::new("gateway", &RECORDER, Clock::tsc()).ring_per_thread();
    ///
    /// std::thread::spawn(|| span!(TRACER, "route", port = 2).finish()).join().unwrap();
    /// ```
    ///
    /// # Panics
    /// At compile time, with a window.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn ring_per_thread(mut self) -> Self {
        let has_window = self.held().is_some() || self.newest().is_some();
        assert!(!has_window, "a window is of one ring");
        self.recorder.is_per_thread = true;
        self
    }

    /// The identity of the device, where it is in the image.
    #[must_use]
    pub const fn device_id(mut self, device: DeviceId) -> Self {
        self.device = DeviceSource::Fixed(device);
        self
    }

    /// The identity of the device, where it is read from the chip; asked often, always the same.
    #[must_use]
    pub const fn device_id_from(mut self, read: fn() -> DeviceId) -> Self {
        self.device = DeviceSource::Function(read);
        self
    }

    /// Where the number of each boot comes from.
    #[must_use]
    pub const fn session(mut self, source: SessionSource) -> Self {
        self.session = source;
        self
    }

    /// Which roots are recorded.
    #[must_use]
    pub const fn sampler(mut self, sampler: Sampler) -> Self {
        let share = match sampler {
            Sampler::Always => return self,
            Sampler::Adjustable(sampler) => {
                self.adjustable = Some(Adjustable { sampler, begin: Adjustable::begin });
                return self;
            }
            Sampler::Never => f64::NEG_INFINITY,
            Sampler::Probabilistic(share) => share,
        };
        self.sampled_below = below(share);
        self.decide = if self.sampled_below >= EVERY { None } else { Some(Self::decide_root) };
        self.share = share;
        self.write_tags = Some(Self::write_all_tags);
        self
    }

    /// Tags of the process, up to 255: `("board", Value::Text("nucleo"))`.
    #[must_use]
    pub const fn tags(mut self, tags: &'static [(&'static str, Value<'static>)]) -> Self {
        self.tags = tags;
        if self.write_tags.is_none() {
            self.write_tags = Some(|tracer, out| write_tags(tracer.tags, out));
        }
        self
    }

    /// More tags of the process, which are only known when it runs: an instance, a version that the boot
    /// loader knows, the cause of the reset. [`semconv`](crate::semconv) has their names.
    ///
    /// It is asked again and again, and always says the same.
    ///
    /// ```
    /// use spandrel::{Clock, ProcessTags, Recorder, Tracer, Value};
    ///
    /// fn tags(tags: &mut ProcessTags<'_, '_>) {
    ///     tags.add("service.instance.id", Value::Text("rack 7"));
    ///     tags.add("reset.cause", Value::Text("watchdog"));
    /// }
    ///
    /// static RECORDER: Recorder<1024> = Recorder::new();
    /// static TRACER: Tracer =
    ///     Tracer::new("sensor", &RECORDER, Clock::monotonic()).tags_from(tags);
    /// ```
    #[must_use]
    pub const fn tags_from(mut self, tags: fn(&mut ProcessTags<'_, '_>)) -> Self {
        self.tags_from = Some(tags);
        self.write_tags = Some(Self::write_all_tags);
        self
    }

    /// The handle by which this device goes in the [short form](crate::carrier::short) of contexts.
    #[must_use]
    pub const fn short_handle(mut self, handle: &'static ShortHandle) -> Self {
        self.handle = Some(handle);
        self.write_tags = Some(Self::write_all_tags);
        self
    }

    /// The pool of baggage. Without one, and without the feature `baggage`, no span has any.
    #[cfg(feature = "baggage")]
    #[must_use]
    pub const fn baggage<const ITEMS: usize, const BYTES: usize>(
        mut self,
        pool: &'static BaggagePool<ITEMS, BYTES>,
    ) -> Self {
        self.optional.pool = Some(pool.by_ref());
        self
    }

    /// The identity of the program's build.
    #[must_use]
    pub const fn build_id(mut self, build: &'static [u8]) -> Self {
        self.build = BuildSource::Fixed(build);
        self
    }

    /// The identity of the program's build, where the linker noted it: see
    /// [`build_id_of_note`](crate::build_id_of_note). Asked often, always the same.
    #[must_use]
    pub const fn build_id_from(mut self, read: fn() -> &'static [u8]) -> Self {
        self.build = BuildSource::Function(read);
        self
    }
}

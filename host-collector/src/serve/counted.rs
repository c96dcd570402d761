//! [`Counted`]: a pipeline that is seen while it runs, and that follows a file and orders.

use super::strategies::Told;
use crate::devices::Devices;
use crate::pipeline::{Output, Pipeline};
use crate::receiver::{Feed, Handler, Peer, Replies};
use crate::stats::Live;

/// So many devices are looked at in one tick: thousands take their turns within a second.
const SEEN_AT_ONCE: usize = 512;

/// Hands on everything; at every tick it publishes, and tells devices what is new.
pub(super) struct Counted<'a, S> {
    pub(super) pipeline: &'a mut Pipeline<S>,
    pub(super) feed: Feed,
    pub(super) live: Live,
    /// Who looks at devices, and tells them something.
    pub(super) devices: Devices,
    /// What devices are told of sampling; none where they are told nothing.
    pub(super) told: Option<Told>,
}

impl<S: FnMut(Output)> Handler for Counted<'_, S> {
    fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies) {
        self.pipeline.on_frame(bytes, peer, rx_ns, replies);
    }

    fn on_sent(&mut self, peer: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64) {
        self.pipeline.on_sent(peer, session_tag, ping, sent_ns);
    }

    fn on_closed(&mut self, peer: &Peer) {
        self.pipeline.on_closed(peer);
    }

    fn on_tick(&mut self, now_ns: u64, replies: &mut Replies) {
        if let Some(standing) = self.told.as_mut().and_then(Told::news) {
            self.pipeline.stand(standing);
        }
        for asked in self.devices.take_orders() {
            let told = self.pipeline.order(&asked.order);
            let standing = self.pipeline.orders().iter().map(ToString::to_string);
            self.devices.set_standing(standing.collect());
            asked.answer(told);
        }
        self.pipeline.on_tick(now_ns, replies);
        self.pipeline.show(&self.devices, now_ns, SEEN_AT_ONCE);
        self.live.publish(self.pipeline.stats().with_drops(self.feed.drops()));
    }

    fn on_clock_step(&mut self, step_ns: i64) {
        self.pipeline.on_clock_step(step_ns);
    }
}

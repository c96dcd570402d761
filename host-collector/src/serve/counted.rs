//! [`Counted`]: a pipeline whose counts are published while it runs.

use crate::pipeline::{Output, Pipeline};
use crate::receiver::{Feed, Handler, Peer, Replies};
use crate::stats::Live;

/// Hands on everything, and publishes at every tick.
pub(super) struct Counted<'a, S> {
    pub(super) pipeline: &'a mut Pipeline<S>,
    pub(super) feed: Feed,
    pub(super) live: Live,
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
        self.pipeline.on_tick(now_ns, replies);
        self.live.publish(self.pipeline.stats().with_drops(self.feed.drops()));
    }

    fn on_clock_step(&mut self, step_ns: i64) {
        self.pipeline.on_clock_step(step_ns);
    }
}

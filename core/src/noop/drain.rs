//! A drain that gives nothing.

use crate::wire::{Asked, Losses};

/// Gives nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct Drain(pub(super) ());

impl Drain {
    /// None.
    #[inline(always)]
    pub fn frame<'b>(&mut self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        None
    }

    /// None.
    #[inline(always)]
    pub fn hello<'b>(&mut self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        None
    }

    /// True: there is nothing to tell.
    #[inline(always)]
    pub fn is_described(&self) -> bool {
        true
    }

    /// None.
    #[inline(always)]
    pub fn pong<'b>(&mut self, _: &'b mut [u8], _: u32, _: u64) -> Option<&'b [u8]> {
        None
    }

    /// 0.
    #[inline(always)]
    pub fn backlog_words(&self) -> usize {
        0
    }

    /// True: there is nothing to send.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        true
    }

    /// Does nothing.
    #[inline(always)]
    pub fn rotate_definitions(&mut self) {}

    /// Does nothing.
    #[inline(always)]
    pub fn make_room(&mut self) {}

    /// False.
    #[inline(always)]
    pub fn is_answer_due(&self) -> bool {
        false
    }

    /// None.
    #[inline(always)]
    pub fn answer<'b>(&mut self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        None
    }

    /// False.
    #[inline(always)]
    pub fn is_resend_due(&self) -> bool {
        false
    }

    /// False.
    #[inline(always)]
    pub fn is_flush_asked(&self) -> bool {
        false
    }

    /// Does nothing.
    #[inline(always)]
    pub fn flushed(&mut self) {}

    /// One tick a second, which never comes.
    #[inline(always)]
    pub fn tick_hz(&self) -> u32 {
        1
    }

    /// Nothing.
    #[inline(always)]
    pub fn on_downlink(&mut self, _: &[u8]) -> Asked {
        Asked::Nothing
    }

    /// 0.
    #[inline(always)]
    pub fn now_ticks(&mut self) -> u64 {
        0
    }

    /// 0.
    #[inline(always)]
    pub fn counter(&self) -> u32 {
        0
    }

    /// None: nothing is recorded, so nothing is lost.
    #[inline(always)]
    pub fn losses(&self) -> Losses {
        Losses::default()
    }
}

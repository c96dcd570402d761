//! Placeholder until the wire has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs)]
pub enum ClockEvent {
    Paused { ns: u64 },
    Rate { hz: u32 },
    Stepped,
    Wall { unix_ns: u64, error_ns: u64 },
}

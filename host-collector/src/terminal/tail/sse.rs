//! A stream of server-sent events, read from bytes as they come.

/// No event is longer; one that is means that this is no such stream.
const LONGEST: usize = 32 << 20;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// It is longer than any event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// What came and is not a whole event yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    waiting: Vec<u8>,
    event: Event,
    /// The events that are whole.
    whole: Vec<Event>,
    is_behind_cr: bool,
}

impl Events {
    /// Takes bytes, and gives the events that are whole with them.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        for byte in bytes {
            let is_behind_cr = core::mem::take(&mut self.is_behind_cr);
            match byte {
                b'\n' if is_behind_cr => {}
                b'\n' | b'\r' => {
                    self.is_behind_cr = *byte == b'\r';
                    let line = core::mem::take(&mut self.waiting);
                    self.line(&String::from_utf8_lossy(&line));
                }
                byte => self.waiting.push(*byte),
            }
            if self.waiting.len() + self.event.data.len() > LONGEST {
                return Err(TooLong);
            }
        }
        Ok(core::mem::take(&mut self.whole))
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            let event = core::mem::take(&mut self.event);
            if !event.data.is_empty() {
                self.whole.push(event);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // Comments, and what is of no use here.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &str = ": here\n\nevent: spans\ndata: [1,\ndata: 2]\r\nid: 7\n\n:\n\ndata: ü\r\rdata\n\nevent: x\n\n";

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    proptest! {
        #[test]
        fn pieces_of_any_length_are_the_same_events(ends in prop::collection::vec(1_usize..9, 1..20)) {
            let (mut events, mut found) = (Events::default(), Vec::new());
            let mut rest = STREAM.as_bytes();
            for end in ends.iter().cycle() {
                let (piece, behind) = rest.split_at((*end).min(rest.len()));
                found.extend(events.take(piece).unwrap());
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, vec![event("spans", "[1,\n2]"), event("", "ü")]);
        }

        #[test]
        fn any_bytes_are_events_or_none(bytes: Vec<u8>) {
            let _ = Events::default().take(&bytes);
        }
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut events = Events::default();
        let piece = vec![b'a'; 1 << 20];
        let refused = (0..64).find_map(|_| events.take(&piece).err());
        assert_eq!(refused, Some(TooLong));
    }
}

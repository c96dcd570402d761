//! The wire format by itself, as a gateway would use it: types written, and read from any bytes.

use core::fmt;
use core::hint::black_box;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple as _, Serializer};
use spandrel::wire::{
    Codec, DataHead, Downlink, FrameKind, Head, Hello, Pong, Record, Shape, Type, Value,
    decode_downlink,
};

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all() {
    let bytes = black_box([0x11; 64]);
    let mut buffer = [0; 64];
    black_box(Head::parse(black_box(0x12)).map(Head::byte)).ok();
    black_box(FrameKind::parse(black_box(1)).map(FrameKind::head)).ok();
    black_box(Type::from_nibble(black_box(1)));
    for ty in Shape(black_box(0x21)).types() {
        black_box(ty).ok();
    }
    let value = black_box(Value::Bool(true));
    black_box((value.ty(), Shape::of(&[value])));

    if let Ok(downlink) = decode_downlink(&bytes) {
        black_box(postcard::to_slice::<Downlink>(&downlink, &mut buffer)).ok();
    }
    if let Ok(hello) = postcard::from_bytes::<Hello<'_>>(&bytes) {
        black_box(postcard::to_slice(&hello, &mut buffer)).ok();
    }
    if let Ok(pong) = postcard::from_bytes::<Pong>(&bytes) {
        black_box(postcard::to_slice(&pong, &mut buffer)).ok();
    }
    if let Ok(head) = postcard::from_bytes::<DataHead>(&bytes) {
        black_box(postcard::to_slice(&head, &mut buffer)).ok();
    }
    if let Ok(two) = postcard::from_bytes::<Two<'_>>(&bytes) {
        black_box(postcard::to_slice(&two, &mut buffer)).ok();
    }
}

/// The records of a frame: the second is written relative to the first.
struct Two<'a>([Record<'a>; 2]);

impl Serialize for Two<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self([first, second]) = self;
        let mut out = serializer.serialize_tuple(2)?;
        let mut codec = Codec::new();
        first.encode(&mut codec, &mut out)?;
        let mark = codec.mark();
        if second.encode(&mut codec, &mut out).is_err() {
            codec.undo(&mark);
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for Two<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;

        impl<'de> Visitor<'de> for Elements {
            type Value = Two<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("two records")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut from: S) -> Result<Two<'de>, S::Error> {
                let mut codec = Codec::new();
                let first = Record::decode(&mut codec, &mut from)?;
                Ok(Two([first, Record::decode(&mut codec, &mut from)?]))
            }
        }

        deserializer.deserialize_tuple(usize::MAX, Elements)
    }
}

//! Frames that own their lists: what a collector decodes into.

use super::codec::Codec;
use super::frame::{DataHead, FrameKind, FromElements, Head, Pong, read_tuple};
use super::hello::{Hello, Process};
use super::record::Record;
use super::value::{Type, Value, next};
use alloc::vec::Vec;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess};
use serde::ser::{Serialize, SerializeTuple, Serializer};

/// A data frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data<'a> {
    /// What stands before the records.
    pub head: DataHead,
    /// The records; as many as the head says.
    pub records: Vec<Record<'a>>,
}

/// What a frame is, behind its head and session tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// Who speaks.
    Hello(Hello<'a>),
    /// Records.
    Data(Data<'a>),
    /// The answer to a ping.
    Pong(Pong),
}

/// One frame that goes up.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame<'a> {
    /// See [`crate::Session::tag`].
    pub session_tag: [u8; 4],
    /// What it says.
    pub body: Body<'a>,
}

impl Serialize for Frame<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_tuple(3)?;
        let kind = match self.body {
            Body::Hello(_) => FrameKind::Hello,
            Body::Data(_) => FrameKind::Data,
            Body::Pong(_) => FrameKind::Pong,
        };
        out.serialize_element(&kind.head())?;
        out.serialize_element(&self.session_tag)?;
        match &self.body {
            Body::Hello(hello) => out.serialize_element(hello)?,
            Body::Data(data) => {
                out.serialize_element(&data.head)?;
                let mut codec = Codec::new();
                data.records.iter().try_for_each(|record| record.encode(&mut codec, &mut out))?;
            }
            Body::Pong(pong) => out.serialize_element(pong)?,
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for Frame<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Frame<'de> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let kind = Head::parse(next(from)?).and_then(|head| FrameKind::parse(head.kind));
        let session_tag = next(from)?;
        let body = match kind.map_err(S::Error::custom)? {
            FrameKind::Hello => Body::Hello(next(from)?),
            FrameKind::Pong => Body::Pong(next(from)?),
            FrameKind::Data => {
                let head: DataHead = next(from)?;
                let mut codec = Codec::new();
                let records = (0..head.count).map(|_| Record::decode(&mut codec, from));
                Body::Data(Data { head, records: records.collect::<Result<_, _>>()? })
            }
        };
        Ok(Self { session_tag, body })
    }
}

impl<'de> Deserialize<'de> for Process<'de, Vec<(&'de str, Value<'de>)>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Process<'de, Vec<(&'de str, Value<'de>)>> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let (service, build) = (next(from)?, next(from)?);
        let tags = (0..next::<u8, S>(from)?).map(|_| {
            let key = next(from)?;
            let ty = Type::from_nibble(u32::from(next::<u8, S>(from)?))
                .ok_or_else(|| S::Error::custom("unknown type of value"))?;
            Ok((key, Value::decode(ty, from)?))
        });
        Ok(Self { service, build, tags: tags.collect::<Result<_, _>>()? })
    }
}

//! The body of a request, read and decompressed within bounds.

use super::budget::{NoRoom, Share};
use super::limits::{FREE_BYTES, Limits};
use bytes::{Bytes, BytesMut};
use core::future::poll_fn;
use core::pin::Pin;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use std::io::Read;

/// How much of a body is made room for before any of it came.
const AT_FIRST: usize = 256 << 10;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Deflate,
}

/// Why there is no body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the request is longer than {most} bytes: send less at a time, or raise --max-message")]
    TooLong { most: usize },
    #[error(
        "the request becomes longer than {0} bytes when it is decompressed, and that is more than \
         compression of traces explains: send less at a time"
    )]
    TooDense(usize),
    #[error("too much is under way: try again in a second")]
    NoRoom,
    #[error("the request did not come in time")]
    TooSlow,
    #[error("the request was cut off")]
    CutOff,
    #[error("requests may be compressed by gzip or deflate, not by {0}")]
    Coding(String),
    #[error("the request is no valid {0}")]
    Corrupt(&'static str),
}

impl From<NoRoom> for BodyError {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl Coding {
    /// What the headers say.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, BodyError> {
        headers.get(CONTENT_ENCODING).map_or(Ok(Self::Identity), Self::named)
    }

    pub(super) fn named(name: &HeaderValue) -> Result<Self, BodyError> {
        let name = name.to_str().unwrap_or("something unknown").trim().to_ascii_lowercase();
        match &*name {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            other => Err(BodyError::Coding(other.chars().take(40).collect())),
        }
    }
}

/// Reads a body of at most `most` bytes.
pub(super) async fn read<B>(
    body: B,
    most: usize,
    limits: &Limits,
    share: &mut Share,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let read = read_all(body, most, share);
    tokio::time::timeout(limits.body_time, read).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn read_all<B>(mut body: B, most: usize, share: &mut Share) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let announced = body.size_hint().lower();
    if announced > most as u64 {
        return Err(BodyError::TooLong { most });
    }
    let announced = usize::try_from(announced).unwrap_or(most);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| BodyError::CutOff)?.into_data() else { continue };
        share.take(data.len())?;
        if first.len() + rest.len() + data.len() > most {
            return Err(BodyError::TooLong { most });
        }
        if first.is_empty() && rest.is_empty() {
            // Most bodies are of one piece, which is not copied.
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(announced.clamp(first.len() + data.len(), AT_FIRST.max(first.len())));
            rest.extend_from_slice(&first);
            first = Bytes::new();
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// What was compressed, if it is at most `most` bytes and its ratio is bearable.
pub(super) fn decompress(
    coding: Coding,
    body: Bytes,
    most: usize,
    limits: &Limits,
    share: &mut Share,
) -> Result<Bytes, BodyError> {
    let dense = body.len().saturating_mul(limits.ratio).max(FREE_BYTES);
    let bounds = Bounds { most, dense };
    match coding {
        Coding::Identity => Ok(body),
        Coding::Gzip => {
            let hint = body.last_chunk().map(|size| u32::from_le_bytes(*size));
            bounds.inflate(MultiGzDecoder::new(&*body), hint, "gzip", share)
        }
        Coding::Deflate => bounds.inflate(ZlibDecoder::new(&*body), None, "deflate", share),
    }
}

struct Bounds {
    most: usize,
    dense: usize,
}

impl Bounds {
    /// `hint` is how long it says that it becomes, modulo 2^32; that may be a lie.
    fn inflate(
        &self,
        mut from: impl Read,
        hint: Option<u32>,
        name: &'static str,
        share: &mut Share,
    ) -> Result<Bytes, BodyError> {
        /// As much is made room for at a time.
        const STEP: usize = 64 << 10;

        let allowed = self.most.min(self.dense);
        let hint = hint.and_then(|hint| usize::try_from(hint).ok()).unwrap_or(0);
        let mut room = hint.clamp(STEP, AT_FIRST.max(STEP)).min(allowed) + 1;
        let mut out = Vec::with_capacity(room);
        loop {
            share.take(room)?;
            let read = from.by_ref().take(room as u64).read_to_end(&mut out);
            let read = read.map_err(|_| BodyError::Corrupt(name))?;
            if out.len() > allowed {
                return Err(self.exceeded());
            }
            if read < room {
                return Ok(out.into());
            }
            room = out.len().min(allowed + 1 - out.len()).max(1);
        }
    }

    fn exceeded(&self) -> BodyError {
        if self.most <= self.dense {
            BodyError::TooLong { most: self.most }
        } else {
            BodyError::TooDense(self.dense)
        }
    }
}

/// Makes an answer shorter for a client that takes gzip.
pub(super) fn compress(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write as _;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::super::payload::Payload;
    use super::*;
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use std::io::Write as _;

    fn gzip(data: &[u8]) -> Bytes {
        compress(data).unwrap().into()
    }

    fn unpack(coding: Coding, body: Bytes, most: usize) -> Result<Bytes, BodyError> {
        let budget = Budget::new(64 << 20);
        decompress(coding, body, most, &Limits::default(), &mut budget.share())
    }

    fn noise(len: usize) -> Vec<u8> {
        let next = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 24) as u8)
        };
        std::iter::repeat_with({
            let mut state = 1;
            move || next(&mut state).unwrap()
        })
        .take(len)
        .collect()
    }

    #[test]
    fn what_is_compressed_comes_back() {
        for len in [0, 1, 1000, 65_536, 65_537, 700_000] {
            let data = noise(len);
            assert_eq!(
                unpack(Coding::Gzip, gzip(&data), 1 << 20),
                Ok(data.clone().into()),
                "{len}"
            );
            let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
            zlib.write_all(&data).unwrap();
            let zlib = zlib.finish().unwrap().into();
            assert_eq!(unpack(Coding::Deflate, zlib, 1 << 20), Ok(data.into()), "{len}");
        }
        let two = [gzip(b"one, "), gzip(b"two")].concat().into();
        assert_eq!(unpack(Coding::Gzip, two, 100), Ok("one, two".into()));
    }

    #[test]
    fn a_body_may_be_exactly_as_long_as_the_bound() {
        let data = noise(300_000);
        assert_eq!(unpack(Coding::Gzip, gzip(&data), 300_000).unwrap().len(), 300_000);
        let most = 299_999;
        let error = Err(BodyError::TooLong { most });
        assert_eq!(unpack(Coding::Gzip, gzip(&data), most), error);
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        bomb.write_all(&vec![0; 2 << 20]).unwrap();
        let bomb: Bytes = bomb.finish().unwrap().into();
        let budget = Budget::new(64 << 20);
        let limits = Limits { ratio: 10, ..Limits::default() };
        let mut share = budget.share();
        let dense = FREE_BYTES.max(bomb.len() * 10);
        let refused = decompress(Coding::Gzip, bomb, 64 << 20, &limits, &mut share);
        assert_eq!(refused, Err(BodyError::TooDense(dense)));
        assert!((64 << 20) - budget.left() <= dense + 1, "no more was made room for");
    }

    #[test]
    fn what_finds_no_room_is_refused() {
        let budget = Budget::new(100_000);
        let body = gzip(&noise(200_000));
        let limits = Limits::default();
        let refused = decompress(Coding::Gzip, body, 1 << 20, &limits, &mut budget.share());
        assert_eq!((refused, budget.left()), (Err(BodyError::NoRoom), 100_000));
    }

    #[test]
    fn what_is_damaged_or_cut_is_refused() {
        let whole = gzip(&noise(500));
        for len in 0..whole.len() {
            let cut = unpack(Coding::Gzip, whole.slice(..len), 1 << 20);
            assert!(
                cut == Err(BodyError::Corrupt("gzip")) || len == 0 && cut == Ok(Bytes::new()),
                "{len}"
            );
        }
        let mut flipped = whole.to_vec();
        flipped[200] ^= 1;
        let refused = unpack(Coding::Gzip, flipped.into(), 1 << 20);
        assert_eq!(refused, Err(BodyError::Corrupt("gzip")));
    }

    #[test]
    fn other_compressions_are_named_in_the_refusal() {
        let coding = |name| Coding::named(&HeaderValue::from_static(name));
        assert_eq!(coding(" GZIP"), Ok(Coding::Gzip));
        assert_eq!(coding("identity"), Ok(Coding::Identity));
        let refused = coding("zstd").unwrap_err().to_string();
        assert_eq!(refused, "requests may be compressed by gzip or deflate, not by zstd");
    }

    #[tokio::test]
    async fn a_body_is_put_together_within_its_bound() {
        let budget = Budget::new(1 << 20);
        let limits = Limits::default();
        let data = Bytes::from(noise(200_000));
        let mut share = budget.share();
        let body = read(Payload::new([data.clone()]), 200_000, &limits, &mut share).await;
        assert_eq!((body, budget.left()), (Ok(data.clone()), (1 << 20) - 200_000));
        drop(share);
        let refused = read(Payload::new([data]), 199_999, &limits, &mut budget.share()).await;
        assert_eq!(refused, Err(BodyError::TooLong { most: 199_999 }));
    }
}

//! As much of HTTP/1.1 as load takes: requests and answers with a length, on a connection that stays.

use anyhow::{Context as _, Result, bail};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Longer messages are nobody's here.
const LONGEST: usize = 64 << 20;

/// A connection, from either side.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What a message says before its body.
pub(super) struct Head {
    /// `POST /v1/traces HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub(super) first: String,
    /// Whether the body is compressed by gzip.
    pub(super) is_gzip: bool,
    pub(super) body: Vec<u8>,
}

impl Connection {
    pub(super) fn open(address: &str) -> Result<Self> {
        Ok(Self::over(TcpStream::connect(address)?))
    }

    pub(super) fn over(stream: TcpStream) -> Self {
        // It is for latency alone; without it everything works, too.
        let _ = stream.set_nodelay(true);
        Self { stream, read: Vec::new() }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Gets a page; its body.
    pub(super) fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        self.write(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())?;
        let answer = self.message()?.context("no answer")?;
        anyhow::ensure!(answer.first.contains(" 200"), "{}", answer.first);
        Ok(answer.body)
    }

    /// The next message; none where the other side has closed between two.
    pub(super) fn message(&mut self) -> Result<Option<Head>> {
        let head_end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
            if !self.fill()? {
                return if self.read.is_empty() { Ok(None) } else { bail!("cut off") };
            }
        };
        let head = String::from_utf8_lossy(&self.read[..head_end]).into_owned();
        let field = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let first = head.lines().next().unwrap_or_default().to_owned();
        if field("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let is_gzip = field("content-encoding").is_some_and(|value| value == "gzip");
        self.read.drain(..head_end);
        if field("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
            return Ok(Some(Head { first, is_gzip, body: self.chunks()? }));
        }
        let length = field("content-length").map_or(Ok(0), |length| length.parse::<usize>())?;
        anyhow::ensure!(length <= LONGEST, "a body of {length} bytes");
        while self.read.len() < length {
            anyhow::ensure!(self.fill()?, "cut off");
        }
        let rest = self.read.split_off(length);
        let body = std::mem::replace(&mut self.read, rest);
        Ok(Some(Head { first, is_gzip, body }))
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                match find(&self.read, b"\r\n") {
                    Some(end) => break end,
                    None => anyhow::ensure!(self.fill()?, "cut off"),
                }
            };
            let length = std::str::from_utf8(&self.read[..line_end])?.trim();
            let length = usize::from_str_radix(length, 16)?;
            anyhow::ensure!(body.len() + length <= LONGEST, "a body that is too long");
            self.read.drain(..line_end + 2);
            while self.read.len() < length + 2 {
                anyhow::ensure!(self.fill()?, "cut off");
            }
            body.extend(self.read.drain(..length));
            self.read.drain(..2);
            if length == 0 {
                return Ok(body);
            }
        }
    }

    /// Reads what is there; false at the end.
    fn fill(&mut self) -> Result<bool> {
        let mut buffer = [0; 1 << 16];
        let count = self.stream.read(&mut buffer)?;
        self.read.extend_from_slice(&buffer[..count]);
        Ok(count != 0)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

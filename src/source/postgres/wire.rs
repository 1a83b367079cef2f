//! A TCP stream on which only messages of `PostgreSQL`'s protocol may arrive.
//!
//! Without it, a server of another kind (HTTP on a mistaken port) looks like one that is slow: its first letters read
//! as the length of a huge message, of which the rest is awaited and kept in memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// First bytes of the messages that a server may send here: authentication, parameters, rows, errors, notices.
const TAGS: &[u8] = b"RKSZENTDCItns123Av";
/// Longest message that is accepted, in bytes; real ones here are below a kilobyte.
const LONGEST: u32 = 4 * 1024 * 1024;

/// See the module.
pub(in crate::source) struct Wire {
    stream: TcpStream,
    frames: Frames,
    resets: bool,
}

impl Wire {
    pub(in crate::source) fn new(stream: TcpStream) -> Self {
        let (frames, resets) = (Frames::default(), false);
        Self { stream, frames, resets }
    }

    /// One that is reset when it is dropped before its regular end: a proxy in between gives up its half at once, and
    /// does not keep it for a server that may never answer.
    pub(in crate::source) fn resetting(stream: TcpStream) -> Self {
        let resets = true;
        Self {
            stream,
            frames: Frames::default(),
            resets,
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.resets {
            // A socket that is gone already needs no reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

/// Where in the sequence of messages the last byte was.
#[derive(Default)]
struct Frames {
    /// Tag and length as far as they have arrived.
    header: Vec<u8>,
    /// Bytes of the message's body that have not arrived.
    body: usize,
}

impl Frames {
    fn accept(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let skipped = self.body.min(bytes.len());
            self.body -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            while let (0..5, Some((&byte, rest))) = (self.header.len(), bytes.split_first()) {
                self.header.push(byte);
                bytes = rest;
            }
            let foreign = || io::Error::new(io::ErrorKind::InvalidData, "no PostgreSQL server answers there");
            if self.header.first().is_some_and(|tag| !TAGS.contains(tag)) {
                return Err(foreign());
            }
            if let [_, a, b, c, d] = *self.header {
                let length = u32::from_be_bytes([a, b, c, d]);
                if !(4..=LONGEST).contains(&length) {
                    return Err(foreign());
                }
                self.body = usize::try_from(length - 4).unwrap_or(usize::MAX);
                self.header.clear();
            }
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        Poll::Ready(self.frames.accept(buf.filled().get(before..).unwrap_or_default()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.resets = false;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_messages_in_pieces_of_any_size_and_nothing_else() {
        let good = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x0aa\0b\0c\0Z\0\0\0\x05I2\0\0\0\x04D\0\0\0\x06\0\0";
        for size in 1..good.len() {
            let mut frames = Frames::default();
            for piece in good.chunks(size) {
                frames.accept(piece).unwrap();
            }
            assert!(frames.header.is_empty() && frames.body == 0, "pieces of {size}");
        }
        for bad in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"R\0\0\0\x03",
            b"R\xff\xff\xff\xff",
            b"\0",
        ] {
            assert!(Frames::default().accept(bad).is_err(), "{bad:?}");
        }
    }
}

//! This end of the seam: frames in, frames out, never waiting.

use crate::limits::SEAM_FRAME_BYTES;
use crate::proto::{Envelope, envelope::Body};
use mio::net::UnixStream;
use prost::Message;
use std::io::{self, ErrorKind, Read, Write};

/// Reads in one go: 8 MiB, the largest frame.
const READS_AT_ONCE: usize = 512;

/// One life of the seam.
#[derive(Debug)]
pub struct Seam {
    stream: UnixStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    sent: usize,
}

impl Seam {
    /// Wraps a connected socket.
    pub fn new(stream: UnixStream) -> Seam {
        Seam { stream, inbox: Vec::new(), outbox: Vec::new(), sent: 0 }
    }

    /// The socket, to be registered.
    pub fn source(&mut self) -> &mut UnixStream {
        &mut self.stream
    }

    /// Puts a message in line and sends what the socket takes. A reader that is slow delays only itself; it pulls,
    /// so there is never more than an answer in line.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn send(&mut self, body: Body) -> io::Result<()> {
        let envelope = Envelope { version: 1, body: Some(body) };
        let length = u32::try_from(envelope.encoded_len()).map_err(io::Error::other)?;
        self.outbox.extend_from_slice(&length.to_be_bytes());
        envelope.encode(&mut self.outbox).map_err(io::Error::other)?;
        self.flush()
    }

    /// Sends what is in line.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.outbox.len() {
            match self.stream.write(&self.outbox[self.sent..]) {
                Ok(taken) => self.sent += taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.outbox = Vec::new();
        self.sent = 0;
        Ok(())
    }

    /// An answer is still in line: whoever pulls again before reading it is not worth another.
    pub fn is_behind(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Takes what has arrived, whole messages only, and of a flood only a part: the caller looks again on each tick.
    ///
    /// # Errors
    /// `UnexpectedEof` when the other end is gone, `InvalidData` when it does not speak this protocol.
    pub fn receive(&mut self) -> io::Result<Vec<Body>> {
        let mut bodies = Vec::new();
        let mut buffer = [0; 16 * 1024];
        for _ in 0..READS_AT_ONCE {
            match self.stream.read(&mut buffer) {
                Ok(0) if bodies.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(0) => return Ok(bodies),
                Ok(got) => {
                    self.inbox.extend_from_slice(&buffer[..got]);
                    self.take_frames(&mut bodies)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(bodies),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What came whole before is still to be heeded; the next look finds that there is nobody.
                Err(error) => return if bodies.is_empty() { Err(error) } else { Ok(bodies) },
            }
        }
        Ok(bodies)
    }

    fn take_frames(&mut self, bodies: &mut Vec<Body>) -> io::Result<()> {
        while let Some((head, rest)) = self.inbox.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*head) as usize;
            if length > SEAM_FRAME_BYTES {
                return Err(io::Error::new(ErrorKind::InvalidData, format!("a frame of {length} bytes")));
            }
            let Some(frame) = rest.get(..length) else { return Ok(()) };
            let envelope =
                Envelope::decode(frame).map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
            bodies.extend(envelope.body);
            self.inbox.drain(..4 + length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Pull, Snapshot};

    #[test]
    fn messages_survive_any_cut_and_a_full_socket() {
        let (left, right) = UnixStream::pair().expect("a pair");
        let (mut left, mut right) = (Seam::new(left), Seam::new(right));
        let large = Snapshot { policy_error: "x".repeat(2 << 20), ..Default::default() };
        left.send(Body::Snapshot(large.clone())).expect("sent");
        left.send(Body::Pull(Pull { since: 7 })).expect("sent");
        let mut got = Vec::new();
        while got.len() < 2 {
            got.extend(right.receive().expect("alive"));
            left.flush().expect("alive");
        }
        assert_eq!(got, [Body::Snapshot(large), Body::Pull(Pull { since: 7 })]);
        drop(left);
        assert_eq!(right.receive().expect_err("gone").kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_monstrous_length_is_refused_before_anything_is_allocated() {
        let (mut left, right) = UnixStream::pair().expect("a pair");
        left.write_all(&u32::MAX.to_be_bytes()).expect("sent");
        assert_eq!(Seam::new(right).receive().expect_err("refused").kind(), ErrorKind::InvalidData);
    }
}

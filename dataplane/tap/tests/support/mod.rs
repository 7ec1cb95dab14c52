//! A small random number generator and the far ends of a connection: what a client and a server do with their
//! sockets, at random but repeatably.

use std::io::{ErrorKind, Read, Write};

/// xorshift64*: repeatable from its seed, which every failure prints.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// Mostly small, sometimes large.
    pub fn size(&mut self, most: usize) -> usize {
        let scale = self.below(most.max(2).ilog2() as usize + 1);
        self.below(1 << (scale + 1)).min(most)
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(length).collect()
    }
}

/// One far end: sends its script in random pieces, keeps all it gets.
#[derive(Debug)]
pub struct FarEnd {
    pub script: Vec<u8>,
    pub sent: usize,
    pub got: Vec<u8>,
    pub finished_sending: bool,
    /// None: still open. Some(Ok): the other side said FIN. Some(Err): reset.
    pub verdict: Option<Result<(), ErrorKind>>,
}

impl FarEnd {
    pub fn new(script: Vec<u8>) -> FarEnd {
        FarEnd { script, sent: 0, got: Vec::new(), finished_sending: false, verdict: None }
    }

    /// One random step on a non-blocking socket. `finish` is called when the script is through.
    pub fn step<S: Read + Write>(&mut self, socket: &mut S, random: &mut Random, finish: impl FnOnce(&mut S)) {
        if random.one_in(3) {
            return;
        }
        if !self.finished_sending {
            let piece = random.size(64 * 1024).min(self.script.len() - self.sent);
            match socket.write(&self.script[self.sent..self.sent + piece]) {
                Ok(taken) => self.sent += taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.finished_sending = true;
                    self.verdict.get_or_insert(Err(error.kind()));
                }
            }
            if self.sent == self.script.len() && !self.finished_sending {
                self.finished_sending = true;
                finish(socket);
            }
        }
        if self.verdict.is_none() {
            self.read(socket, random);
        }
    }

    #[allow(dead_code, reason = "one of two tests that share this needs it")]
    /// Takes what is left in the socket, if it is still there.
    pub fn drain<S: Read>(mut self, socket: Option<S>) -> FarEnd {
        if let (Some(mut socket), None) = (socket, self.verdict) {
            socket.read_to_end(&mut self.got).ok();
        }
        self
    }

    fn read<S: Read>(&mut self, socket: &mut S, random: &mut Random) {
        let mut buffer = vec![0; 1 + random.size(64 * 1024)];
        match socket.read(&mut buffer) {
            Ok(0) => self.verdict = Some(Ok(())),
            Ok(got) => self.got.extend_from_slice(&buffer[..got]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => self.verdict = Some(Err(error.kind())),
        }
    }
}

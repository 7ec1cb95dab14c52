//! `/livez`, `/readyz`, `/drain`: answered by the tap itself, so that they are true whatever control does. Anybody may look;
//! who may drain is for `drain_permit` to say.

mod drain_permit;

use crate::limits::{DRAIN_LOG_REST, HEALTH_CONNECTIONS, HEALTH_HEAD_BYTES, HEALTH_TIMEOUT};
use drain_permit::Refusal;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::IpAddr;
use std::time::Instant;

/// What a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Live,
    Ready,
    Drain,
    /// To drain, by somebody who may not.
    Forbidden(Refusal),
    NotFound,
    NotAllowed,
    TooLong,
}

/// What the probes are told.
#[derive(Debug)]
pub struct Health<'a> {
    /// None, or why not ready.
    pub not_ready: Option<String>,
    /// Draining is over.
    pub drained: bool,
    /// Whose token lets somebody drain who is not on loopback; empty: nobody's.
    pub drain_token_file: &'a str,
}

/// What follows from what was asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// Somebody who may asks to drain.
    pub drain: bool,
    /// Somebody who may not did, and people are to be told: who, and why not.
    pub forbidden: Option<(IpAddr, Refusal)>,
}

#[derive(Debug)]
struct Probe {
    stream: TcpStream,
    peer: IpAddr,
    head: Vec<u8>,
    asked: Option<Ask>,
    since: Instant,
}

/// The probe listener and who is connected to it.
#[derive(Debug)]
pub struct Probes {
    listener: Option<TcpListener>,
    first_token: usize,
    probes: Vec<Option<Probe>>,
    /// When people were last told of somebody who may not drain.
    forbidden_told: Option<Instant>,
}

impl Probes {
    /// Serves a listener with tokens from `first_token` on (the listener's own).
    ///
    /// # Errors
    /// When the kernel refuses to watch it.
    pub fn new(mut listener: Option<TcpListener>, first_token: usize, registry: &Registry) -> std::io::Result<Probes> {
        if let Some(listener) = &mut listener {
            registry.register(listener, Token(first_token), Interest::READABLE)?;
        }
        let probes = (0..HEALTH_CONNECTIONS).map(|_| None).collect();
        Ok(Probes { listener, first_token, probes, forbidden_told: None })
    }

    /// Serves whoever is there. Called after events and at each tick.
    pub fn serve(&mut self, registry: &Registry, health: &Health<'_>) -> Asked {
        let mut asked = Asked::default();
        loop {
            self.accept(registry);
            let mut freed = false;
            for slot in &mut self.probes {
                let Some(probe) = slot else { continue };
                probe.read(health.drain_token_file);
                match probe.asked {
                    Some(Ask::Drain) => asked.drain = true,
                    Some(Ask::Forbidden(why)) => asked.forbidden = Some((probe.peer, why)),
                    _ => {}
                }
                if probe.answer(health) {
                    *slot = None;
                    freed = true;
                }
            }
            // The listener is edge-triggered: with a place free again, those left waiting are fetched now.
            if !freed {
                asked.forbidden = asked.forbidden.filter(|_| self.may_tell_of_forbidden());
                return asked;
            }
        }
    }

    fn may_tell_of_forbidden(&mut self) -> bool {
        let may = self.forbidden_told.is_none_or(|told| told.elapsed() >= DRAIN_LOG_REST);
        if may {
            self.forbidden_told = Some(Instant::now());
        }
        may
    }

    fn accept(&mut self, registry: &Registry) {
        let Some(listener) = &self.listener else { return };
        for (number, slot) in self.probes.iter_mut().enumerate().filter(|(_, slot)| slot.is_none()) {
            let Ok((mut stream, peer)) = listener.accept() else { return };
            if registry.register(&mut stream, Token(self.first_token + 1 + number), Interest::READABLE).is_ok() {
                let (peer, since) = (peer.ip(), Instant::now());
                *slot = Some(Probe { stream, peer, head: Vec::new(), asked: None, since });
            }
        }
    }
}

impl Probe {
    /// Reads on until the head is complete.
    fn read(&mut self, drain_token_file: &str) {
        let mut buffer = [0; 1024];
        while self.asked.is_none() {
            match self.stream.read(&mut buffer) {
                Ok(got) if self.head.len() + got > HEALTH_HEAD_BYTES => self.asked = Some(Ask::TooLong),
                Ok(got) if got > 0 => {
                    self.head.extend_from_slice(&buffer[..got]);
                    if self.head.windows(4).any(|window| window == b"\r\n\r\n") {
                        self.asked = Some(permitted(ask(&self.head), self.peer, &self.head, drain_token_file));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                _ => self.asked = Some(Ask::NotFound),
            }
        }
    }

    /// Answers if there is an answer yet. Returns true when done with.
    fn answer(&mut self, health: &Health<'_>) -> bool {
        let (status, text) = match self.asked {
            None => return self.since.elapsed() > HEALTH_TIMEOUT,
            Some(Ask::Drain) if !health.drained => return false,
            Some(Ask::Drain) => ("200 OK", "drained"),
            Some(Ask::Live) => ("200 OK", "live"),
            Some(Ask::Ready) => match &health.not_ready {
                None => ("200 OK", "ready"),
                Some(reason) => ("503 Service Unavailable", reason.as_str()),
            },
            Some(Ask::Forbidden(why)) => ("403 Forbidden", why),
            Some(Ask::TooLong) => ("431 Request Header Fields Too Large", "the head of the request is too long"),
            Some(Ask::NotAllowed) => ("405 Method Not Allowed", "use GET or POST"),
            Some(Ask::NotFound) => ("404 Not Found", "there are /livez, /readyz and /drain"),
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}\n",
            text.len() + 1
        );
        // One small write into an empty socket buffer; a prober that is gone needs no answer.
        self.stream.write_all(answer.as_bytes()).ok();
        true
    }
}

/// What somebody asks for, unless it may not.
fn permitted(ask: Ask, peer: IpAddr, head: &[u8], drain_token_file: &str) -> Ask {
    match ask {
        Ask::Drain => drain_permit::permit(peer, head, drain_token_file).map_or_else(Ask::Forbidden, |()| Ask::Drain),
        other => other,
    }
}

fn ask(head: &[u8]) -> Ask {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default().split(|byte| *byte == b'?').next().unwrap_or_default();
    match (method, path) {
        (b"GET" | b"HEAD" | b"POST", b"/livez") => Ask::Live,
        (b"GET" | b"HEAD" | b"POST", b"/readyz") => Ask::Ready,
        (b"GET" | b"POST", b"/drain") => Ask::Drain,
        (b"GET" | b"HEAD" | b"POST", _) => Ask::NotFound,
        _ => Ask::NotAllowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_understood() {
        for (head, expected) in [
            ("GET /livez HTTP/1.1\r\n", Ask::Live),
            ("GET /readyz?verbose HTTP/1.1\r\n", Ask::Ready),
            ("POST /drain HTTP/1.1\r\n", Ask::Drain),
            ("HEAD /drain HTTP/1.1\r\n", Ask::NotFound),
            ("GET / HTTP/1.1\r\n", Ask::NotFound),
            ("DELETE /livez HTTP/1.1\r\n", Ask::NotAllowed),
            ("\r\n", Ask::NotAllowed),
        ] {
            assert_eq!(ask(head.as_bytes()), expected, "{head}");
        }
    }

    #[test]
    fn a_stranger_may_look_and_may_not_drain() {
        let stranger = IpAddr::from([10, 1, 2, 3]);
        for looking in [Ask::Live, Ask::Ready, Ask::NotFound, Ask::NotAllowed] {
            assert_eq!(permitted(looking, stranger, b"", ""), looking);
        }
        assert!(matches!(permitted(Ask::Drain, stranger, b"", ""), Ask::Forbidden(_)));
        assert_eq!(permitted(Ask::Drain, IpAddr::from([127, 0, 0, 1]), b"", ""), Ask::Drain);
    }
}

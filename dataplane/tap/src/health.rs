//! `/livez`, `/readyz`, `/drain`: answered by the tap itself, so that they are true whatever control does.

use crate::limits::{HEALTH_CONNECTIONS, HEALTH_HEAD_BYTES, HEALTH_TIMEOUT};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

/// What a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Live,
    Ready,
    Drain,
    NotFound,
    NotAllowed,
}

/// What the probes are told.
#[derive(Debug)]
pub struct Health {
    /// None, or why not ready.
    pub not_ready: Option<String>,
    /// Draining is over.
    pub drained: bool,
}

#[derive(Debug)]
struct Probe {
    stream: TcpStream,
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
        Ok(Probes { listener, first_token, probes: (0..HEALTH_CONNECTIONS).map(|_| None).collect() })
    }

    /// Serves whoever is there. Returns true when somebody asks to drain. Called after events and at each tick.
    pub fn serve(&mut self, registry: &Registry, health: &Health) -> bool {
        let mut drain = false;
        loop {
            self.accept(registry);
            let mut freed = false;
            for slot in &mut self.probes {
                let Some(probe) = slot else { continue };
                drain |= probe.read();
                if probe.answer(health) {
                    *slot = None;
                    freed = true;
                }
            }
            // The listener is edge-triggered: with a place free again, those left waiting are fetched now.
            if !freed {
                return drain;
            }
        }
    }

    fn accept(&mut self, registry: &Registry) {
        let Some(listener) = &self.listener else { return };
        for (number, slot) in self.probes.iter_mut().enumerate().filter(|(_, slot)| slot.is_none()) {
            let Ok((mut stream, _)) = listener.accept() else { return };
            if registry.register(&mut stream, Token(self.first_token + 1 + number), Interest::READABLE).is_ok() {
                *slot = Some(Probe { stream, head: Vec::new(), asked: None, since: Instant::now() });
            }
        }
    }
}

impl Probe {
    /// Reads on until the head is complete. Returns true when it asks to drain.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 1024];
        while self.asked.is_none() {
            match self.stream.read(&mut buffer) {
                Ok(got) if got > 0 && self.head.len() + got <= HEALTH_HEAD_BYTES => {
                    self.head.extend_from_slice(&buffer[..got]);
                    if self.head.windows(4).any(|window| window == b"\r\n\r\n") {
                        self.asked = Some(ask(&self.head));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                _ => self.asked = Some(Ask::NotFound),
            }
        }
        self.asked == Some(Ask::Drain)
    }

    /// Answers if there is an answer yet. Returns true when done with.
    fn answer(&mut self, health: &Health) -> bool {
        let (status, text) = match self.asked {
            None => return self.since.elapsed() > HEALTH_TIMEOUT,
            Some(Ask::Drain) if !health.drained => return false,
            Some(Ask::Drain) => ("200 OK", "drained"),
            Some(Ask::Live) => ("200 OK", "live"),
            Some(Ask::Ready) => match &health.not_ready {
                None => ("200 OK", "ready"),
                Some(reason) => ("503 Service Unavailable", reason.as_str()),
            },
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
}

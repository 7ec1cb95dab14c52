//! Bytes out are bytes in: random connections through the pump on socket pairs, with random chunking, tiny socket
//! buffers (so that most writes are partial), half-close, and a far end that vanishes.
//!
//! `WAYSIDE_CONNECTIONS` sets how many; the default is the full hundred thousand.

mod support;

use mio::net::UnixStream;
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::{FarEnd, Random};
use tap::pair::{Fate, Pair, Ready, Side};
use tap::pump::{Budget, Sensor};
use tap::stream::{Socket, Stream};
use wire::{Direction, EndedBy};

/// What the observer was shown, to be compared with what passed.
#[derive(Default)]
struct Shown {
    up: Vec<u8>,
    down: Vec<u8>,
}

impl Sensor for Shown {
    fn saw(&mut self, direction: Direction, bytes: &[u8]) {
        match direction {
            Direction::ToServer => self.up.extend_from_slice(bytes),
            Direction::ToClient => self.down.extend_from_slice(bytes),
        }
    }
}

/// What goes wrong on purpose.
#[derive(Default)]
struct Fault {
    /// The byte from the client that the pump never gets to see: the mutation this test must turn red on.
    lose: Option<usize>,
    lost: Rc<Cell<bool>>,
    /// The client may disappear half-way.
    vanish: bool,
}

/// A near socket, perhaps with that fault.
struct Lossy {
    socket: Socket,
    lose: Option<usize>,
    lost: Rc<Cell<bool>>,
    read: usize,
    /// What is read next has been looked at before, and sent on.
    peeked: bool,
}

impl Read for Lossy {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.socket.read(buffer)?;
        let before = self.read;
        self.read += got;
        let peeked = std::mem::take(&mut self.peeked);
        match self.lose {
            Some(at) if !peeked && (before..before + got).contains(&at) && got > 1 => {
                self.lost.set(true);
                buffer.copy_within(at - before + 1..got, at - before);
                Ok(got - 1)
            }
            _ => Ok(got),
        }
    }
}

impl Write for Lossy {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.socket.write(buffer)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl mio::event::Source for Lossy {
    fn register(&mut self, registry: &mio::Registry, token: mio::Token, interest: mio::Interest) -> io::Result<()> {
        self.socket.register(registry, token, interest)
    }
    fn reregister(&mut self, registry: &mio::Registry, token: mio::Token, interest: mio::Interest) -> io::Result<()> {
        self.socket.reregister(registry, token, interest)
    }
    fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
        self.socket.deregister(registry)
    }
}

impl Stream for Lossy {
    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.peeked = true;
        self.socket.peek(buffer)
    }
    fn finish(&mut self) -> io::Result<()> {
        self.socket.finish()
    }
    fn reset_on_close(&mut self) {
        self.socket.reset_on_close();
    }
    fn unacknowledged(&self) -> usize {
        // Unix sockets deliver at once; what they report here is memory the reader has not freed.
        0
    }
    fn connected(&self) -> Option<io::Result<()>> {
        self.socket.connected()
    }
}

fn small_pair(random: &mut Random) -> (UnixStream, UnixStream) {
    let (far, near) = UnixStream::pair().expect("descriptors");
    for socket in [&far, &near] {
        let size = 2048 << random.below(6);
        socket2::SockRef::from(socket).set_send_buffer_size(size).expect("a buffer");
    }
    (far, near)
}

/// One connection from beginning to end. Returns what is wrong with it, if anything.
fn connection(seed: u64, fault: &Fault, buffer: &mut [u8]) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let (far_client, near_client) = small_pair(&mut random);
    let (far_server, near_server) = small_pair(&mut random);
    let near = |stream, lose| Lossy {
        socket: Socket::Unix(stream),
        lose,
        lost: Rc::clone(&fault.lost),
        read: 0,
        peeked: false,
    };
    let mut pair = Pair::new(near(near_client, fault.lose), near(near_server, None));
    let most = if random.one_in(50) { 400_000 } else { 6_000 };
    let (up_length, down_length) = (random.size(most), random.size(most));
    let mut client = FarEnd::new(random.bytes(up_length));
    let mut server = FarEnd::new(random.bytes(down_length));
    // One connection in ten loses a far end half-way; one in twenty has hardly any budget.
    let vanish = (fault.vanish && random.one_in(10)).then(|| random.below(client.script.len() + 1));
    let bound = if random.one_in(20) { random.below(40_000) } else { usize::MAX };
    let budget = Budget::new(bound);
    let (mut far_client, mut far_server) = (Some(far_client), Some(far_server));
    let mut shown = Shown::default();
    let mut over = None;
    for step in 0_u64.. {
        if step > 200_000 {
            return Err(format!("seed {seed}: stuck; {} of {} sent, {vanish:?}", client.sent, client.script.len()));
        }
        if vanish.is_some_and(|at| client.sent >= at) {
            far_client = None;
        }
        if let Some(socket) = &mut far_client {
            client.step(socket, &mut random, |socket| socket.shutdown(std::net::Shutdown::Write).expect("open"));
        }
        if let Some(socket) = &mut far_server {
            server.step(socket, &mut random, |socket| socket.shutdown(std::net::Shutdown::Write).unwrap_or(()));
        }
        if over.is_none() {
            for side in [Side::Client, Side::Server] {
                let vanished = side == Side::Client && far_client.is_none();
                let ready = Ready { readable: true, writable: true, closing: vanished, error: vanished };
                pair.event(side, ready);
            }
            if let Fate::Over(by) = pair.turn(step, buffer, &budget, &mut shown) {
                over = Some(by);
            }
            if budget.held() > bound {
                return Err(format!("seed {seed}: {} bytes are held, more than {bound}", budget.held()));
            }
        }
        if let Some(by) = over {
            // What was handed to the kernel before the end is still to be read.
            let outcome = Outcome { by, vanish, client: client.drain(far_client), server: server.drain(far_server) };
            return outcome.verdict(&shown, &budget).map_err(|what| format!("seed {seed}: {what}"));
        }
    }
    unreachable!()
}

struct Outcome {
    by: EndedBy,
    vanish: Option<usize>,
    client: FarEnd,
    server: FarEnd,
}

impl Outcome {
    fn verdict(self, shown: &Shown, budget: &Budget) -> Result<u64, &'static str> {
        let Outcome { by, vanish, client, server } = self;
        let check = |what, holds: bool| if holds { Ok(()) } else { Err(what) };
        check("the server got what the client did not send", client.script.starts_with(&server.got))?;
        check("the client got what the server did not send", server.script.starts_with(&client.got))?;
        check("the observer saw other bytes than were sent up", client.script.starts_with(&shown.up))?;
        check("the observer saw other bytes than were sent down", server.script.starts_with(&shown.down))?;
        check("bytes are still held", budget.held() == 0)?;
        if vanish.is_none() {
            check("not all went up", server.got == client.script && shown.up == client.script)?;
            check("not all went down", client.got == server.script && shown.down == server.script)?;
            check("a quiet end is nobody's reset", matches!(by, EndedBy::Client | EndedBy::Server))?;
        }
        Ok((server.got.len() + client.got.len()) as u64)
    }
}

#[test]
fn a_hundred_thousand_random_connections_pass_unchanged() {
    let wanted = std::env::var("WAYSIDE_CONNECTIONS").map_or(100_000, |text| text.parse().expect("a number"));
    let total = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for half in 0..2 {
            let total = &total;
            scope.spawn(move || {
                let mut buffer = vec![0; 256 * 1024];
                for seed in (half..wanted).step_by(2) {
                    let fault = Fault { vanish: true, ..Fault::default() };
                    let bytes = connection(seed, &fault, &mut buffer).unwrap_or_else(|wrong| panic!("{wrong}"));
                    total.fetch_add(bytes, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{wanted} connections, {} bytes", total.load(Ordering::Relaxed));
    assert!(total.load(Ordering::Relaxed) > wanted * 100);
}

#[test]
fn one_lost_byte_is_seen() {
    let mut buffer = vec![0; 256 * 1024];
    let mut lost = 0;
    for seed in 0..200 {
        let fault = Fault { lose: Some(40), ..Fault::default() };
        let verdict = connection(seed, &fault, &mut buffer);
        if fault.lost.get() {
            lost += 1;
            let wrong = verdict.expect_err("a byte was lost and nobody saw it");
            let told = ["did not send", "not all", "saw other bytes"];
            assert!(told.iter().any(|what| wrong.contains(what)), "{wrong}");
        }
    }
    assert!(lost > 50, "the fault happened only {lost} times");
}

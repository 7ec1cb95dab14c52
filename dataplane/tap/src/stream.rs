//! What the pump needs of a socket, and the sockets there are.

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// A connected, non-blocking byte stream.
pub trait Stream: Read + Write + Source {
    /// Reads without taking: the next [`Read::read`] returns the same bytes.
    ///
    /// # Errors
    /// As `recv(2)`.
    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Says "no more from me" (FIN); the other direction goes on.
    ///
    /// # Errors
    /// As `shutdown(2)`.
    fn finish(&mut self) -> io::Result<()>;

    /// Makes the coming close a reset (RST) instead of a FIN, where the kind of socket has one.
    fn reset_on_close(&mut self);

    /// Bytes the peer has not acknowledged; 0 when it has all, or when nobody can know.
    fn unacknowledged(&self) -> usize;

    /// The outcome of a non-blocking connect: None while it is under way.
    fn connected(&self) -> Option<io::Result<()>>;
}

/// A socket of one of the kinds the tap serves.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// Unix domain.
    Unix(UnixStream),
}

/// Runs the same expression on whichever socket it is.
macro_rules! each {
    ($socket:expr, $name:ident => $body:expr) => {
        match $socket {
            Socket::Tcp($name) => $body,
            Socket::Unix($name) => $body,
        }
    };
}

impl Socket {
    /// Takes a fresh TCP socket: small writes go out at once, and a peer that vanished is noticed in the end.
    pub fn tcp(stream: TcpStream) -> Socket {
        stream.set_nodelay(true).ok();
        SockRef::from(&stream).set_keepalive(true).ok();
        Socket::Tcp(stream)
    }

    fn fd(&self) -> RawFd {
        each!(self, stream => stream.as_raw_fd())
    }
}

impl Stream for Socket {
    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        crate::sys::peek(self.fd(), buffer)
    }

    fn finish(&mut self) -> io::Result<()> {
        each!(self, stream => stream.shutdown(Shutdown::Write))
    }

    fn reset_on_close(&mut self) {
        SockRef::from(&*self).set_linger(Some(Duration::ZERO)).ok();
    }

    fn unacknowledged(&self) -> usize {
        crate::sys::unacknowledged_bytes(self.fd()).unwrap_or(0)
    }

    fn connected(&self) -> Option<io::Result<()>> {
        let error = each!(self, stream => stream.take_error());
        if let Ok(Some(error)) | Err(error) = error {
            return Some(Err(error));
        }
        let peer = match self {
            Socket::Tcp(stream) => stream.peer_addr().map(drop),
            Socket::Unix(stream) => stream.peer_addr().map(drop),
        };
        match peer {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => None,
            other => Some(other),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd()
    }
}

impl std::os::fd::AsFd for Socket {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        each!(self, stream => stream.as_fd())
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        each!(self, stream => stream.read(buffer))
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Socket {
    fn register(&mut self, registry: &mio::Registry, token: mio::Token, interest: mio::Interest) -> io::Result<()> {
        each!(self, stream => stream.register(registry, token, interest))
    }

    fn reregister(&mut self, registry: &mio::Registry, token: mio::Token, interest: mio::Interest) -> io::Result<()> {
        each!(self, stream => stream.reregister(registry, token, interest))
    }

    fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
        each!(self, stream => stream.deregister(registry))
    }
}

//! Listening sockets.

use crate::limits::LISTEN_BACKLOG;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

/// Listens, non-blocking, on `host:port`; `:port` means every address of either family.
///
/// # Errors
/// With the address in the message, ready for a person.
pub fn listen(address: &str) -> Result<TcpListener, String> {
    let mut last = io::Error::other("the name has no address");
    for candidate in candidates(address).map_err(|error| format!("cannot listen on {address}: {error}"))? {
        match bind(candidate) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    let hint = match last.kind() {
        io::ErrorKind::AddrInUse => "; another process listens there (find it with `ss -ltnp`)",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE",
        io::ErrorKind::AddrNotAvailable => "; no interface of this machine has that address",
        _ => "",
    };
    Err(format!("cannot listen on {address}: {last}{hint}"))
}

fn candidates(address: &str) -> io::Result<Vec<SocketAddr>> {
    match address.strip_prefix(':') {
        Some(port) => {
            let port = port.parse().map_err(|_| io::Error::other("the port is not a number below 65536"))?;
            Ok(vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()])
        }
        None => Ok(address.to_socket_addrs()?.collect()),
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_a_remedy() {
        let first = listen("127.0.0.1:0").expect("a free port");
        let taken = first.local_addr().expect("bound").to_string();
        let message = listen(&taken).expect_err("taken");
        assert!(message.contains(&taken) && message.contains("ss -ltnp"), "{message}");
    }

    #[test]
    fn a_bare_port_means_every_address() {
        let listener = listen(":0").expect("a free port");
        assert!(listener.local_addr().expect("bound").ip().is_unspecified());
    }
}

// SPDX-License-Identifier: Apache-2.0
//! The socket that is listened at.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the system keeps waiting.
const BACKLOG: i32 = 128;

/// Listens at a name or an address, or at all addresses, IPv4 and IPv6, if `host` is empty.
pub(super) fn bind(host: &str, port: u16) -> io::Result<TcpListener> {
    if host.is_empty() {
        let both = socket((Ipv6Addr::UNSPECIFIED, port).into());
        return match both {
            // A system without IPv6.
            Err(error)
                if error.kind() != io::ErrorKind::AddrInUse && error.kind() != io::ErrorKind::PermissionDenied =>
            {
                socket((Ipv4Addr::UNSPECIFIED, port).into())
            }
            both => both,
        };
    }
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    // A name with both is listened at with IPv4, as the official plugin does.
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match socket(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn socket(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A port whose old connections are not quite gone can be used again.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

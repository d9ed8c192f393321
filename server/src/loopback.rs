//! Loopbacks of readers: for each an address of its own, on which its sockets bind.
//!
//! Scripts say `localhost` and port 10000, and many readers share one host. On Linux and Windows all of 127.0.0.0/8 is this machine,
//! so each reader gets one address of it, and a thousand of them bind port 10000 at once, on real sockets.
//!
//! - `addresses`: which address a loopback gets, and how long it rests afterwards;
//! - `reader`: one [`Loopback`]: its ports, and who is who for its sockets;
//! - `binding`: how a socket comes to its port;
//! - `registry`: which ports are bound, by whom;
//! - `socket`: an [`OwnSocket`]: bound on the address, mapped to another port, or fed by the host's echo server;
//! - `targets`: addresses for targets that would otherwise be the reader's `localhost`;
//! - `errno`: the system's errors by their names.
//!
//! **Mapped ports.** `::1` exists once for all readers, and so does 127.0.0.1 where the system has no other address. There a socket
//! gets any port of the system, and the port that its program asked for is a name that holds inside the loopback.
//!
//! **Only to whom it concerns.** A service that is bound to all addresses of the machine hears what is sent to any address in
//! 127.0.0.0/8. So datagrams to an own address go out only while this loopback has bound the port: the lock that binding and
//! closing take is held while they are sent.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket as StdSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::echo::Handover;
use crate::token::Digest;
pub use crate::token::Token;

mod addresses;
mod binding;
mod errno;
mod reader;
mod registry;
mod socket;
mod targets;

use addresses::Addresses;
pub use errno::errno;
pub use reader::{Loopback, Origin};
pub use socket::{OwnSocket, SendTrouble, Unsent};
pub use targets::{NamedTarget, NamedTargets};
pub(crate) use targets::{reserved, second_address};
pub use wire::sockets::session::Receipt;

/// Settings of the host that loopbacks depend on.
#[derive(Debug, Default)]
pub struct LoopbackSettings {
    /// Whether IPv4 ports are mapped even where the system has all of 127.0.0.0/8.
    pub map_ports: bool,
    /// Whether sockets use the kernel's segmentation offload.
    pub offload: bool,
    /// Addresses that no reader gets, for somebody else is there.
    pub reserved: Vec<Ipv4Addr>,
    /// How readers get the port of the host's echo server, when that holds it on all addresses.
    pub handover: Option<Handover>,
}

/// The loopbacks of all readers of a host. Clones share them.
#[derive(Debug, Clone)]
pub struct Loopbacks {
    shared: Arc<Shared>,
}

/// What the loopbacks of a host have in common.
#[derive(Debug)]
struct Shared {
    is_mapped: bool,
    offload: bool,
    handover: Option<Handover>,
    directory: Mutex<Directory>,
    /// Mapped sockets of all readers, by the system's address.
    mapped: Mutex<HashSet<SocketAddr>>,
}

/// Which loopbacks there are.
#[derive(Debug, Default)]
struct Directory {
    addresses: Addresses,
    by_token: HashMap<Digest, Weak<Loopback>>,
}

impl Loopbacks {
    /// No loopbacks yet. Asks the system whether it has more than one loopback address.
    pub fn new(settings: LoopbackSettings) -> Self {
        let LoopbackSettings {
            map_ports,
            offload,
            reserved,
            handover,
        } = settings;
        let directory = Directory {
            addresses: Addresses::without(reserved),
            ..Directory::default()
        };
        Self {
            shared: Arc::new(Shared {
                is_mapped: map_ports || !has_whole_block(),
                offload,
                handover,
                directory: Mutex::new(directory),
                mapped: Mutex::default(),
            }),
        }
    }

    /// Opens a loopback with an address that nobody else has. It is gone with the last of its sessions and sockets.
    ///
    /// # Errors
    /// The system has no random numbers, or every address is in use.
    pub fn open(&self) -> io::Result<Arc<Loopback>> {
        let shared = &self.shared;
        let token = Token::draw()?;
        let mut directory = shared.directory();
        let address = match shared.is_mapped {
            true => Ipv4Addr::LOCALHOST,
            false => directory.addresses.draw()?,
        };
        let digest = token.digest();
        let loopback = Arc::new(Loopback::new(Arc::clone(shared), address, token));
        let entry = Arc::downgrade(&loopback);
        directory.by_token.insert(digest, entry);
        Ok(loopback)
    }

    /// The loopback with this token, if a session or a socket of it lives.
    pub fn join(&self, token: &str) -> Option<Arc<Loopback>> {
        let digest = Token::read(token)?.digest();
        self.shared.directory().by_token.get(&digest)?.upgrade()
    }

    /// Loopbacks that are open.
    pub fn count(&self) -> usize {
        self.shared.directory().by_token.len()
    }

    /// Whether IPv4 ports are mapped, so that all readers have the address 127.0.0.1.
    pub fn is_mapped(&self) -> bool {
        self.shared.is_mapped
    }
}

impl Shared {
    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn mapped(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.mapped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a loopback; its address rests.
    fn close(&self, loopback: &Loopback) {
        let mut directory = self.directory();
        directory.by_token.remove(&loopback.token().digest());
        if !self.is_mapped {
            directory.addresses.give_back(loopback.address());
        }
    }
}

/// Whether all of 127.0.0.0/8 is this machine, and not 127.0.0.1 alone.
fn has_whole_block() -> bool {
    StdSocket::bind((Ipv4Addr::new(127, 1, 0, 1), 0)).is_ok()
}

#[cfg(test)]
mod tests;

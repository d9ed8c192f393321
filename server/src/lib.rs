//! The udp-echo host: a UDP echo server, and a relay that joins a browser's WebSocket to a UDP socket.
//!
//! - [`config`]: every setting, once;
//! - [`host`]: the sockets and tasks, and how they start and stop;
//! - [`http`]: routes and headers; [`page`]: the embedded page;
//! - [`access`]: who may connect; [`proxy`]: who that is, behind proxies;
//! - [`place`]: `HOST:PORT`, and the one rule by which it becomes an address; `name`: names of hosts in one form;
//! - [`limits`]: how much they may take;
//! - [`memory`]: what sessions give back;
//! - [`metrics`]: what the host counts;
//! - [`resume`]: the way back to a session's UDP port;
//! - [`target`]: which servers a session may talk to;
//! - [`relay`]: one WebSocket joined to one UDP socket;
//! - [`ws`]: the server's side of WebSocket;
//! - [`echo`]: the UDP echo server;
//! - [`stream`]: a TCP echo, to show what UDP does not do;
//! - [`udp`]: a UDP socket that moves many datagrams with one system call;
//! - [`clock`]: the one clock of all stamps; `duration`: times as settings write them; [`log`]: where lines of the log go;
//! - [`signals`]: what asks the process to stop; [`inherited`]: sockets that systemd opened for it;
//! - [`cause`]: what the system's errors mean to people;
//! - [`client`]: the command-line client;
//! - [`untrusted`]: every parser that the network reaches, for tests.

pub mod config;
pub mod host;

pub mod http;
pub mod page;

pub mod access;
pub mod limits;
pub mod memory;
pub mod metrics;
pub(crate) mod name;
pub mod place;
pub mod proxy;
pub mod resume;
pub mod target;

pub mod relay;
pub mod ws;

pub mod echo;
pub mod stream;
pub mod udp;

pub mod clock;
mod duration;
pub mod log;

pub mod cause;
pub mod inherited;
pub mod signals;

pub mod client;

#[doc(hidden)]
pub mod untrusted;

#[cfg(test)]
mod turns;

pub use host::Host;
pub use signals::StopSignals;

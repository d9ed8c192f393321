//! The udp-echo host: a UDP echo server, and a relay that joins a browser's WebSocket to a UDP socket.
//!
//! From the command line to the wire:
//!
//! - [`config`]: every setting, once; `duration`: times as they are written there;
//! - [`host`]: the sockets and tasks, and how they start and stop;
//! - [`inherited`]: sockets that systemd opened for it; [`signals`]: what asks it to stop;
//! - [`http`]: routes and headers; [`page`]: the embedded page; `oembed`: what other sites show in place of a link to it;
//! - [`access`]: who may connect; [`proxy`]: who that is, behind proxies;
//! - [`place`]: `HOST:PORT`, and the one rule by which it becomes an address; `name`: names of hosts in one form;
//! - [`relay`]: one WebSocket joined to one UDP socket; [`ws`]: the server's side of WebSocket;
//! - [`udp`]: a UDP socket that moves many datagrams with one system call;
//! - [`echo`]: the UDP echo server; [`stream`]: a TCP echo, to show what UDP does not do.
//!
//! What a session uses:
//!
//! - [`target`]: which servers it may talk to; [`sockets`]: how far the sockets of pages reach;
//! - [`loopback`]: an address of its own on this machine, for the sockets of a page;
//! - [`lanes`]: a second way to the page, over QUIC; [`capture`]: how a program watches a session;
//! - [`resume`]: how a client gets its UDP port back; [`token`]: the secrets of loopbacks, lanes and captures;
//! - [`limits`]: how much it may take; [`memory`]: what ended sessions give back to the system;
//! - [`metrics`]: what the host counts; [`clock`]: the one clock of all stamps; [`log`]: where log lines go;
//! - [`cause`]: what the system's errors mean to people.
//!
//! Beside the host:
//!
//! - [`client`]: the command-line client; [`link`]: a bad network in front of any UDP program;
//! - [`extcap`]: what Wireshark runs to watch a session;
//! - [`papers`]: completions for shells, and manual pages; `version`: what `--version` tells;
//! - [`untrusted`]: every parser that the network reaches, for tests.

pub mod config;
pub mod host;

pub mod http;
pub(crate) mod oembed;
pub mod page;

pub mod access;
pub mod capture;
pub mod limits;
pub mod memory;
pub mod metrics;
pub(crate) mod name;
pub mod place;
pub mod proxy;
pub mod resume;
pub mod sockets;
pub mod target;
pub mod token;

pub mod relay;
pub mod ws;

pub mod echo;
pub mod lanes;
pub mod loopback;
pub mod stream;
pub mod udp;

pub mod clock;
mod duration;
pub mod log;

pub mod cause;
pub mod inherited;
pub mod signals;

pub mod client;
pub mod extcap;
pub mod link;
pub mod papers;
mod version;

#[doc(hidden)]
pub mod untrusted;

#[cfg(test)]
mod turns;

pub use host::Host;
pub use signals::StopSignals;

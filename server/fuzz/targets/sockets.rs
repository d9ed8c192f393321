//! Requests and datagrams of a client of /sockets, one a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| udp_echo::untrusted::sockets(data));

//! Datagrams and reports of a client with a lane, one a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| udp_echo::untrusted::lane(data));

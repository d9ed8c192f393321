//! Control messages of clients and of hosts, one a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| udp_echo::untrusted::control(data));

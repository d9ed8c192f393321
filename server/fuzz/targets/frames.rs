//! WebSocket frames of a client, behind the upgrade.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| udp_echo::untrusted::frames(data));

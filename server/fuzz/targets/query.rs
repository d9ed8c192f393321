//! The query of `/relay`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| udp_echo::untrusted::query(data));

//! Header lines of a request: Host, Origin, X-Forwarded-For and their like.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| udp_echo::untrusted::headers(data));

//! The query of `/relay`: a name that leads to a target or to none, and a token that is ours or worth nothing.

use std::sync::LazyLock;
use std::time::Duration;

use crate::http::parameter;
use crate::resume::Ports;

/// Reads a query as the relay does.
pub fn query(data: &[u8]) {
    static PORTS: LazyLock<Ports> = LazyLock::new(|| {
        Ports::new(Some("nobody knows"), Duration::MAX, None).expect("the system has random bytes")
    });
    let Ok(query) = std::str::from_utf8(data) else {
        return;
    };
    for name in ["target", "resume", ""] {
        if let Some(value) = parameter(query, name) {
            assert!(query.contains(&format!("{name}={value}")));
            assert!(!value.contains('&'));
        }
    }
    // The signature has 128 bits: nobody finds one by trying.
    let token = parameter(query, "resume").unwrap_or(query);
    assert!(!PORTS.signed(token), "{token:?} is none of ours");
}

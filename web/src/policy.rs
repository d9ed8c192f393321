//! What a host says about itself to anybody who asks: `/relay.json`.
//!
//! A script never learns why a WebSocket failed. This it can read from any origin.

use crate::codec::{self, Unreadable};
use crate::json;

/// The part of `/relay.json` that the page uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Version of the protocol.
    pub protocol: u32,
    /// Version of the host's software.
    pub version: String,
    /// Whether a page of this origin may connect.
    pub allowed: bool,
    /// A short name of the cause where it is not the host's but the browser's, which the loader writes; empty otherwise.
    pub code: String,
    /// Why not, as a sentence; empty when there is none.
    pub why: String,
    /// The setting of the host that would change it; empty when there is none.
    pub setting: String,
}

impl Policy {
    /// Reads the answer of `/relay.json`.
    ///
    /// # Errors
    /// The name of the field that is missing or of another kind, or `"JSON"`.
    pub fn read(source: &str) -> Result<Self, Unreadable> {
        let value = json::parse(source).ok_or("JSON")?;
        let (name, policy) = codec::read(&value, |fields| {
            let policy = Self {
                protocol: fields.small("protocol"),
                version: fields.text("version"),
                allowed: fields.flag("allowed"),
                code: fields.text_if_any("code"),
                why: fields.text_if_any("why"),
                setting: fields.text_if_any("setting"),
            };
            (fields.text("name"), policy)
        })?;
        // Another server's JSON must not pass for a host's.
        if name != "udp-echo" {
            return Err("name");
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSAL: &str = r#"{"name":"udp-echo","protocol":1,"version":"0.1.0","limits":{},"targets":["echo"],
        "origin":"https://docs.example","allowed":false,"why":"the origin https://docs.example is not allowed",
        "setting":"--allow-origin https://docs.example"}"#;

    #[test]
    fn a_refusal_names_the_setting() {
        let policy = Policy::read(REFUSAL).unwrap();
        assert!(!policy.allowed);
        assert_eq!(policy.setting, "--allow-origin https://docs.example");
        assert!(policy.why.contains("https://docs.example"));
    }

    #[test]
    fn anything_else_is_not_a_host() {
        assert_eq!(Policy::read("<!doctype html>"), Err("JSON"));
        assert_eq!(Policy::read("{\"name\":\"other\"}"), Err("protocol"));
        let other = REFUSAL.replace("udp-echo", "other");
        assert_eq!(Policy::read(&other), Err("name"));
        let no_answer = REFUSAL.replace("false", "null");
        assert_eq!(Policy::read(&no_answer), Err("allowed"));
    }
}

//! What a host says about itself to anybody who asks: `/relay.json`.
//!
//! A script never learns why a WebSocket failed. This it can read from any origin.

use crate::codec::{self, Unreadable};
use crate::json::{self, Value};

/// The part of `/relay.json` that the page uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Version of the protocol.
    pub protocol: u32,
    /// Version of the host's software.
    pub version: String,
    /// Whether a page of this origin may connect.
    pub allowed: bool,
    /// Why not, as a sentence.
    pub why: Option<String>,
    /// The setting of the host that would change it.
    pub setting: Option<String>,
}

impl Policy {
    /// Reads the answer of `/relay.json`.
    ///
    /// # Errors
    /// The name of the field that is missing or of another kind, or `"JSON"`.
    pub fn read(source: &str) -> Result<Self, Unreadable> {
        let value = json::parse(source).ok_or("JSON")?;
        // Another server's JSON must not pass for a host's.
        if codec::text(&value, "name")? != "udp-echo" {
            return Err("name");
        }
        Ok(Self {
            protocol: codec::number(&value, "protocol")?,
            version: codec::text(&value, "version")?,
            allowed: codec::flag(&value, "allowed")?,
            why: sentence(&value, "why"),
            setting: sentence(&value, "setting"),
        })
    }
}

fn sentence(value: &Value<'_>, name: &'static str) -> Option<String> {
    codec::text(value, name)
        .ok()
        .filter(|text| !text.is_empty())
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
        assert_eq!(
            policy.setting.as_deref(),
            Some("--allow-origin https://docs.example")
        );
        assert!(policy.why.unwrap().contains("https://docs.example"));
    }

    #[test]
    fn anything_else_is_not_a_host() {
        assert_eq!(Policy::read("<!doctype html>"), Err("JSON"));
        assert_eq!(Policy::read("{\"name\":\"other\"}"), Err("name"));
        let no_answer = REFUSAL.replace("false", "null");
        assert_eq!(Policy::read(&no_answer), Err("allowed"));
    }
}

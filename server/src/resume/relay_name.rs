//! The name of one relay among several behind a proxy.

use std::fmt;
use std::str::FromStr;

/// Longest name.
const MAX_NAME_BYTES: usize = 32;

/// What stands between a name and the rest of a token: no name holds it.
const AFTER_NAME: char = '.';

/// A name that begins the resume tokens of a relay, so that a proxy leads a client that comes back to where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayName(String);

impl RelayName {
    /// The token with this name before it.
    pub(super) fn before(&self, token: &str) -> String {
        format!("{self}{AFTER_NAME}{token}")
    }

    /// The name before a token, if there is one, and the token.
    pub(super) fn split(token: &str) -> (Option<&str>, &str) {
        match token.split_once(AFTER_NAME) {
            Some((name, token)) => (Some(name), token),
            None => (None, token),
        }
    }

    /// Whether it is this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}

impl FromStr for RelayName {
    type Err = String;

    /// Takes what a query and the settings of proxies hold as it is.
    fn from_str(name: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain) {
            true => Ok(Self(name.to_owned())),
            false => Err(format!(
                "a name has 1 to {MAX_NAME_BYTES} letters, digits and hyphens, such as relay1"
            )),
        }
    }
}

impl fmt::Display for RelayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_nothing_that_a_query_or_a_proxy_would_read_otherwise() {
        for name in ["relay1", "a", "UDP-7", &"x".repeat(32)] {
            assert_eq!(name.parse::<RelayName>().unwrap().to_string(), name);
        }
        for name in ["", "a.b", "a b", "a&b", "ü", "a_b", &"x".repeat(33)] {
            let said = name.parse::<RelayName>().unwrap_err();
            assert!(said.contains("relay1"), "{name:?}: {said}");
        }
    }

    #[test]
    fn a_name_stands_before_the_token_and_comes_off_again() {
        let name: RelayName = "relay-1".parse().unwrap();
        let token = name.before("00ff");
        assert_eq!(token, "relay-1.00ff");
        assert_eq!(RelayName::split(&token), (Some("relay-1"), "00ff"));
        assert_eq!(RelayName::split("00ff"), (None, "00ff"));
    }
}

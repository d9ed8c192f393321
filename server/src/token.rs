//! Secrets that a session is told, and nobody else: whoever presents one joins its loopback, brings it a lane, or watches it.

use std::fmt;
use std::io;

use sha2::{Digest as _, Sha256};

/// Bytes of a token: 128 bits are beyond guessing.
const TOKEN_BYTES: usize = 16;

/// By what tokens are compared. How long a comparison of digests takes tells nothing about the token.
pub(crate) type Digest = [u8; 32];

/// A secret. It is shown to its own sessions alone, and never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; TOKEN_BYTES]);

impl Token {
    /// A new token.
    pub(crate) fn draw() -> io::Result<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Reads 32 hexadecimal digits.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok()?;
        (is_hex && text.len() == 2 * TOKEN_BYTES).then(|| Self(number.to_be_bytes()))
    }

    pub(crate) fn digest(&self) -> Digest {
        Sha256::digest(self.0).into()
    }

    /// The token as 32 hexadecimal digits, for the `hello` of its own sessions.
    pub fn reveal(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_32_digits_and_read_back() {
        let token = Token::draw().unwrap();
        let shown = token.reveal();
        assert_eq!(shown.len(), 32);
        assert!(Token::read(&shown) == Some(token));
        let small = Token([0; TOKEN_BYTES]);
        assert_eq!(small.reveal(), "0".repeat(32));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        let sign = format!("+{}", "0".repeat(31));
        let (short, long) = ("0".repeat(31), "0".repeat(33));
        for text in ["", "x", &sign, &short, &long, &"é".repeat(16)] {
            assert!(Token::read(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_not_printed_by_accident() {
        let token = Token::draw().unwrap();
        assert_eq!(format!("{token:?}"), "Token(secret)");
    }
}

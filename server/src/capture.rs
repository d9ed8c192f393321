//! Captures of sessions while they live: a session records its datagrams, and one program on this machine reads them.
//!
//! - [`Captures`]: the sessions that may be watched, by their tokens;
//! - [`Offer`]: a session's side; it ends with the session;
//! - [`Reader`]: the program's side; a newer one takes the place of an older one.
//!
//! A session never waits for its reader: what finds no room is left out, and counted.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::token::{Digest, Token};

mod tape;

pub(crate) use tape::{Reader, Tape};

/// Captures that are read at a time: each may hold half a megabyte for its reader.
const MOST_READERS: usize = 8;

/// The sessions of a host that may be watched. Clones share them.
#[derive(Debug, Clone)]
pub struct Captures {
    offers: Arc<Mutex<HashMap<Digest, Offered>>>,
    readers: Arc<Semaphore>,
}

#[derive(Debug)]
struct Offered {
    session: u64,
    tape: Arc<Tape>,
}

/// A session that may be watched, for as long as this is kept.
#[derive(Debug)]
pub(crate) struct Offer {
    captures: Captures,
    session: u64,
    token: Token,
    pub(crate) tape: Arc<Tape>,
}

/// Why nobody reads what a token asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCapture {
    /// It is the token of no session that lives.
    Unknown,
    /// Enough are read already.
    TooMany,
}

impl Default for Captures {
    fn default() -> Self {
        Self {
            offers: Arc::default(),
            readers: Arc::new(Semaphore::new(MOST_READERS)),
        }
    }
}

impl Captures {
    /// Lets the session with this number be watched.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn offer(&self, session: u64) -> io::Result<Offer> {
        let token = Token::draw()?;
        let tape = Arc::new(Tape::default());
        let offered = Offered {
            session,
            tape: Arc::clone(&tape),
        };
        self.offers().insert(token.digest(), offered);
        Ok(Offer {
            captures: self.clone(),
            session,
            token,
            tape,
        })
    }

    /// Begins to read the session that a token names, as [`Offer::token`] has written it.
    pub(crate) fn read(
        &self,
        token: &str,
    ) -> Result<(u64, Reader, OwnedSemaphorePermit), NoCapture> {
        let (session, secret) = token.split_once('-').ok_or(NoCapture::Unknown)?;
        let digest = Token::read(secret).ok_or(NoCapture::Unknown)?.digest();
        let offers = self.offers();
        let offered = offers.get(&digest).ok_or(NoCapture::Unknown)?;
        if session != offered.session.to_string() {
            return Err(NoCapture::Unknown);
        }
        let permit = Arc::clone(&self.readers).try_acquire_owned();
        let permit = permit.map_err(|_| NoCapture::TooMany)?;
        Ok((offered.session, offered.tape.read(), permit))
    }

    fn offers(&self) -> MutexGuard<'_, HashMap<Digest, Offered>> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Offer {
    /// The secret by which a program watches the session. Only the session's own client is told.
    pub(crate) fn token(&self) -> String {
        format!("{}-{}", self.session, self.token.reveal())
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        self.captures.offers().remove(&self.token.digest());
        self.tape.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_session_and_no_other_and_none_after_its_end() {
        let captures = Captures::default();
        let (seven, eight) = (captures.offer(7).unwrap(), captures.offer(8).unwrap());
        assert_eq!(captures.read(&seven.token()).unwrap().0, 7);
        assert_eq!(captures.read(&eight.token()).unwrap().0, 8);
        let secret = seven.token()[2..].to_owned();
        let forged = format!("7-{}", "0".repeat(32));
        for token in [
            format!("8-{secret}"),
            format!("07-{secret}"),
            format!("+7-{secret}"),
            secret,
            forged,
            "7-".to_owned(),
            String::new(),
        ] {
            let refused = captures.read(&token).map(|(session, ..)| session);
            assert_eq!(refused, Err(NoCapture::Unknown), "{token}");
        }
        let token = seven.token();
        drop(seven);
        let expired = captures.read(&token).map(|(session, ..)| session);
        assert_eq!(expired, Err(NoCapture::Unknown));
    }

    #[test]
    fn so_many_are_read_at_a_time_and_no_more() {
        let captures = Captures::default();
        let offer = captures.offer(1).unwrap();
        let mut readers: Vec<_> = (0..MOST_READERS)
            .map(|_| captures.read(&offer.token()).unwrap())
            .collect();
        let refused = captures.read(&offer.token()).map(|(session, ..)| session);
        assert_eq!(refused, Err(NoCapture::TooMany));
        readers.pop();
        assert!(captures.read(&offer.token()).is_ok());
    }

    #[test]
    fn a_token_is_not_printed_by_accident() {
        let captures = Captures::default();
        let offer = captures.offer(7).unwrap();
        let secret = offer.token()[2..].to_owned();
        assert!(!format!("{offer:?} {captures:?}").contains(&secret));
    }
}

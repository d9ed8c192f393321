//! What a panel reads: where the widget stands, and its newest datagrams.
//!
//! A feed is one JSON object. Datagrams come in the form of [`crate::form`], only those that changed since the feed before
//! and at most the newest [`FED`]; whoever reads one feed after the other has them all.
//!
//! | field | |
//! |---|---|
//! | `mode` | the word of the element's events: `live`, `simulated`, … |
//! | `view` | the attribute: `timeline`, `lab`, `full`, … or empty |
//! | `paused` | whether the picture is held |
//! | `selected` | number of the picked datagram, or missing |
//! | `client`, `server`, `limit`, `seed` | of the host's `hello`; empty without one |
//! | `draft` | the message in the composer, as hexadecimal digits; missing where it has not changed |
//! | `lab`, `rules` | what was last asked of the host, in the protocol's form, or missing |
//! | `stream` | what the host last said of a byte stream, or missing |
//! | `counters` | as in the event `udp-stats` |
//! | `first`, `next` | number of the oldest datagram that is kept, and of the next one |
//! | `datagrams` | see above |

use std::ops::Range;

use crate::datagram::Payload;

use crate::codec::{self, Unreadable};
use crate::form;
use crate::json::Value;
use crate::kept::Kept;

/// Datagrams that a panel knows at most.
pub const FED: u64 = 200;

/// The feed so far.
#[derive(Debug, Default)]
pub struct Feed {
    /// What it talks to.
    pub mode: String,
    /// How much of the widget is shown.
    pub view: String,
    /// Whether the picture is held.
    pub paused: bool,
    /// The picked datagram.
    pub selected: Option<u64>,
    /// UDP address of the session.
    pub client: String,
    /// UDP address of the server.
    pub server: String,
    /// Most payload bytes of a datagram.
    pub limit: usize,
    /// Seed of the session's link.
    pub seed: u64,
    /// The message in the composer.
    pub draft: Payload,
    /// The kept datagrams, by their numbers.
    pub datagrams: Kept,
    /// Number of the next datagram.
    pub next: u64,
}

impl Feed {
    /// Takes in the next feed.
    ///
    /// # Errors
    /// The name of the field that is missing or of another kind.
    pub fn take_in(&mut self, value: &Value<'_>) -> Result<(), Unreadable> {
        let first = codec::read(value, |fields| {
            self.mode = fields.text("mode");
            self.view = fields.text("view");
            self.paused = fields.flag("paused");
            self.selected = fields.number_if_any("selected");
            self.client = fields.text("client");
            self.server = fields.text("server");
            self.limit = fields.size("limit");
            self.seed = fields.number("seed");
            self.next = fields.number("next");
            fields.number("first")
        })?;
        if let Some(Value::Text(draft)) = value.field("draft") {
            self.draft = form::unhex(draft).ok_or("draft")?;
        }
        let Some(Value::List(changed)) = value.field("datagrams") else {
            return Err("datagrams");
        };
        for datagram in changed {
            let datagram = form::read(datagram, 0)?;
            self.datagrams.insert(datagram);
        }
        // What begins anew counts from 1 again: then what was kept is of another run.
        self.datagrams.retain(first..self.next, FED as usize);
        Ok(())
    }

    /// The numbers of the datagrams that are known.
    pub fn kept(&self) -> Range<u64> {
        match self.datagrams.is_empty() {
            true => self.next..self.next,
            false => self.datagrams.numbers(),
        }
    }
}

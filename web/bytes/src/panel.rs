//! The panel: the bytes of the message in the composer.

use udp_echo_feed::chunk::Act;
use udp_echo_feed::dom::{self, Label};
use udp_echo_feed::feed::Feed;
use udp_echo_feed::{form, json};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::words;

/// Bytes that are drawn at most.
const DRAWN: usize = 512;

/// What this chunk draws.
#[wasm_bindgen]
pub struct Panel {
    feed: Feed,
    hex: Label,
    _act: Act,
}

#[wasm_bindgen]
impl Panel {
    /// Shows what there is now.
    pub fn show(&mut self, feed: &str) {
        let Some(value) = json::parse(feed) else {
            return;
        };
        // The core writes what is read here; tests hold the two together.
        if self.feed.take_in(&value).is_err() {
            return;
        }
        let draft = &self.feed.draft;
        let pairs = draft.iter().take(DRAWN).map(|byte| form::hex(&[*byte]));
        self.hex.set(&pairs.collect::<Vec<_>>().join(" "));
    }
}

impl Panel {
    pub(crate) fn new(place: &Element, act: Act) -> Self {
        let title = dom::append(place, "p", "title");
        title.set_text_content(Some(words::TITLE));
        let hex = dom::append(place, "pre", "hex");
        Self {
            feed: Feed::default(),
            hex: Label::new(hex),
            _act: act,
        }
    }
}

//! The module `race` of the page: fifty messages with the same losses over UDP and over TCP, moment by moment.
//!
//! The race itself is [`wire::race`], and TCP's side [`wire::tcp`], a model. Here is what stands on both sides of it at a time
//! ([`cells`]), and what there is to say of it ([`words`]). `www/race/race.js` draws it and holds the clock.

use udp_echo_feed::words::number;
use wasm_bindgen::prelude::*;
use wire::race::{COURSE, LOSS_PPM};

pub mod cells;
pub mod words;

/// A race, for the page.
#[wasm_bindgen]
pub struct Race(wire::race::Race);

#[wasm_bindgen]
impl Race {
    /// The race of a seed, a number of 64 bits as text; of what is none, that of 0.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: &str) -> Race {
        Race(wire::race::race(
            COURSE,
            LOSS_PPM,
            seed.parse().unwrap_or_default(),
        ))
    }

    /// Milliseconds until the last message is at its goal on both sides.
    pub fn length(&self) -> f64 {
        (cells::length(&self.0) / 1_000) as f64
    }

    /// What every message is at, after so many milliseconds: one letter each, first UDP's and then TCP's ([`cells::Cell::letter`]).
    pub fn at(&self, millis: f64) -> String {
        let [udp, tcp] = cells::cells(&self.0, COURSE, (millis * 1_000.0) as u64);
        udp.iter().chain(&tcp).map(|cell| cell.letter()).collect()
    }

    /// How many messages the reader had, as points of a line: milliseconds, and messages.
    pub fn curve(&self, is_tcp: bool) -> String {
        let times: Vec<u64> = match is_tcp {
            true => self.0.tcp.delivered.clone(),
            false => self.0.udp.iter().flatten().copied().collect(),
        };
        let mut points = "0,0".to_owned();
        for (count, at) in times.iter().enumerate() {
            let at = number(at / 1_000);
            for count in [count, count + 1] {
                points = [&points, " ", &at, ",", &number(count as u64)].concat();
            }
        }
        points
    }

    /// The whole of it in a sentence for each side.
    pub fn summary(&self) -> String {
        words::summary(&self.0)
    }
}

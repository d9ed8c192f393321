//! Which datagrams are shown, when their film begins and when it rests. Times are microseconds of the browser's clock.

use udp_echo_feed::Micros;
use udp_echo_feed::datagram::Datagram;
use udp_echo_feed::feed::Feed;

use crate::film::{Film, Speed};
use crate::moments::{Moment, moments};
use crate::words;

/// Most datagrams of one film.
pub const MOST: usize = 12;
/// A datagram that is sent within so much of the one before is in the same film.
const TOGETHER: Micros = 1_000_000;
/// So long after the newest was sent a film begins, once all of its datagrams have ended.
const QUIET: Micros = 150_000;
/// So long after the last news it begins in any case.
const PATIENCE: Micros = 400_000;
/// What was sent longer ago is no news: it is shown, but does not move by itself.
const NEWS: Micros = 10_000_000;

/// What the film is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// It shows its end.
    #[default]
    Resting,
    /// Datagrams are being sent, or on their way.
    Gathering,
    /// It runs since then.
    Playing(Micros),
}

/// The film of the newest datagrams.
#[derive(Debug, Default)]
pub struct Player {
    film: Film,
    moments: Vec<Moment>,
    summary: String,
    state: State,
    /// Numbers of the first and the last datagram that are shown.
    shown: Option<(u64, u64)>,
    /// How many events the datagrams have, and how many of them have ended.
    known: (usize, usize),
    news_at: Micros,
    sent_at: Micros,
}

impl Player {
    /// Takes in what there is now. Whoever asked for less motion sees no film, only its end.
    pub fn take(&mut self, feed: &Feed, is_still: bool, now: Micros) {
        let group = newest(feed);
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            return *self = Self::default();
        };
        // A held picture stays as it is.
        if feed.paused && self.shown.is_some() {
            return;
        }
        let events = group.iter().map(|datagram| datagram.events.len()).sum();
        let ended = group.iter().filter(|datagram| datagram.fate.is_some());
        let known = (events, ended.count());
        let shown = Some((first.number, last.number));
        let is_new = self.shown.map(|(_, last)| last) != Some(last.number);
        if !is_new && known == self.known {
            return;
        }
        (self.shown, self.known) = (shown, known);
        (self.news_at, self.sent_at) = (now, last.sent_at);
        if is_new && !is_still && now.saturating_sub(last.sent_at) < NEWS {
            self.state = State::Gathering;
            self.film = Film::default();
            self.summary = String::new();
        } else if is_new || is_still {
            self.state = State::Resting;
        }
        match self.state {
            State::Gathering => {}
            // What comes late changes no speed.
            State::Playing(_) => self.show(&group, self.film.speed),
            State::Resting => self.show(&group, None),
        }
    }

    /// Goes on, and says at which time the film is now.
    pub fn now(&mut self, feed: &Feed, now: Micros) -> u64 {
        if self.state == State::Gathering {
            let group = newest(feed);
            let have_ended = group.iter().all(|datagram| datagram.fate.is_some());
            let is_quiet = now.saturating_sub(self.sent_at) >= QUIET;
            if (have_ended && is_quiet) || now.saturating_sub(self.news_at) >= PATIENCE {
                self.show(&group, None);
                self.state = State::Playing(now);
            }
        }
        let State::Playing(began) = self.state else {
            return u64::MAX;
        };
        let at = now.saturating_sub(began);
        if at >= self.film.length {
            self.state = State::Resting;
            return u64::MAX;
        }
        at
    }

    /// Shows the film again from its beginning, or its end when it is running.
    pub fn toggle(&mut self, now: Micros) {
        self.state = match self.state {
            State::Playing(_) => State::Resting,
            _ => State::Playing(now),
        };
    }

    /// Whether there is something to do in the next frame.
    pub fn is_busy(&self) -> bool {
        self.state != State::Resting
    }

    /// Whether it moves.
    pub fn is_playing(&self) -> bool {
        matches!(self.state, State::Playing(_))
    }

    /// The film.
    pub fn film(&self) -> &Film {
        &self.film
    }

    /// What to say at this time of the film.
    pub fn sentence(&self, at: u64) -> String {
        if !self.is_playing() {
            return self.summary.clone();
        }
        let last = self.moments.iter().rfind(|moment| moment.at <= at);
        last.map(words::sentence).unwrap_or_default()
    }

    fn show(&mut self, group: &[&Datagram], speed: Option<Speed>) {
        self.film = Film::of(group, speed);
        self.moments = moments(&self.film);
        self.summary = words::summary(&self.film, group);
    }
}

/// The newest datagrams that were sent together.
fn newest(feed: &Feed) -> Vec<&Datagram> {
    let mut group: Vec<&Datagram> = Vec::new();
    for number in feed.kept().rev().take(MOST) {
        let Some(datagram) = feed.datagrams.get(&number) else {
            break;
        };
        let is_apart = |next: &&Datagram| next.sent_at.saturating_sub(datagram.sent_at) > TOGETHER;
        if group.last().is_some_and(is_apart) {
            break;
        }
        group.push(datagram);
    }
    group.reverse();
    group
}

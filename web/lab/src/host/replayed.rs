//! The host that is a recording: it tells what it once told, at the same pace.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use udp_echo_feed::Micros;
use udp_echo_feed::dom::{Clock, Timer};

use super::Tell;
use crate::codec;
use crate::trace::{Recording, Said};

/// A recorded run that is being shown.
pub(super) struct Replayed(
    #[expect(dead_code, reason = "it lives as long as the session does")] Rc<Player>,
);

struct Player {
    clock: Clock,
    began: Micros,
    waiting: RefCell<VecDeque<(Micros, Said)>>,
    timer: RefCell<Timer>,
    tell: Tell,
}

impl Replayed {
    /// Begins to show a recording. Each event is told with the time that it has in the recording, counted from now: a
    /// timer that is late changes no round trip.
    pub(super) fn new(recording: Recording, tell: Tell) -> Self {
        let clock = Clock::default();
        let began = clock.now();
        let player = Rc::new_cyclic(|player: &Weak<Player>| {
            let player = player.clone();
            let ring = move || {
                if let Some(player) = player.upgrade() {
                    player.timer.borrow_mut().rang();
                    player.work();
                }
            };
            Player {
                began,
                clock,
                waiting: RefCell::new(recording.into()),
                timer: RefCell::new(Timer::new(Box::new(ring))),
                tell,
            }
        });
        player.work();
        Self(player)
    }
}

impl Player {
    fn work(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let now = self.clock.now();
        let since = now - self.began;
        while let Some((at, said)) = waiting.pop_front_if(|(at, _)| *at <= since) {
            let at = Some((self.began + at) as f64);
            match said {
                Said::Control(message) => self.tell.control(&codec::write(&message), at),
                Said::Answer(bytes) => self.tell.datagram(&bytes, at, false),
                Said::Sent(bytes) => self.tell.datagram(&bytes, at, true),
            }
        }
        let next = waiting.front().map(|(at, _)| self.began + at);
        self.timer.borrow_mut().set(next, now);
    }
}

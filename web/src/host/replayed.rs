//! The host that is a recording: it tells what it once told, at the same pace.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use wire::control::ClientMessage;

use super::Host;
use crate::dom::{Clock, Timer};
use crate::element::trace::Recording;
use crate::session::{Event, Micros};

/// A recorded run that is being shown.
pub struct Replayed(
    #[expect(dead_code, reason = "it lives as long as the session does")] Rc<Player>,
);

struct Player {
    clock: Clock,
    began: Micros,
    waiting: RefCell<VecDeque<(Micros, Event)>>,
    timer: RefCell<Timer>,
    tell: Box<dyn Fn(Micros, Event)>,
}

impl Replayed {
    /// Begins to show a recording. Each event is told with the time that it has in the recording, counted from now: a
    /// timer that is late changes no round trip.
    pub fn new(recording: Recording, tell: Box<dyn Fn(Micros, Event)>) -> Self {
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
                waiting: RefCell::new(recording.events.into()),
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
        while let Some((at, event)) = waiting.pop_front_if(|(at, _)| *at <= since) {
            (self.tell)(self.began + at, event);
        }
        let next = waiting.front().map(|(at, _)| self.began + at);
        self.timer.borrow_mut().set(next, now);
    }
}

impl Host for Replayed {
    fn send(&self, _payload: &Bytes) {}

    fn control(&self, _message: &ClientMessage) {}

    fn buffered(&self) -> u32 {
        0
    }
}

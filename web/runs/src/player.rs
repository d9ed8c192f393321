//! The host that is a recording: it tells what it once told, at the same pace.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use udp_echo_feed::Micros;
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::codec::{self, Object};
use udp_echo_feed::dom::{Clock, Timer};
use wasm_bindgen::prelude::*;

use crate::trace::{Recording, Said};

/// A recorded run that is being shown.
#[wasm_bindgen]
pub struct Player(#[expect(dead_code, reason = "it lives as long as the session does")] Rc<Desk>);

struct Desk {
    clock: Clock,
    began: Micros,
    waiting: RefCell<VecDeque<(Micros, Said)>>,
    timer: RefCell<Timer>,
    tell: Tell,
}

#[wasm_bindgen]
impl Player {
    /// A recording hears nothing.
    pub fn send(&self, _data: JsValue) {}
}

impl Player {
    /// Begins to show a recording. Each event is told with the time that it has in the recording, counted from now: a
    /// timer that is late changes no round trip.
    pub(crate) fn new(recording: Recording, tell: Tell) -> Self {
        let clock = Clock;
        let began = clock.now();
        let desk = Rc::new_cyclic(|desk: &Weak<Desk>| {
            let desk = desk.clone();
            let ring = move || {
                if let Some(desk) = desk.upgrade() {
                    desk.timer.borrow_mut().rang();
                    desk.work();
                }
            };
            Desk {
                began,
                clock,
                waiting: RefCell::new(recording.into()),
                timer: RefCell::new(Timer::new(Box::new(ring))),
                tell,
            }
        });
        desk.work();
        Self(desk)
    }
}

impl Desk {
    fn work(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let now = self.clock.now();
        let since = now - self.began;
        while let Some((at, said)) = waiting.pop_front_if(|(at, _)| *at <= since) {
            let at = Some((self.began + at) as f64);
            match said {
                Said::Hello(hello) => {
                    let hello = codec::hello(&hello);
                    self.tell.control(&codec::only("hello", &hello), at);
                }
                Said::Event(event) => {
                    let mut message = Object::default();
                    message.list("events", [codec::write_event(&event, event.1)]);
                    self.tell.control(&message.end(), at);
                }
                Said::Answer(bytes) => self.tell.datagram(&bytes, at, false),
                Said::Sent(bytes) => self.tell.datagram(&bytes, at, true),
            }
        }
        let next = waiting.front().map(|(at, _)| self.began + at);
        self.timer.borrow_mut().set(next, now);
    }
}

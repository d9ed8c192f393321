//! The host that is a recording: it tells what it once told, at the same pace.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use udp_echo_feed::Micros;
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::codec;
use udp_echo_feed::dom::{Clock, Timer};
use wasm_bindgen::prelude::*;
use wire::control::HostMessage;

use crate::trace::{Recording, Said};

/// A recorded run that is being shown.
#[wasm_bindgen]
pub struct Player(
    #[expect(dead_code, reason = "it lives as long as the session does")] Rc<Running>,
);

struct Running {
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
        let running = Rc::new_cyclic(|running: &Weak<Running>| {
            let running = running.clone();
            let ring = move || {
                if let Some(running) = running.upgrade() {
                    running.timer.borrow_mut().rang();
                    running.work();
                }
            };
            Running {
                began,
                clock,
                waiting: RefCell::new(recording.into()),
                timer: RefCell::new(Timer::new(Box::new(ring))),
                tell,
            }
        });
        running.work();
        Self(running)
    }
}

impl Running {
    fn tell(&self, message: &HostMessage, at: Option<f64>) {
        self.tell.control(&codec::to_string(message), at);
    }

    fn work(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let now = self.clock.now();
        let since = now - self.began;
        while let Some((at, said)) = waiting.pop_front_if(|(at, _)| *at <= since) {
            let at = Some((self.began + at) as f64);
            match said {
                Said::Hello(hello) => {
                    self.tell(&HostMessage::Hello(hello), at);
                }
                Said::Event(event) => {
                    self.tell(&HostMessage::Events(vec![event]), at);
                }
                Said::Answer(bytes) => self.tell.datagram(&bytes, at, false),
                Said::Sent(bytes) => self.tell.datagram(&bytes, at, true),
            }
        }
        let next = waiting.front().map(|(at, _)| self.began + at);
        self.timer.borrow_mut().set(next, now);
    }
}

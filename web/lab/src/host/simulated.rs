//! The host that needs no network: [`wire::simulator`], driven by the browser's timer.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use udp_echo_feed::dom::{Clock, Timer};
use wire::control::ClientMessage;
use wire::simulator::{Outgoing, Simulator};

use super::Tell;
use crate::codec;

/// A simulated host with one session.
pub(super) struct Simulated(Rc<Desk>);

struct Desk {
    simulator: RefCell<Simulator>,
    timer: RefCell<Timer>,
    tell: Tell,
    clock: Clock,
}

impl Simulated {
    /// A host that says hello at once. The same `seed` gives the same fates.
    pub(super) fn new(seed: u64, tell: Tell) -> Self {
        let clock = Clock::default();
        let now = clock.now();
        let desk = Rc::new_cyclic(|desk: &std::rc::Weak<Desk>| {
            let desk = desk.clone();
            let ring = move || {
                if let Some(desk) = desk.upgrade() {
                    desk.timer.borrow_mut().rang();
                    desk.work();
                }
            };
            Desk {
                simulator: RefCell::new(Simulator::new(now, seed)),
                timer: RefCell::new(Timer::new(Box::new(ring))),
                tell,
                clock,
            }
        });
        desk.work();
        Self(desk)
    }
}

impl Desk {
    /// Sends what is due, and sets the timer for what will be.
    fn work(&self) {
        let mut simulator = self.simulator.borrow_mut();
        let now = self.clock.now();
        while let Some(outgoing) = simulator.poll(now) {
            match outgoing {
                Outgoing::Control(message) => self.tell.control(&codec::write(&message), None),
                Outgoing::Datagram(payload) => self.tell.datagram(&payload, None, false),
            }
        }
        self.timer.borrow_mut().set(simulator.next_due(), now);
    }
}

impl Simulated {
    /// Takes the client's next datagram.
    pub(super) fn datagram(&self, payload: Bytes) {
        let now = self.0.clock.now();
        self.0.simulator.borrow_mut().datagram(now, payload);
        self.0.work();
    }

    /// Takes a control message.
    pub(super) fn control(&self, message: &ClientMessage) {
        self.0.simulator.borrow_mut().control(message);
        self.0.work();
    }
}

//! The host that needs no network: [`wire::simulator`], driven by the browser's timer. It is sent what a WebSocket would be
//! sent, and answers with what one would bring.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::Uint8Array;
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::dom::{Clock, Timer};
use wasm_bindgen::prelude::*;
use wire::simulator::{Outgoing, Simulator};

use crate::codec;

/// A simulated host with one session.
#[wasm_bindgen]
pub struct Host(Rc<Desk>);

struct Desk {
    simulator: RefCell<Simulator>,
    timer: RefCell<Timer>,
    tell: Tell,
    clock: Clock,
}

#[wasm_bindgen]
impl Host {
    /// Takes a control message as text, or a datagram as bytes.
    pub fn send(&self, data: JsValue) {
        let desk = &self.0;
        {
            let mut simulator = desk.simulator.borrow_mut();
            match data.as_string() {
                // What a live host would end the session for does not come from the core.
                Some(text) => drop(codec::read(&text).map(|message| simulator.control(&message))),
                None => {
                    let payload = Uint8Array::new(&data).to_vec();
                    simulator.datagram(desk.clock.now(), payload.into());
                }
            }
        }
        desk.work();
    }
}

impl Host {
    /// See [`crate::simulated`].
    pub(crate) fn new(seed: u64, tell: Tell) -> Self {
        let clock = Clock;
        let now = clock.now();
        let desk = Rc::new_cyclic(|desk: &Weak<Desk>| {
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

//! The host that needs no network: [`wire::simulator`], driven by the browser's timer. It is sent what a WebSocket would be
//! sent, and answers with what one would bring.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Uint8Array;
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::codec;
use udp_echo_feed::dom::{Clock, Timer};
use wasm_bindgen::prelude::*;
use wire::simulator::{CLIENT_PORT, Outgoing, Simulator};

/// A simulated host with one session.
#[wasm_bindgen]
pub struct Host(Rc<Running>);

struct Running {
    simulator: RefCell<Simulator>,
    timer: RefCell<Timer>,
    tell: Tell,
    clock: Clock,
    _port: Port,
}

#[wasm_bindgen]
impl Host {
    /// Takes a control message as text, or a datagram as bytes.
    pub fn send(&self, data: JsValue) {
        let running = &self.0;
        {
            let mut simulator = running.simulator.borrow_mut();
            match data.as_string() {
                // What a live host would end the session for does not come from the core.
                Some(text) => {
                    if let Ok(message) = codec::client_message(&text) {
                        simulator.control(&message);
                    }
                }
                None => {
                    let payload = Uint8Array::new(&data).to_vec();
                    simulator.datagram(running.clock.now(), payload.into());
                }
            }
        }
        running.work();
    }
}

impl Host {
    /// See [`crate::simulated`].
    pub(crate) fn new(seed: u64, tell: Tell) -> Self {
        let clock = Clock;
        let now = clock.now();
        let port = Port::take();
        let simulator = Simulator::with_client_port(now, seed, CLIENT_PORT + port.0 as u16);
        let running = Rc::new_cyclic(|running: &Weak<Running>| {
            let running = running.clone();
            let ring = move || {
                if let Some(running) = running.upgrade() {
                    running.timer.borrow_mut().rang();
                    running.work();
                }
            };
            Running {
                simulator: RefCell::new(simulator),
                timer: RefCell::new(Timer::new(Box::new(ring))),
                tell,
                clock,
                _port: port,
            }
        });
        running.work();
        Self(running)
    }
}

impl Running {
    /// Sends what is due, and sets the timer for what will be.
    fn work(&self) {
        let mut simulator = self.simulator.borrow_mut();
        let now = self.clock.now();
        while let Some(outgoing) = simulator.poll(now) {
            match outgoing {
                Outgoing::Control(message) => self.tell.control(&codec::to_string(&message), None),
                Outgoing::Datagram(payload) => self.tell.datagram(&payload, None, false),
            }
        }
        self.timer.borrow_mut().set(simulator.next_due(), now);
    }
}

thread_local! {
    /// The ports that the simulated clients of this page have, one bit each.
    static TAKEN: Cell<u32> = const { Cell::new(0) };
}

/// The client's port, so many above the first, for as long as its host is there. The lowest that is free: who comes back finds
/// the one it had.
struct Port(u32);

impl Port {
    fn take() -> Self {
        let taken = TAKEN.get();
        // Where more than 32 are on one page, the last ones share.
        let free = taken.trailing_ones().min(u32::BITS - 1);
        TAKEN.set(taken | 1 << free);
        Self(free)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        TAKEN.set(TAKEN.get() & !(1 << self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_ports_of_their_own_and_leave_them_to_the_next() {
        let [first, second] = [Port::take(), Port::take()];
        assert_eq!((first.0, second.0), (0, 1));
        drop(first);
        let third = Port::take();
        assert_eq!(third.0, 0);
        let many: Vec<Port> = (0..40).map(|_| Port::take()).collect();
        assert_eq!(many.last().map(|port| port.0), Some(31));
        drop((second, third, many));
        assert_eq!(TAKEN.get(), 0);
    }
}

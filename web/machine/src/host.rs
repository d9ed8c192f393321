//! The host of `/sockets` that needs no network: [`wire::sockets::machine`], driven by the browser's timer. All its sessions on a
//! page are on one machine, so that elements find each other by the token of a loopback.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Uint8Array;
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::dom::{Clock, Timer};
use udp_echo_feed::json;
use wasm_bindgen::prelude::*;
use wire::sockets::control::SocketsRequest;
use wire::sockets::machine::{Machine, NoSuchLoopback, Outgoing, SessionId};

/// A session on the page's machine. It ends when it is freed.
#[wasm_bindgen]
pub struct Host {
    id: SessionId,
    page: Rc<Page>,
}

/// The machine of a page, and who hears of which session.
struct Page {
    machine: RefCell<Machine>,
    clients: RefCell<Vec<(SessionId, Rc<Tell>)>>,
    timer: RefCell<Timer>,
    clock: Clock,
    is_working: Cell<bool>,
}

thread_local! {
    /// Made with the first session; it stays, so that those who come later share it.
    static PAGE: RefCell<Option<Rc<Page>>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
impl Host {
    /// Takes a control message as text, or a datagram behind its header as bytes.
    pub fn send(&self, data: JsValue) {
        let now = self.page.clock.now();
        match data.as_string() {
            Some(text) => {
                // What a live host would end the session for does not come from this element.
                let request = json::parse(&text).map(|value| json::from_value(&value));
                if let Some(Ok(request)) = request {
                    let request: SocketsRequest = request;
                    self.page
                        .machine
                        .borrow_mut()
                        .control(now, self.id, &request);
                }
            }
            None => {
                let message = Uint8Array::new(&data).to_vec();
                self.page
                    .machine
                    .borrow_mut()
                    .message(now, self.id, message.into());
            }
        }
        self.page.work();
    }
}

impl Host {
    /// See [`crate::simulated_sockets`].
    pub(crate) fn new(seed: u64, token: &str, tell: Tell) -> Result<Self, JsValue> {
        let page = PAGE.with_borrow_mut(|page| page.get_or_insert_with(|| Page::new(seed)).clone());
        let token = Some(token).filter(|token| !token.is_empty());
        let now = page.clock.now();
        let opened = page.machine.borrow_mut().open(now, seed, token);
        let id = opened.map_err(|NoSuchLoopback| JsValue::from_str(NoSuchLoopback::SENTENCE))?;
        page.clients.borrow_mut().push((id, Rc::new(tell)));
        page.work();
        Ok(Self { id, page })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.page
            .clients
            .borrow_mut()
            .retain(|(id, _)| *id != self.id);
        let now = self.page.clock.now();
        self.page.machine.borrow_mut().close(now, self.id);
        self.page.work();
    }
}

impl Page {
    fn new(seed: u64) -> Rc<Self> {
        let ring = || {
            if let Some(page) = PAGE.with_borrow(Clone::clone) {
                page.timer.borrow_mut().rang();
                page.work();
            }
        };
        Rc::new(Self {
            machine: RefCell::new(Machine::new(seed)),
            clients: RefCell::new(Vec::new()),
            timer: RefCell::new(Timer::new(Box::new(ring))),
            clock: Clock,
            is_working: Cell::new(false),
        })
    }

    /// Sends every client what is due, and sets the timer for what will be.
    fn work(&self) {
        // A client that answers while it is told has its answer taken; who tells it goes on with that.
        if self.is_working.replace(true) {
            return;
        }
        let now = self.clock.now();
        while let Some((client, outgoing)) = self.next(now) {
            match outgoing {
                Outgoing::Control(answer) => client.control(&json::to_string(&answer), None),
                Outgoing::Datagram(message) => client.datagram(&message, None, false),
            }
        }
        let due = self.machine.borrow().next_due();
        self.timer.borrow_mut().set(due, now);
        self.is_working.set(false);
    }

    fn next(&self, now: u64) -> Option<(Rc<Tell>, Outgoing)> {
        let mut machine = self.machine.borrow_mut();
        let clients = self.clients.borrow();
        let mut next = clients.iter().filter_map(|(id, client)| {
            let outgoing = machine.poll(now, *id)?;
            Some((Rc::clone(client), outgoing))
        });
        next.next()
    }
}

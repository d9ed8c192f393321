//! The host of `/sockets` that needs no network: [`wire::sockets::machine`], driven by the browser's timer, or by a [`Time`] that the
//! page holds. All its sessions on a page are on one machine, so that elements find each other by the token of a loopback.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Uint8Array};
use udp_echo_feed::chunk::Tell;
use udp_echo_feed::dom::{Clock, Timer};
use udp_echo_feed::{Micros, json};
use wasm_bindgen::prelude::*;
use wire::sockets::control::SocketsRequest;
use wire::sockets::machine::{Machine, NoSuchLoopback, Outgoing, SessionId};

/// In place of a token: the loopback that the elements and the programs of a page have in common.
const OF_PAGE: &str = "page";

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
    /// The token of the newest loopback that the page has in common.
    common: RefCell<Option<String>>,
    timer: RefCell<Timer>,
    clock: MachineClock,
    is_working: Cell<bool>,
}

/// The clock of the machine: the browser's, but for the time during which a page held it.
#[derive(Default)]
struct MachineClock {
    /// How far it is ahead of the browser's.
    ahead: Cell<i64>,
    /// Where it stands while a page holds it, and who is told then that something is due.
    held: RefCell<Option<(Micros, Function)>>,
}

/// The time of the machine in the hands of the page: it stands still until [`Time::advance`], and goes on with the browser's clock
/// when this is freed.
#[wasm_bindgen]
pub struct Time {
    page: Rc<Page>,
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
        let page = Page::get(seed);
        let opened = match token {
            "" => page.open(seed, None),
            OF_PAGE => page.join(seed),
            token => page.open(seed, Some(token)),
        };
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
            common: RefCell::new(None),
            timer: RefCell::new(Timer::new(Box::new(ring))),
            clock: MachineClock::default(),
            is_working: Cell::new(false),
        })
    }

    fn open(&self, seed: u64, token: Option<&str>) -> Result<SessionId, NoSuchLoopback> {
        let now = self.clock.now();
        self.machine.borrow_mut().open(now, seed, token)
    }

    /// Begins a session on the loopback that the page has in common; the first one draws it.
    fn join(&self, seed: u64) -> Result<SessionId, NoSuchLoopback> {
        let mut common = self.common.borrow_mut();
        if let Some(token) = &*common
            && let Ok(id) = self.open(seed, Some(token))
        {
            return Ok(id);
        }
        let id = self.open(seed, None)?;
        *common = self.machine.borrow().token(id).map(str::to_owned);
        Ok(id)
    }

    /// The machine of this page; the seed is that of its first session.
    fn get(seed: u64) -> Rc<Self> {
        PAGE.with_borrow_mut(|page| page.get_or_insert_with(|| Self::new(seed)).clone())
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
        let holder = self.clock.holder();
        let alarm = due.filter(|_| holder.is_none());
        self.timer.borrow_mut().set(alarm, now);
        self.is_working.set(false);
        if let (Some(holder), Some(_)) = (holder, due) {
            // What it throws is the page's.
            let _ = holder.call0(&JsValue::NULL);
        }
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

impl MachineClock {
    fn now(&self) -> Micros {
        match &*self.held.borrow() {
            Some((now, _)) => *now,
            None => Clock.now().saturating_add_signed(self.ahead.get()),
        }
    }

    fn holder(&self) -> Option<Function> {
        self.held
            .borrow()
            .as_ref()
            .map(|(_, holder)| holder.clone())
    }

    fn hold(&self, holder: Function) {
        let now = self.now();
        self.held.replace(Some((now, holder)));
    }

    fn advance(&self, to: Micros) {
        if let Some((now, _)) = &mut *self.held.borrow_mut() {
            *now = to.max(*now);
        }
    }

    /// Goes on from where it stands.
    fn release(&self) {
        if let Some((now, _)) = self.held.take() {
            self.ahead.set(now as i64 - Clock.now() as i64);
        }
    }
}

#[wasm_bindgen]
impl Time {
    /// What the clock says, in microseconds.
    pub fn now(&self) -> f64 {
        self.page.clock.now() as f64
    }

    /// When the machine has something to do; nothing while it waits for its clients.
    pub fn due(&self) -> Option<f64> {
        let due = self.page.machine.borrow().next_due();
        due.map(|due| due as f64)
    }

    /// Lets the clock go on to this time, and all happen that is due until then.
    pub fn advance(&self, to: f64) {
        self.page.clock.advance(to as Micros);
        self.page.work();
    }
}

impl Time {
    /// See [`crate::hold_time`].
    pub(crate) fn hold(seed: u64, holder: Function) -> Self {
        let page = Page::get(seed);
        page.clock.hold(holder);
        page.work();
        Self { page }
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.page.clock.release();
        self.page.work();
    }
}

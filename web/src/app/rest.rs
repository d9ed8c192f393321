//! The rest of the core: what only chunks, recordings and exports need.
//!
//! The bundle cuts it off into a module of its own, `udp-echo-rest_bg.wasm`, which shares the memory of the core and is loaded
//! before the first chunk: most pages show one live widget with its transcript, and never need it. What is cut off are the
//! functions of the modules with this name, and what only they call. So nothing here may be called before a chunk is there, or
//! before the loader was asked for an export; and each function that is called from outside stands for itself.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::chunks::{Chunks, Errand, Wanted};
use super::{App, Input};
use crate::chunk::Chunk;
use crate::dom::{Clock, Request};
use crate::element::feed::Feeder;
use crate::element::settings::{Complaint, Mode, Pace};
use crate::element::trace;
use crate::host::{self, Host};
use crate::inbox::Sender;
use crate::session::{Direction, Event, Micros, Session};
use crate::words;

/// Does what waited for a chunk.
#[inline(never)]
pub(super) fn run(app: &mut App, session: &mut Session, errand: Errand, chunk: &Chunk) {
    match errand {
        Errand::Begin => {
            chunk.link(&session.settings().link, &act(&mut app.chunks));
            // What the link asks for is in the inbox already, before this.
            app.inbox.send(Input::Event(Event::Seen));
        }
        Errand::Link => chunk.link(&session.settings().link, &act(&mut app.chunks)),
        Errand::Simulate(connection, seed) if connection == app.connection => {
            let tell = tell(connection, &app.inbox);
            // As text: JavaScript's numbers have no 64 bits.
            let port = chunk.simulated(&words::number(seed), function(&tell));
            app.host = Some(Host::Chunk(port, tell));
        }
        Errand::Fetch(connection) if connection == app.connection => fetch(app, connection),
        Errand::Replay(connection, source) if connection == app.connection => {
            if let Err(why) = replay(app, session, &source, chunk) {
                app.feed(session, Event::NoRecording(why));
            }
        }
        Errand::Simulate(..) | Errand::Fetch(_) | Errand::Replay(..) => {}
        Errand::Save => {
            let application = match session.mode() {
                Mode::Simulated => concat!(
                    "udp-echo ",
                    env!("CARGO_PKG_VERSION"),
                    ", simulated in a browser"
                ),
                _ => concat!("udp-echo ", env!("CARGO_PKG_VERSION"), ", in a browser"),
            };
            chunk.save(&trace_of(session, &app.clock), application);
        }
    }
}

/// Fetches the recording, or takes the one that stands in the element.
fn fetch(app: &mut App, connection: u32) {
    let inbox = app.inbox.clone();
    let tell = move |source| inbox.send(Input::Fetched(connection, source));
    let Some(src) = app.element.get_attribute("src") else {
        let selector = "script[type=\"application/json\"]";
        let inside = app.element.query_selector(selector).ok().flatten();
        let source = inside.and_then(|script| script.text_content());
        return tell(source.unwrap_or_default());
    };
    // Relative to the page, as every address in a page is.
    app.question = Request::get(&src, tell);
}

/// Begins to show a recording.
///
/// # Errors
/// A sentence about what is wrong with it.
fn replay(app: &mut App, session: &Session, source: &str, chunk: &Chunk) -> Result<(), String> {
    let src = &session.settings().src;
    if source.is_empty() {
        return Err(words::no_recording(src));
    }
    let tell = tell(app.connection, &app.inbox);
    let port = chunk.replayed(source, function(&tell));
    let port = port.map_err(|field| words::unreadable_recording(src, &host::reason_of(&field)))?;
    app.host = Some(Host::Chunk(port, tell));
    Ok(())
}

/// Called with a message of the host: text or bytes; with the time at which it came, when that is not now; and whether the
/// bytes are none of the host's but what its client sent (a recording has both).
pub(crate) type Tell = Closure<dyn FnMut(JsValue, Option<f64>, bool)>;

fn tell(connection: u32, inbox: &Sender<Input>) -> Tell {
    let inbox = inbox.clone();
    Closure::new(move |data: JsValue, at: Option<f64>, is_sent: bool| {
        let at = at.map(|at| at as Micros);
        let tell = |event| inbox.send(Input::Host(connection, at, event));
        match is_sent {
            true => tell(Event::Replayed(Uint8Array::new(&data).to_vec().into())),
            false => host::read(&data, &tell),
        }
    })
}

fn function(tell: &Tell) -> &Function {
    tell.as_ref().unchecked_ref()
}

/// Opens the panels that have a place and a chunk and are not open yet.
#[inline(never)]
pub(super) fn open(chunks: &mut Chunks) {
    let act = act(chunks);
    for wanted in &mut chunks.wanted {
        if let Wanted {
            chunk: Some(chunk),
            place: Some(place),
            panel: None,
            ..
        } = wanted
        {
            wanted.panel = Some(chunk.panel(place, &act));
            // A new panel has to be told everything, and now: what a reader does in it begins with that.
            chunks.feeder = Feeder::default();
            chunks.rest_until = 0;
        }
    }
}

/// Tells the panels what there is, when it has changed.
#[inline(never)]
pub(super) fn show(chunks: &mut Chunks, session: &Session) {
    if let Some(feed) = chunks.feeder.next(session) {
        for wanted in &chunks.wanted {
            if let Some(panel) = &wanted.panel {
                panel.show(&feed);
            }
        }
    }
}

/// What chunks act through.
fn act(chunks: &mut Chunks) -> Function {
    let inbox = &chunks.inbox;
    let act = chunks.act.get_or_insert_with(|| {
        let inbox = inbox.clone();
        Closure::new(move |name: String, value| {
            if let Some(event) = read_act(&name, &value) {
                inbox.send(Input::Event(event));
            }
        })
    });
    act.as_ref().unchecked_ref::<Function>().clone()
}

/// What a chunk wants; `None` for what is no act.
fn read_act(name: &str, value: &JsValue) -> Option<Event> {
    let text = || value.as_string().unwrap_or_default();
    Some(match name {
        "select" => Event::Select(value.as_f64().map(|number| number as u64)),
        "send" if value.is_object() => {
            let payload = Uint8Array::new(value).to_vec();
            Event::Burst(Some(payload.into()), Pace::default())
        }
        "send" => Event::Send,
        "draft" => Event::Fill(Uint8Array::new(value).to_vec().into()),
        "control" => Event::Ask(text()),
        "pause" => Event::Pause(value.is_truthy()),
        "step" if value.as_f64()? < 0.0 => Event::Step(Direction::Older),
        "step" => Event::Step(Direction::Newer),
        "announce" => Event::Announce(text()),
        "complain" => {
            let text = text();
            let (written, expected) = text.split_once('\n')?;
            Event::Complaint(Complaint {
                written: written.to_owned(),
                expected: expected.to_owned(),
            })
        }
        _ => return None,
    })
}

/// Gives the run so far to a function, as JSON.
#[inline(never)]
pub(crate) fn export(session: &Session, clock: &Clock, give: &Function) {
    // Whoever asked is a promise, and cannot throw.
    let _ = give.call1(&JsValue::NULL, &trace_of(session, clock).into());
}

fn trace_of(session: &Session, clock: &Clock) -> String {
    trace::write(session, clock.origin().as_micros() as Micros)
}

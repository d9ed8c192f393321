//! What needs a chunk that draws nothing: a host to talk to that is no live one, and files.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::App;
use crate::chunk::Chunk;
use crate::dom::{Clock, Request};
use crate::host::{self, Host, Tell};
use crate::inbox::Sender;
use crate::input::Input;
use crate::session::{Event, Micros, Session};
use crate::settings::Mode;
use crate::trace;
use crate::words;

/// What waits for a chunk.
#[derive(Debug)]
pub(super) enum PendingTask {
    /// Be the host of this connection, with this seed.
    Simulate(u32, u64),
    /// Open this connection, with a second lane.
    Lane(u32),
    /// Fetch the recording for this connection.
    Fetch(u32),
    /// Show this recording as the host of this connection.
    Replay(u32, String),
    /// Write the capture.
    Save,
}

impl PendingTask {
    /// The chunk that can do it.
    pub(super) fn chunk(&self) -> &'static str {
        match self {
            Self::Simulate(..) => "simulator",
            Self::Lane(_) => "lane",
            Self::Fetch(_) | Self::Replay(..) | Self::Save => "runs",
        }
    }

    /// Whether it is about a connection that is no longer.
    fn is_over(&self, now: u32) -> bool {
        match self {
            Self::Simulate(connection, _)
            | Self::Lane(connection)
            | Self::Fetch(connection)
            | Self::Replay(connection, _) => *connection != now,
            Self::Save => false,
        }
    }
}

/// Does what waited for a chunk.
pub(super) fn run(app: &mut App, session: &mut Session, task: PendingTask, chunk: &Chunk) {
    if task.is_over(app.connection) {
        return;
    }
    match task {
        PendingTask::Simulate(connection, seed) => {
            let tell = tell(connection, &app.inbox);
            // As text: JavaScript's numbers have no 64 bits.
            let port = chunk.simulated(&words::number(seed), function(&tell));
            app.host = Some(Host::Chunk(port, tell));
        }
        PendingTask::Lane(_) => app.open_socket(session, Some(chunk)),
        PendingTask::Fetch(connection) => fetch(app, connection),
        PendingTask::Replay(_, source) => {
            if let Err(why) = replay(app, session, &source, chunk) {
                app.feed(session, Event::NoRecording(why));
            }
        }
        PendingTask::Save => {
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

/// The chunk for it did not come.
pub(super) fn give_up(app: &mut App, session: &mut Session, task: PendingTask, why: &str) {
    if task.is_over(app.connection) {
        return;
    }
    let why = why.to_owned();
    match task {
        PendingTask::Simulate(..) => app.hear(Event::Closed(0, why)),
        PendingTask::Lane(_) => {
            app.open_socket(session, None);
            app.feed(session, Event::NoChunk(why));
        }
        PendingTask::Fetch(_) | PendingTask::Replay(..) => {
            app.feed(session, Event::NoRecording(why));
        }
        PendingTask::Save => app.feed(session, Event::NoChunk(why)),
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
    app.fetching = Request::get(&src, tell);
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

/// Gives the run so far to a function, as JSON.
pub(crate) fn export(session: &Session, clock: &Clock, give: &Function) {
    // Whoever asked is a promise, and cannot throw.
    let _ = give.call1(&JsValue::NULL, &trace_of(session, clock).into());
}

fn trace_of(session: &Session, clock: &Clock) -> String {
    trace::write(session, clock.origin().as_micros() as Micros)
}

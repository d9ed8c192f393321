//! What comes to the task of a widget.

use js_sys::Function;

use crate::chunk::Chunk;
use crate::policy::Verdict;
use crate::session::{Event, Micros};

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// The reader or the browser did something.
    Event(Event),
    /// The connection with this number did something, now or at a time of the past: a recording keeps its own pace. An
    /// older connection has nothing to say any more.
    Host(u32, Option<Micros>, Event),
    /// The loader has this chunk, or a sentence that says why not.
    Chunk(String, Result<Chunk, String>),
    /// Why the connection with this number came to nothing.
    Explained(u32, Verdict),
    /// A recording was loaded for this connection.
    Fetched(u32, String),
    /// The page around the element wants the run as JSON, given to this function.
    Export(Function),
    /// The timer rang.
    Rang,
    /// It is time to draw.
    Frame,
    /// An attribute of the element changed.
    Changed,
    /// The element left the page: the task ends.
    Left,
}

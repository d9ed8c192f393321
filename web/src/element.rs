//! What an author sees of the element: attributes in, events out, a run to keep.
//!
//! - [`attributes`]: the attributes as texts, and a sentence for each that makes no sense; [`settings`]: as values, those of the
//!   `link` among them;
//! - [`outcome`]: what happened, as the events that the element dispatches;
//! - [`trace`]: a run as JSON, to be shown again where there is no host;
//! - [`feed`]: what the panels of the chunks are told.
//!
//! All of it is pure. `www/element/udp-echo.js` forwards attributes and methods, and dispatches the events.

pub mod attributes;
pub mod feed;
mod link;
pub mod outcome;
pub mod settings;
pub mod trace;

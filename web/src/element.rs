//! What an author sees of the element: attributes in, events out, a run to keep.
//!
//! - [`settings`]: the attributes as values, those of the `link` among them, and a sentence for each that cannot be one;
//! - [`outcome`]: what happened, as the events that the element dispatches;
//! - [`trace`]: a run as JSON, to be shown again where there is no host;
//! - [`feed`]: what the panels of the chunks are told.
//!
//! All of it is pure. `www/udp-echo.js` forwards attributes and methods, and dispatches the events.

pub mod feed;
mod link;
pub mod outcome;
pub mod settings;
pub mod trace;

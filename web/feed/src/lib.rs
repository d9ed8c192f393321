//! What the wasm modules of `<udp-echo>` share.
//!
//! The widget is several modules: the core, and chunks that are loaded when a view needs them. They share no memory. The
//! core tells a chunk's panels what there is to show as one text, the feed; what a panel wants comes back as acts.
//!
//! - [`json`] and [`codec`]: messages and traces as the types of `wire`;
//! - [`words`] and [`decimal`]: numbers and fates as text;
//! - [`datagram`]: one datagram and what is known of its way;
//! - [`form`]: a datagram as the text that traces and feeds have;
//! - [`feed`]: what a panel reads, and [`kept`], the datagrams of it;
//! - [`transcript`]: the last lines of one side;
//! - [`chunk`]: what a panel says;
//! - [`relay`]: where the relay is; [`policy`]: why it lets nobody in;
//! - [`inbox`]: a queue inside one thread, for a task;
//! - [`shape`]: shapes of a drawing;
//! - [`dom`]: listeners, timers and frames that end when they are dropped; `markup`: the frame of a panel, from its markup;
//!   [`dom::log`]: a transcript on the page; [`dom::copy`]: copying a text of it;
//! - `frame` and `run`, for tests: what must hold of a panel's HTML; a datagram whose echo is on its way, and a panel's page at
//!   two moments.

pub mod codec;
pub mod json;

pub mod decimal;
pub mod words;

pub mod datagram;
pub mod feed;
pub mod form;
pub mod kept;
pub mod transcript;

pub mod chunk;
pub mod dom;
pub mod inbox;
pub mod policy;
pub mod relay;
pub mod shape;

#[cfg(feature = "samples")]
pub mod frame;
#[cfg(feature = "samples")]
pub mod run;

/// Microseconds of the browser's monotonic clock.
pub type Micros = u64;

/// A third of the size of the standard library's allocator, and faster.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

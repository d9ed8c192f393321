//! The shapes of the load and what is to be reached in each.

/// Sessions in a closed loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    /// Sessions at once.
    pub(crate) sessions: usize,
    /// Messages that each of them has under way.
    pub(crate) window: usize,
    /// Payload bytes of each message.
    pub(crate) size: usize,
}

impl Load {
    const fn new(sessions: usize, window: usize, size: usize) -> Self {
        Self {
            sessions,
            window,
            size,
        }
    }
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!(
            "{} x {}, {} B",
            self.sessions, self.window, self.size
        ))
    }
}

/// What is to be reached against the plain relay.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speed {
    /// At least so many times its messages a second.
    Rate(f64),
    /// At most so many times its round trips, p50 and p99.
    RoundTrip(f64),
}

/// One line of the relays' table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) load: Load,
    pub(crate) speed: Speed,
    /// At most so many times the plain relay's processor time for a message.
    pub(crate) cpu: f64,
}

/// The lines of the relays' table.
pub(crate) const SHAPES: [Shape; 8] = [
    shape(1, 64, 42, Speed::Rate(5.0), 1.0 / 8.0),
    shape(32, 8, 42, Speed::Rate(4.0), 1.0 / 4.0),
    shape(1, 64, 1400, Speed::Rate(4.0), 1.0 / 6.0),
    shape(32, 8, 1400, Speed::Rate(3.3), 1.0 / 4.0),
    shape(256, 1, 42, Speed::Rate(1.35), 0.6),
    shape(1, 1, 42, Speed::RoundTrip(1.0), 0.9),
    shape(32, 8, 8192, Speed::Rate(1.3), 3.0 / 4.0),
    shape(1, 64, 60_000, Speed::Rate(1.0), 1.0),
];

const fn shape(sessions: usize, window: usize, size: usize, speed: Speed, cpu: f64) -> Shape {
    let load = Load::new(sessions, window, size);
    Shape { load, speed, cpu }
}

/// One line of the echo servers' table: at most so many times the plain loop's processor time for a message.
pub(crate) const ECHO_SHAPES: [(Load, f64); 8] = [
    (Load::new(1, 64, 42), 0.25),
    (Load::new(32, 8, 42), 0.25),
    (Load::new(1, 64, 1400), 0.25),
    (Load::new(32, 8, 1400), 0.25),
    (Load::new(256, 1, 42), 0.5),
    (Load::new(1, 1, 42), 0.5),
    (Load::new(32, 8, 8192), 0.5),
    (Load::new(1, 64, 60_000), 0.5),
];

//! The capture of `--pcap`: every datagram that left or came, in the order of time, with its fate as a comment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use wire::packet::Datagram;
use wire::pcapng::Capture;

use super::report::Route;

/// Names of the place that `-` stands for as well.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Where a capture is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Standard output, for a program that reads it as it is made.
    StandardOutput,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        match STANDARD_OUTPUT.iter().any(|name| path == Path::new(name)) {
            true => Self::StandardOutput,
            false => Self::File(path.to_owned()),
        }
    }
}

/// Writes packets as soon as they, and all before them, have a fate. Nothing waits in a buffer of ours: however the
/// program ends, the capture has what was known.
pub(super) struct CaptureFile {
    out: Box<dyn Write + Send>,
    capture: Capture,
    route: Route,
    waiting: VecDeque<Packet>,
}

#[derive(Debug)]
struct Packet {
    at: Duration,
    payload: Bytes,
    /// Number of the datagram, for one that we sent.
    id: Option<u64>,
    /// `None` until its fate is known.
    comment: Option<String>,
}

impl CaptureFile {
    /// Begins a capture; a file of that name is overwritten.
    ///
    /// # Errors
    /// The place cannot be written; names it.
    pub(super) fn create(place: &Place, route: &Route) -> anyhow::Result<Self> {
        let out: Box<dyn Write + Send> = match place {
            Place::StandardOutput => Box::new(io::stdout()),
            Place::File(path) => {
                let file = File::create(path);
                Box::new(file.with_context(|| format!("create the capture {}", path.display()))?)
            }
        };
        let mut capture = Self {
            out,
            capture: Capture::new(concat!("udp-echo ", env!("CARGO_PKG_VERSION"))),
            route: route.clone(),
            waiting: VecDeque::new(),
        };
        capture.write_what_is_known().context("write the capture")?;
        Ok(capture)
    }

    /// Notes a datagram that left just now.
    pub(super) fn sent(&mut self, id: u64, payload: Bytes) {
        self.waiting.push_back(Packet {
            at: now(),
            payload,
            id: Some(id),
            comment: None,
        });
    }

    /// Notes what became of a datagram.
    pub(super) fn ended(&mut self, id: u64, fate: &str) -> io::Result<()> {
        let packet = self.waiting.iter_mut().find(|packet| packet.id == Some(id));
        if let Some(packet) = packet {
            packet.comment = Some(format!("datagram {id}: {fate}"));
        }
        self.write_what_is_known()
    }

    /// Notes a datagram that came just now.
    pub(super) fn received(&mut self, payload: Bytes, comment: String) -> io::Result<()> {
        self.waiting.push_back(Packet {
            at: now(),
            payload,
            id: None,
            comment: Some(comment),
        });
        self.write_what_is_known()
    }

    /// Writes what is left; datagrams without a fate are still in flight.
    pub(super) fn finish(mut self) -> io::Result<()> {
        for packet in &mut self.waiting {
            packet
                .comment
                .get_or_insert_with(|| "in flight when the client ended".to_owned());
        }
        self.write_what_is_known()
    }

    fn write_what_is_known(&mut self) -> io::Result<()> {
        while let Some(Packet {
            comment: Some(comment),
            ..
        }) = self.waiting.front()
        {
            let packet = &self.waiting[0];
            let Route { client, server, .. } = self.route;
            let (source, destination) = if packet.id.is_some() {
                (client, server)
            } else {
                (server, client)
            };
            let datagram = Datagram {
                source,
                destination,
                payload: &packet.payload,
            };
            let comment = if self.route.relayed {
                format!("{comment} (as a message of {})", self.route.name)
            } else {
                comment.clone()
            };
            // Only a relay takes what no packet holds, and then none was sent: there is nothing to capture.
            let _ = self.capture.push(packet.at, &datagram, &comment);
            self.waiting.pop_front();
        }
        self.out.write_all(&self.capture.take())?;
        self.out.flush()
    }
}

/// Time since the Unix epoch; a clock set before it counts as standing on it.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

//! The file of `--pcap`: every datagram that left or came, in the order of time, with its fate as a comment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use wire::packet::Datagram;
use wire::pcapng::Capture;

use super::report::Route;

/// Writes packets as soon as they, and all before them, have a fate.
#[derive(Debug)]
pub(super) struct CaptureFile<W: Write = BufWriter<File>> {
    out: W,
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
    /// Creates the file; one of that name is overwritten.
    ///
    /// # Errors
    /// The file cannot be written; names it.
    pub(super) fn create(path: &Path, route: &Route) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("create the capture {}", path.display()))?;
        Ok(Self::new(BufWriter::new(file), route))
    }
}

impl<W: Write> CaptureFile<W> {
    fn new(out: W, route: &Route) -> Self {
        Self {
            out,
            capture: Capture::new(concat!("udp-echo ", env!("CARGO_PKG_VERSION"))),
            route: route.clone(),
            waiting: VecDeque::new(),
        }
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
        self.write_what_is_known()?;
        self.out.write_all(&self.capture.take())?;
        self.out.flush()
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
        self.out.write_all(&self.capture.take())
    }
}

/// Time since the Unix epoch; a clock set before it counts as standing on it.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

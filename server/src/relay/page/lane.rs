//! The lane of a page's session: its offers, what arrives on it, and how it ends before the session does.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, watch};
use wire::lane::{self, AboutLane, LaneMessage, LaneRequest, Misnumbered, Offer};

use super::PageSession;
use crate::lanes::{Arrival, Lane, Lanes, Offered, Shown};
use crate::metrics::add;
use crate::relay::close::CloseReason;
use crate::relay::resources::{LaneAsked, SessionRequest};
use crate::relay::yield_if_unproductive;

/// Datagrams that are taken from a lane at once.
const BATCH: usize = 64;

/// What a session has to do with lanes, where the host offers them.
#[derive(Debug)]
pub(super) struct SessionLane {
    lanes: Arc<Lanes>,
    asked: LaneAsked,
    client: IpAddr,
    /// Whoever comes with the token of the last offer is handed over here.
    joining: mpsc::Sender<Lane>,
    joined: mpsc::Receiver<Lane>,
    offered: Option<Offered>,
    shown: watch::Receiver<Shown>,
    lane: Option<Lane>,
    /// Whether the client's binary messages have numbers in front.
    pub(super) is_numbered: bool,
}

/// What happens to a session's lane.
#[derive(Debug)]
pub(super) enum LaneEvent {
    /// Somebody came with the token.
    Joined(Lane),
    /// This arrived.
    Arrived(Vec<Arrival>),
    /// The certificate that offers tell of is another one.
    NewCertificate,
}

impl SessionLane {
    /// Of a session that may have a lane; `None` where there are none.
    pub(super) fn new(lanes: Option<&Arc<Lanes>>, request: &SessionRequest) -> Option<Box<Self>> {
        let (lanes, asked) = (lanes?, request.lane.as_ref()?);
        let (joining, joined) = mpsc::channel(1);
        Some(Box::new(Self {
            lanes: Arc::clone(lanes),
            asked: asked.clone(),
            client: request.client,
            joining,
            joined,
            offered: None,
            shown: lanes.shown(),
            lane: None,
            is_numbered: false,
        }))
    }

    /// A new offer, which takes the place of the last one.
    pub(super) fn offer(&mut self) -> Option<Offer> {
        self.shown.mark_unchanged();
        let (origin, called) = (self.asked.origin.as_deref(), self.asked.called.as_deref());
        let (offer, offered) = self.lanes.offer(origin, called, &self.joining)?;
        self.offered = Some(offered);
        Some(offer)
    }

    /// Sends an answer; false when there is no room for it, or no lane any more.
    pub(super) fn send(&self, number: u64, payload: &[u8]) -> bool {
        let lane = self.lane.as_ref();
        lane.is_some_and(|lane| lane.send(number, payload))
    }

    async fn event(&mut self) -> LaneEvent {
        tokio::select! {
            Some(lane) = self.joined.recv() => LaneEvent::Joined(lane),
            Ok(()) = self.shown.changed() => LaneEvent::NewCertificate,
            arrivals = receive(&mut self.lane) => LaneEvent::Arrived(arrivals),
        }
    }
}

/// Waits for what happens to the lane; for ever where there is none.
pub(super) async fn next_event(lane: &mut Option<Box<SessionLane>>) -> LaneEvent {
    match lane {
        Some(lane) => lane.event().await,
        None => std::future::pending().await,
    }
}

async fn receive(lane: &mut Option<Lane>) -> Vec<Arrival> {
    let Some(lane) = lane else {
        return std::future::pending().await;
    };
    let mut arrivals = Vec::new();
    if lane.arrivals.recv_many(&mut arrivals, BATCH).await == 0 {
        arrivals.push(Arrival::Closed(1002, "the connection broke".to_owned()));
    }
    arrivals
}

impl<W: AsyncWrite + Unpin> PageSession<'_, W> {
    /// Does what follows from what happened to the lane.
    pub(super) async fn on_lane(&mut self, event: LaneEvent) -> Result<(), CloseReason> {
        match event {
            LaneEvent::Joined(lane) => self.open_lane(lane),
            LaneEvent::Arrived(arrivals) => return self.on_lane_arrivals(arrivals).await,
            LaneEvent::NewCertificate => self.offer_lane(),
        }
        Ok(())
    }

    /// Does what the client asks for.
    pub(super) fn on_lane_request(&mut self, request: LaneRequest) {
        let Some(own) = &mut self.lane else { return };
        match request {
            LaneRequest::Offer => self.offer_lane(),
            LaneRequest::Numbered => own.is_numbered = true,
            LaneRequest::Attempt => {
                let called = own.asked.called.as_deref();
                let (progress, text) = own.lanes.last_attempt(own.client, called);
                let saw = progress.saw();
                self.tell_of_lane(LaneMessage::Attempt { saw, text });
            }
            LaneRequest::Report(report) => {
                let now = self.context.clock.now();
                if let Some(notice) = self.session.report(now, &report) {
                    self.page.notify(&notice);
                }
            }
        }
    }

    /// Closes the lane because the session ends.
    pub(super) fn end_lane(&mut self, reason: &CloseReason) {
        let lane = self.lane.take().and_then(|own| own.lane);
        if let Some(lane) = lane {
            match reason.frame() {
                Some(frame) => lane.close(frame.code.into(), &frame.reason),
                None => lane.close(1000, "the WebSocket of its session is closed"),
            }
        }
    }

    fn offer_lane(&mut self) {
        if let Some(offer) = self.lane.as_mut().and_then(|own| own.offer()) {
            self.tell_of_lane(LaneMessage::Offer(offer));
        }
    }

    fn open_lane(&mut self, lane: Lane) {
        let Some(own) = &mut self.lane else { return };
        let datagram_bytes = lane.payload_bytes();
        if let Some(last) = own.lane.replace(lane) {
            last.close(4408, "another lane of the session took its place");
        }
        self.session.set_lane(Some(datagram_bytes));
        add(&self.counters.lanes_opened, 1);
        tracing::info!(datagram_bytes, "lane opened");
        self.tell_of_lane(LaneMessage::Opened { datagram_bytes });
    }

    fn close_lane(&mut self, code: u16, why: String) {
        self.session.set_lane(None);
        if let Some(lane) = self.lane.as_mut().and_then(|own| own.lane.take()) {
            lane.close(code, &why);
        }
        tracing::info!(code, why, "lane closed");
        self.tell_of_lane(LaneMessage::Closed { code, text: why });
    }

    /// Takes what a lane brought: a datagram counts once, whatever it came by.
    async fn on_lane_arrivals(&mut self, arrivals: Vec<Arrival>) -> Result<(), CloseReason> {
        // A client that sends without end leaves others their turn.
        tokio::task::coop::consume_budget().await;
        // Not a sign of life on the WebSocket: that one is asked by itself.
        self.liveness.on_activity();
        self.look();
        if let Some(lane) = self.lane.as_ref().and_then(|own| own.lane.as_ref()) {
            // It grows as QUIC finds out what the path carries.
            self.session.set_lane(Some(lane.payload_bytes()));
        }
        let mut end = None;
        let mut datagrams = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            match arrival {
                Arrival::Datagram(message) => datagrams.push(message),
                Arrival::Closed(code, why) => end = Some((code, why)),
            }
        }
        add(&self.counters.lane_in, datagrams.len());
        let sizes = datagrams.iter().map(payload_bytes);
        let (mut admitted, exceeded) = self.rate.admit(sizes);
        for message in &datagrams {
            let over = exceeded.filter(|_| admitted == 0);
            admitted = admitted.saturating_sub(1);
            let over = over.map(|exceeded| exceeded.to_string());
            if let Err(Misnumbered::Ahead) = self.take_from_lane(message, over) {
                let most = lane::MAX_MISSING;
                let why = format!(
                    "a number on the lane was so far ahead that more than {most} datagrams would be missing"
                );
                end = Some((4400, why));
                break;
            }
        }
        if let Some((code, why)) = end {
            self.close_lane(code, why);
        }
        yield_if_unproductive(&self.rate, exceeded, datagrams.is_empty()).await
    }

    /// Takes one message of the lane; `over` says which limit it met. What is no datagram of this session is counted and passed over.
    fn take_from_lane(&mut self, message: &Bytes, over: Option<String>) -> Result<(), Misnumbered> {
        let Some((number, payload)) = lane::parse(message) else {
            add(&self.counters.lane_discarded, 1);
            return Ok(());
        };
        let taken = self.take_datagram(number, payload, lane::Lane::WebTransport, over);
        if taken.is_err() {
            add(&self.counters.lane_discarded, 1);
        }
        taken
    }

    fn tell_of_lane(&mut self, lane: LaneMessage) {
        self.page.notify(&AboutLane { lane });
    }
}

fn payload_bytes(message: &Bytes) -> usize {
    message.len().saturating_sub(lane::HEADER_BYTES)
}

//! What can happen to a session, what it asks for, and where it stands.

use udp_echo_feed::codec::Request;
use udp_echo_feed::datagram::Payload;
use wire::control::{ClientMessage, HostMessage};
use wire::link::Mishap;

use super::Micros;
use crate::policy::Verdict;
use crate::settings::Pace;

/// What can happen to a session.
#[derive(Debug)]
pub enum Event {
    /// The element is on the page and was seen.
    Seen,
    /// The element left the page.
    Left,
    /// The reader wants to try again now.
    Retry,
    /// The reader goes on with the simulated host, in place of one that is gone or refuses.
    Simulate,
    /// A control message of the host.
    Control(HostMessage),
    /// A control message that cannot be read: the field that is wrong.
    Unreadable(&'static str),
    /// A binary message of the host.
    Datagram(Vec<u8>),
    /// The connection is gone, or never was: close code and reason. Code 0 means that the browser did not even try.
    Closed(u16, String),
    /// Why a connection failed.
    Explained(Verdict),
    /// The page is hidden behind another, or no longer.
    Hidden(bool),
    /// The machine has a network again. That it has none says nothing: a host on the same machine needs none.
    Online,
    /// The reader changed the message.
    Draft(String),
    /// A message was put into the composer: any bytes.
    Fill(Payload),
    /// The reader sends the message, as often as the element's attributes say.
    Send,
    /// The reader sends the message, and has this happen to it on its way.
    SendWith(Mishap),
    /// The page around the element sends something: a payload of its own, or else the message.
    Burst(Option<Payload>, Pace),
    /// The recording that is being shown sends this.
    Replayed(Payload),
    /// There is no recording, or it cannot be read: why, as a sentence.
    NoRecording(String),
    /// The attributes changed what the host is asked for.
    Adjust,
    /// Holds the picture and a burst under way, or lets them go on.
    Pause(bool),
    /// The page around the element wants to begin anew, with nothing counted.
    Reset,
    /// The reader picks a datagram, or none.
    Select(Option<u64>),
    /// The reader goes to the next datagram, or to the one before.
    Step(Direction),
    /// The reader wants to begin with an empty page.
    Clear,
    /// What the page around the element asks is no message of the protocol: the field that is wrong.
    Unaskable(&'static str),
    /// Attributes, a panel or the page around the element ask something of the host.
    Ask(Request),
    /// The host says something that the page around the element may want to know, as it is written.
    Told(String),
    /// Something for screen readers.
    Announce(String),
    /// A chunk that was needed is not there: why, as a sentence.
    NoChunk(String),
    /// The reader wants the capture of what happened.
    Save,
    /// The reader wants to talk to the server with this name.
    Target(String),
    /// The time that [`Session::wakes_at`](super::Session::wakes_at) named has come.
    Tick,
}

/// Which way through the list of datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To an older one.
    Older,
    /// To a newer one.
    Newer,
}

/// What a session asks for.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Connect to the host, anew.
    Connect(Peer),
    /// Let go of the connection.
    Disconnect,
    /// Find out why the connection failed.
    Explain,
    /// Send this as one datagram.
    Datagram(Payload),
    /// Tell the host this.
    Control(ClientMessage),
    /// Save the capture as a file.
    Save,
}

/// What a session is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A live host.
    Host,
    /// The simulated host, with this seed.
    Simulator(u64),
    /// A recording.
    Recording,
}

/// Where the session stands.
#[derive(Debug)]
pub enum Phase {
    /// Nobody has looked at it yet.
    Idle,
    /// Waiting for `hello`.
    Connecting {
        /// Since when.
        since: Micros,
    },
    /// The host said `hello`.
    Live {
        /// Since when.
        since: Micros,
    },
    /// There is no host; it will be asked again.
    Gone {
        /// When.
        retry_at: Micros,
        /// A sentence.
        why: String,
    },
    /// The host does not want this page, and will not without a change.
    Refused {
        /// A sentence.
        why: String,
        /// The setting that would change it; empty when there is none.
        setting: String,
    },
}

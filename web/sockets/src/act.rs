//! What a reader, or the page around an element, wants of it.

use udp_echo_feed::Micros;
use udp_echo_feed::datagram::Payload;
use wire::echo::EchoRule;

/// What a reader, or the page, wants of an element.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Starts a server that does not run.
    Start,
    /// Stops a server; a client closes its socket.
    Stop,
    /// Has a server bind this port.
    Port(u16),
    /// Changes what a server answers.
    Rule(EchoRule),
    /// Has a server receive into the tutorial's buffer, or take every datagram whole.
    Buffer(bool),
    /// Has a server answer empty datagrams, too.
    AnswerEmpty(bool),
    /// Has a client send this.
    Send(Payload),
    /// Has a client send what stands in its field.
    SendDraft,
    /// What stands in a client's field.
    Draft(String),
    /// Has a client connect before it sends, or not.
    Connect(bool),
    /// Has a client send elsewhere.
    To(Option<String>),
    /// How long a client waits.
    Timeout(Micros),
    /// Hands this message to the host as it is: it is about the link of the whole session.
    Link(String),
    /// What the page asks: see [`crate::asked`].
    Ask(String),
    /// Forgets what was.
    Clear,
    /// Tries to reach the host now.
    Retry,
    /// Goes on without a host.
    Simulate,
}

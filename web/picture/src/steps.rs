//! The run as single steps, for somebody who teaches: each is one thing that happens at one place.

use wire::control::{Event, What};
use wire::ledger::Delivery;
use wire::link::Direction;

use crate::way::{MIDDLE, Pace, RELAY, SERVER, Way};
use udp_echo_feed::datagram::Datagram;

/// One step.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// When, on the picture's clock.
    pub at: u64,
    /// Where, in thousandths of the width.
    pub place: u32,
    /// Whose.
    pub datagram: &'a Datagram,
    /// Its place in the datagram's events.
    pub index: usize,
}

/// What stays the same when steps come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepId {
    /// Number of the datagram.
    pub number: u64,
    /// Place in its events.
    pub index: usize,
}

impl<'a> Step<'a> {
    /// What happens.
    pub fn event(&self) -> &'a Event {
        &self.datagram.events[self.index]
    }

    /// By what to find it again.
    pub fn id(&self) -> StepId {
        StepId {
            number: self.datagram.number,
            index: self.index,
        }
    }
}

/// All steps of these datagrams, in the order of time.
pub fn steps<'a>(datagrams: &[&'a Datagram], pace: Pace) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    for datagram in datagrams {
        let way = Way::of(datagram);
        for (index, event) in datagram.events.iter().enumerate() {
            let Some(mut place) = place(datagram, event) else {
                continue;
            };
            let queue = way.as_ref().and_then(|way| way.queue_of(event));
            if queue == Some(Direction::Down) {
                place = SERVER;
            }
            let at = match (&way, &event.3) {
                // The relay knows it at once; in the picture it flies until then.
                (Some(way), What::Dropped(direction, reason)) => {
                    way.dropped(index, *direction, *reason, pace)[1].1
                }
                _ => event.0,
            };
            let step = Step {
                at,
                place,
                datagram,
                index,
            };
            // They nearly have their order already.
            let mut at = steps.len();
            while at > 0 && steps[at - 1].at > step.at {
                at -= 1;
            }
            steps.insert(at, step);
        }
    }
    steps
}

/// Where an event happens; `None` when it is no step of its own: the end of a stroke that goes on, or the ledger's word
/// on something that was a step already.
fn place(datagram: &Datagram, Event(_, _, copy, what): &Event) -> Option<u32> {
    let happened = |found: fn(&What) -> bool| {
        let mut events = datagram.events.iter();
        events.any(|event| event.2 == *copy && found(&event.3))
    };
    Some(match what {
        What::RelayIn(_) | What::Refused(_) | What::Rejected(_) => RELAY,
        What::UdpOut if happened(|what| matches!(what, What::EchoIn(_))) => return None,
        What::UdpIn(_)
            if happened(|what| matches!(what, What::RelayOut(..) | What::Dropped(..))) =>
        {
            return None;
        }
        What::UdpOut | What::UdpIn(_) | What::Dequeued => RELAY,
        What::EchoIn(_) | What::Cut(_) | What::EchoOut(_) => SERVER,
        What::RelayOut(..) | What::Lost => RELAY,
        What::Unanswered if happened(|what| matches!(what, What::EchoIn(_))) => SERVER,
        What::Unanswered => RELAY,
        What::Dropped(_, reason) if reason.is_before_relay() => RELAY,
        What::Corrupted(..) | What::Dropped(..) => MIDDLE,
        What::Gone => return None,
    })
}

/// Datagrams that were sent before this one and have not come to where this step is, but will.
pub fn overtaken(steps: &[Step<'_>], at: usize) -> Vec<u64> {
    let Some(step) = steps.get(at) else {
        return Vec::new();
    };
    let arrives: fn(&What) -> bool = match step.event().3 {
        What::EchoIn(_) => |what| matches!(what, What::EchoIn(_)),
        What::RelayOut(_, Delivery::Echoed) => {
            |what| matches!(what, What::RelayOut(_, Delivery::Echoed))
        }
        _ => return Vec::new(),
    };
    let number = step.datagram.number;
    let came = |steps: &[Step<'_>], of: u64| {
        let mut steps = steps.iter();
        steps.any(|step| step.datagram.number == of && arrives(&step.event().3))
    };
    let mut overtaken = Vec::new();
    // Its second copy overtakes nobody that the first did not.
    if came(&steps[..at], number) {
        return overtaken;
    }
    for later in &steps[at + 1..] {
        let of = later.datagram.number;
        if of < number
            && arrives(&later.event().3)
            && !came(&steps[..at], of)
            && !overtaken.contains(&of)
        {
            overtaken.push(of);
        }
    }
    overtaken
}

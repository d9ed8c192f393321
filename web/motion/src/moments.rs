//! What happens in a film, and when.

use crate::course::{End, RELAY, SERVER};
use crate::film::{Dot, Film};

/// What happens to a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It leaves the browser.
    Leaves,
    /// It waits in the link's queue.
    Waits,
    /// The relay sends it on, over UDP.
    Relayed,
    /// The server has it.
    Arrives,
    /// The server has it before this one, which left the relay first.
    Overtakes(u64),
    /// It ends like this.
    Ends(End),
    /// It is back before this one, which the server answered first.
    BackBefore(u64),
}

/// Something that happens in a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When, in the film.
    pub at: u64,
    /// To which datagram.
    pub number: u64,
    /// Whether to a copy that the link made.
    pub is_copy: bool,
    /// What.
    pub what: What,
}

/// Everything that happens, in its order.
pub fn moments(film: &Film) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    for dot in &film.dots {
        let mut tell = |at, what| {
            let place = moments.partition_point(|moment| moment.at <= at);
            let moment = Moment {
                at,
                number: dot.number,
                is_copy: dot.is_copy,
                what,
            };
            moments.insert(place, moment);
        };
        if let Some(leg) = dot
            .legs
            .first()
            .filter(|leg| leg.to.0 == RELAY && !dot.is_copy)
        {
            tell(leg.from.1, What::Leaves);
            let departs = dot.legs.get(1).map_or(leg.to.1, |next| next.from.1);
            if departs > leg.to.1 {
                tell(leg.to.1, What::Waits);
            }
            tell(departs, What::Relayed);
        }
        if let Some(at) = at_server(dot) {
            let overtaken = first_of(film, dot, |other| {
                other.legs[0].to.1 <= dot.legs[0].to.1
                    && at_server(other).is_some_and(|there| there > at)
            });
            tell(at, overtaken.map_or(What::Arrives, What::Overtakes));
        }
        if let (Some(leg), false) = (dot.legs.last(), dot.end == End::UnderWay) {
            let at = leg.to.1;
            let first = match dot.end {
                End::Home => first_of(film, dot, |other| {
                    at_server(other) <= at_server(dot)
                        && other.end == End::Home
                        && other.legs.last().is_some_and(|leg| leg.to.1 > at)
                }),
                _ => None,
            };
            tell(at, first.map_or(What::Ends(dot.end), What::BackBefore));
        }
    }
    moments
}

/// When a dot came to the server, if it did.
fn at_server(dot: &Dot) -> Option<u64> {
    let arrival = dot.legs.iter().find(|leg| leg.to.0 == SERVER)?;
    Some(arrival.to.1)
}

/// The first datagram that was sent before this one, and of which this holds; copies aside.
fn first_of(film: &Film, dot: &Dot, holds: impl Fn(&Dot) -> bool) -> Option<u64> {
    let mut earlier = film.dots.iter().filter(|other| {
        !other.is_copy && !dot.is_copy && other.number < dot.number && !other.legs.is_empty()
    });
    Some(earlier.find(|other| holds(other))?.number)
}

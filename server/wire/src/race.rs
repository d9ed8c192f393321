//! A race: the same messages with the same losses over UDP and over TCP.
//!
//! UDP's side is the [link](crate::link), which loses; TCP's is a [model](crate::tcp) on the same link: what the link loses of
//! UDP's datagrams it loses of TCP's segments when they are sent for the first time. What TCP sends again meets chance again,
//! from the other direction's stream of the same seed.

use bytes::Bytes;

use crate::link::{Direction, Impairment, Link, Verdict};
use crate::tcp::{self, Course};

/// Messages of a race, on their way over 100 ms there and back, one every 150 ms: so it takes about ten seconds.
pub const COURSE: Course = Course {
    messages: 50,
    every_us: 150_000,
    delay_us: 50_000,
};
/// Chance of a loss, in parts per million.
pub const LOSS_PPM: u32 = 120_000;

/// What became of the messages on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Race {
    /// When each datagram arrives; `None` when it is lost. One was sent every [`Course::every_us`].
    pub udp: Vec<Option<u64>>,
    /// What TCP made of it.
    pub tcp: tcp::Delivery,
}

/// Runs the race of a seed.
pub fn race(course: Course, loss_ppm: u32, seed: u64) -> Race {
    let link = |direction| {
        let impairment = Impairment {
            loss_ppm,
            ..Impairment::default()
        };
        let mut link = Link::new(impairment, seed, direction);
        move || matches!(link.offer(0, (), Bytes::new()), Verdict::Dropped(_))
    };
    let mut loses = link(Direction::Up);
    let lost: Vec<bool> = (0..course.messages).map(|_| loses()).collect();
    let mut loses_again = link(Direction::Down);
    let sent_at = |message: u32| u64::from(message) * course.every_us;
    Race {
        udp: (0..course.messages)
            .map(|message| (!lost[message as usize]).then(|| sent_at(message) + course.delay_us))
            .collect(),
        tcp: tcp::deliver(course, |message, attempt| match attempt {
            0 => lost[message as usize],
            _ => loses_again(),
        }),
    }
}

impl Race {
    /// How many datagrams arrived, and when the last of them did.
    pub fn udp_arrived(&self) -> (usize, u64) {
        let arrived = self.udp.iter().flatten();
        (arrived.clone().count(), arrived.max().copied().unwrap_or(0))
    }

    /// The longest time that TCP's reader waited from one message to the next, and when it began.
    pub fn longest_stall(&self) -> (u64, u64) {
        let delivered = &self.tcp.delivered;
        let waits = delivered
            .windows(2)
            .map(|pair| (pair[1] - pair[0], pair[0]));
        waits.max_by_key(|(wait, _)| *wait).unwrap_or((0, 0))
    }
}

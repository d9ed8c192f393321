//! Which address of 127.0.0.0/8 a loopback gets.
//!
//! It is drawn at random, so that nobody guesses a neighbour's, and rests after use: a program that still writes to it does not
//! reach the next reader.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::time::Instant;

/// How long an address rests before another reader may get it.
pub(super) const REST: Duration = Duration::from_secs(60);

/// Draws before the pool counts as exhausted. Of 16 million addresses a host with 100,000 readers finds a free one at the second
/// draw.
const DRAWS: usize = 64;

/// The addresses that are not free.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// In use, resting, or reserved.
    taken: HashSet<Ipv4Addr>,
    /// Which rest, and until when; the first is free first.
    resting: VecDeque<(Instant, Ipv4Addr)>,
}

impl Addresses {
    /// All addresses are free but these.
    pub(super) fn without(reserved: impl IntoIterator<Item = Ipv4Addr>) -> Self {
        Self {
            taken: reserved.into_iter().collect(),
            resting: VecDeque::new(),
        }
    }

    /// Draws an address that is free, and takes it.
    pub(super) fn draw(&mut self) -> io::Result<Ipv4Addr> {
        self.draw_from(|| getrandom::u32().map_err(io::Error::other))
    }

    fn draw_from(&mut self, mut random: impl FnMut() -> io::Result<u32>) -> io::Result<Ipv4Addr> {
        self.wake(Instant::now());
        for _ in 0..DRAWS {
            let [a, b, c, _] = random()?.to_be_bytes();
            let address = Ipv4Addr::new(127, a, b, c);
            if is_for_readers(address) && self.taken.insert(address) {
                return Ok(address);
            }
        }
        Err(io::Error::other(
            "every loopback address is in use or rests; try again in a minute",
        ))
    }

    /// Gives an address back; it is free after its rest.
    pub(super) fn give_back(&mut self, address: Ipv4Addr) {
        let now = Instant::now();
        self.wake(now);
        self.resting.push_back((now + REST, address));
    }

    #[cfg(test)]
    pub(super) fn is_taken(&mut self, address: Ipv4Addr) -> bool {
        self.wake(Instant::now());
        self.taken.contains(&address)
    }

    /// Frees what has rested.
    fn wake(&mut self, now: Instant) {
        while let Some(&(until, address)) = self.resting.front()
            && until <= now
        {
            self.resting.pop_front();
            self.taken.remove(&address);
        }
    }
}

/// Whether a reader may get this address of 127.0.0.0/8: programs use those of 127.0.0.0/16 for themselves, and the last one is the
/// block's broadcast address.
fn is_for_readers(address: Ipv4Addr) -> bool {
    address.octets()[1] != 0 && address != Ipv4Addr::new(127, 255, 255, 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws with these numbers, as if they were random.
    fn draw(addresses: &mut Addresses, numbers: &[u32]) -> io::Result<Ipv4Addr> {
        let mut numbers = numbers.iter().copied().cycle();
        addresses.draw_from(|| Ok(numbers.next().expect("numbers without end")))
    }

    const OF_READERS: u32 = 0x53_01_05_00;

    #[test]
    fn the_first_block_and_the_broadcast_address_are_no_readers() {
        let numbers = [0, 0x00_00_01_ff, 0x00_ff_ff_ff, 0xff_ff_ff_00, OF_READERS];
        let drawn = draw(&mut Addresses::default(), &numbers).unwrap();
        assert_eq!(drawn, Ipv4Addr::new(127, 83, 1, 5));
    }

    #[test]
    fn what_is_reserved_or_in_use_is_not_drawn() {
        let mut addresses = Addresses::without([Ipv4Addr::new(127, 83, 1, 5)]);
        let numbers = [OF_READERS, OF_READERS + 0x100];
        let drawn = draw(&mut addresses, &numbers).unwrap();
        assert_eq!(drawn, Ipv4Addr::new(127, 83, 1, 6));
        let exhausted = draw(&mut addresses, &numbers).unwrap_err();
        assert_eq!(
            exhausted.to_string(),
            "every loopback address is in use or rests; try again in a minute"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_rests_for_60_seconds() {
        let mut addresses = Addresses::default();
        let address = draw(&mut addresses, &[OF_READERS]).unwrap();
        addresses.give_back(address);
        tokio::time::advance(Duration::from_millis(59_999)).await;
        assert!(draw(&mut addresses, &[OF_READERS]).is_err());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(draw(&mut addresses, &[OF_READERS]).unwrap(), address);
    }

    #[test]
    fn a_thousand_draws_are_a_thousand_addresses() {
        let mut addresses = Addresses::default();
        let drawn: HashSet<_> = (0..1000).map(|_| addresses.draw().unwrap()).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.into_iter().all(is_for_readers));
    }
}

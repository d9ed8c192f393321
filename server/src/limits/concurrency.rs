//! How many may be there at a time: in all, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Full;
use super::rate::{RateLimits, TokenBuckets};

/// How long an address is remembered after its last session left. Its rates have refilled by then, so that no client gets
/// a second's worth more by coming back.
const REMEMBERED: Duration = Duration::from_secs(2);

/// Addresses that are kept before it is worth looking for those to forget.
const FEW_ADDRESSES: usize = 64;

/// Counts those that were admitted and have not left.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    most: Option<u32>,
    most_per_address: Option<u32>,
    rates: RateLimits,
    occupancy: Mutex<Occupancy>,
}

#[derive(Debug, Default)]
struct Occupancy {
    all: u32,
    addresses: HashMap<IpAddr, Address>,
    /// Number of addresses at which to look for those that can be forgotten.
    sweep_at: usize,
}

#[derive(Debug)]
struct Address {
    present: u32,
    last_left: Instant,
    rates: Arc<TokenBuckets>,
}

/// The permit of one that was admitted. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<ConcurrencyLimiter>,
    network: IpAddr,
    rates: Arc<TokenBuckets>,
}

impl ConcurrencyLimiter {
    /// Admits at most `most` in all and `most_per_address` from each; all of an address share `rates`.
    pub(super) fn new(most: Option<u32>, most_per_address: Option<u32>, rates: RateLimits) -> Self {
        Self {
            most,
            most_per_address,
            rates,
            occupancy: Mutex::default(),
        }
    }

    /// Admits one more.
    ///
    /// # Errors
    /// Which limit leaves no room.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        self.admit_within(address, self.most_per_address)
    }

    /// Admits one more from a proxy, behind which many clients stand: only the limit of all holds.
    ///
    /// # Errors
    /// The limit.
    pub(super) fn admit_proxy(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Full> {
        self.admit_within(address, None)
    }

    fn admit_within(
        self: &Arc<Self>,
        address: IpAddr,
        most_per_address: Option<u32>,
    ) -> Result<Permit, Full> {
        let network = network(address);
        let now = Instant::now();
        let mut occupancy = self.occupancy();
        occupancy.room(network, self.most, most_per_address)?;
        occupancy.sweep(now);
        let known = occupancy.addresses.entry(network);
        let known = known.or_insert_with(|| Address {
            present: 0,
            last_left: now,
            rates: Arc::new(TokenBuckets::new(self.rates)),
        });
        known.present += 1;
        let rates = Arc::clone(&known.rates);
        occupancy.all += 1;
        Ok(Permit {
            limiter: Arc::clone(self),
            network,
            rates,
        })
    }

    /// Says whether one more from this address would be admitted, and admits nobody.
    ///
    /// # Errors
    /// Which limit leaves no room.
    pub(super) fn room(&self, address: IpAddr) -> Result<(), Full> {
        let network = network(address);
        self.occupancy()
            .room(network, self.most, self.most_per_address)
    }

    /// How many are there.
    pub(super) fn present(&self) -> u32 {
        self.occupancy().all
    }

    /// Whether the next one would find no room.
    pub(super) fn is_full(&self) -> bool {
        self.most.is_some_and(|most| self.present() >= most)
    }

    fn occupancy(&self) -> MutexGuard<'_, Occupancy> {
        self.occupancy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Occupancy {
    /// Which of these limits leaves no room for one more, if any.
    fn room(
        &self,
        network: IpAddr,
        most: Option<u32>,
        most_per_address: Option<u32>,
    ) -> Result<(), Full> {
        if let Some(most) = most
            && self.all >= most
        {
            return Err(Full::Host(most));
        }
        if let Some(most) = most_per_address
            && let Some(known) = self.addresses.get(&network)
            && known.present >= most
        {
            return Err(Full::Address(most));
        }
        Ok(())
    }

    /// Forgets addresses that nobody uses any more, now and then: those who are admitted share the work.
    fn sweep(&mut self, now: Instant) {
        if self.addresses.len() < self.sweep_at.max(FEW_ADDRESSES) {
            return;
        }
        self.addresses.retain(|_, address| {
            address.present > 0 || now.duration_since(address.last_left) < REMEMBERED
        });
        self.sweep_at = self.addresses.len() * 2;
    }
}

impl Permit {
    /// The rates that all of this address share.
    pub(super) fn rates(&self) -> &Arc<TokenBuckets> {
        &self.rates
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut occupancy = self.limiter.occupancy();
        occupancy.all -= 1;
        if let Some(address) = occupancy.addresses.get_mut(&self.network) {
            address.present -= 1;
            address.last_left = Instant::now();
        }
    }
}

/// What counts as one address: whoever has one address of an IPv6 /64 has all of them (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let upper = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(upper))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(most: u32, most_per_address: u32) -> Arc<ConcurrencyLimiter> {
        let rates = RateLimits::default();
        Arc::new(ConcurrencyLimiter::new(
            Some(most),
            Some(most_per_address),
            rates,
        ))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_leaves_makes_room() {
        let limiter = limiter(2, 2);
        let first = limiter.admit(ip("192.0.2.1")).unwrap();
        let _second = limiter.admit(ip("192.0.2.2")).unwrap();
        assert!(limiter.is_full());
        assert_eq!(limiter.room(ip("192.0.2.3")), Err(Full::Host(2)));
        let full = limiter.admit(ip("192.0.2.3")).unwrap_err();
        assert_eq!(full, Full::Host(2));
        drop(first);
        assert_eq!(limiter.present(), 1);
        let _third = limiter.admit(ip("192.0.2.3")).unwrap();
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let limiter = limiter(10, 2);
        let held: Vec<_> = (0..2)
            .map(|_| limiter.admit(ip("192.0.2.1")).unwrap())
            .collect();
        assert_eq!(limiter.room(ip("192.0.2.1")), Err(Full::Address(2)));
        assert_eq!(limiter.room(ip("192.0.2.2")), Ok(()));
        let full = limiter.admit(ip("::ffff:192.0.2.1")).unwrap_err();
        assert_eq!(full, Full::Address(2));
        let _other = limiter.admit(ip("192.0.2.2")).unwrap();
        drop(held);
        let _again = limiter.admit(ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let limiter = limiter(10, 1);
        let _one = limiter.admit(ip("2001:db8:0:1::1")).unwrap();
        let full = limiter.admit(ip("2001:db8:0:1:ffff::2")).unwrap_err();
        assert_eq!(full, Full::Address(1));
        let _other = limiter.admit(ip("2001:db8:0:2::1")).unwrap();
    }

    #[test]
    fn a_refused_one_is_not_counted() {
        let limiter = limiter(10, 1);
        let held = limiter.admit(ip("192.0.2.1")).unwrap();
        for _ in 0..100 {
            limiter.admit(ip("192.0.2.1")).unwrap_err();
        }
        drop(held);
        assert_eq!(limiter.present(), 0);
    }

    #[test]
    fn addresses_that_went_are_forgotten() {
        let limiter = limiter(u32::MAX, u32::MAX);
        for number in 0..100_000_u32 {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(number));
            drop(limiter.admit(address).unwrap());
            // As if a second visit came long after.
            if let Some(known) = limiter.occupancy().addresses.get_mut(&address) {
                known.last_left -= REMEMBERED;
            }
        }
        let kept = limiter.occupancy().addresses.len();
        assert!(kept <= 2 * FEW_ADDRESSES, "{kept} addresses are kept");
    }
}

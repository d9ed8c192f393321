//! Attacks on a real host, with a bystander whose datagrams must all come back. Nothing may panic, grow or leak.
//!
//! [`assaults`] lists the attacks, which write frames with [`by_hand`]; [`slow_readers`] is the largest of them. [`figures`]
//! makes one and judges what it did: to a [`bystander`], to the host's [`belongings`], and by its own metrics, which
//! [`scrape`] reads. [`capacity`] measures sessions that do nothing.

pub mod assaults;
pub mod belongings;
pub mod by_hand;
pub mod bystander;
pub mod capacity;
pub mod figures;
pub mod scrape;
pub mod slow_readers;

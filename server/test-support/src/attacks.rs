//! Attacks on a real host, with a bystander whose datagrams must all come back. Nothing may panic, grow or leak.
//!
//! [`assaults`] lists the attacks: on WebSockets ([`frames`], written [`by_hand`], and [`slow_readers`], the largest of them), and
//! on `/sockets` ([`trespass`] on what is not the reader's own, [`exhaustion`] of what is). [`figures`] makes one and judges what
//! it did: to a [`bystander`], to the host's [`belongings`], and by its own metrics, which [`scrape`] reads. [`capacity`]
//! measures sessions that do nothing, and [`readers`] many that all have a server on the same port.

pub mod assaults;
pub mod belongings;
pub mod by_hand;
pub mod bystander;
pub mod capacity;
pub mod exhaustion;
pub mod figures;
pub mod frames;
pub mod readers;
pub mod scrape;
pub mod slow_readers;
pub mod trespass;

//! What is asked of the lab and of the server's rules: the panel and the attributes write it, a host reads it and writes it
//! back.

use wire::control::{Lab, ServerRules};
use wire::link::Impairment;

use super::{Fields, Object, Unreadable, read};
use crate::json::Value;

/// Writes the message that asks for a link. One that names no seed has the session's, which the core knows.
pub fn lab(up: &Impairment, down: &Impairment, seed: Option<u64>) -> String {
    let mut link = Object::default();
    link.json("up", &impairment(up));
    link.json("down", &impairment(down));
    link.number_if_any("seed", seed);
    only("lab", &link.end())
}

/// Writes the message that asks for rules of the server.
pub fn rules(rules: &ServerRules) -> String {
    only("server", &rules_object(rules))
}

/// Rules as an object of JSON.
pub fn rules_object(rules: &ServerRules) -> String {
    let mut object = Object::default();
    object.number_if_any("buffer", rules.buffer.map(|bytes| bytes as u64));
    object.flag("echo_empty", rules.echo_empty);
    object.flag("listening", rules.listening);
    object.end()
}

/// One direction of a link as an object of JSON.
pub fn impairment(link: &Impairment) -> String {
    let mut object = Object::default();
    for (name, number) in [
        ("loss_ppm", link.loss_ppm),
        ("burst_start_ppm", link.burst_start_ppm),
        ("burst_end_ppm", link.burst_end_ppm),
        ("delay_us", link.delay_us),
        ("jitter_us", link.jitter_us),
        ("reorder_ppm", link.reorder_ppm),
        ("duplicate_ppm", link.duplicate_ppm),
        ("corrupt_ppm", link.corrupt_ppm),
        ("rate_kbps", link.rate_kbps),
        ("limit", link.limit),
    ] {
        object.number(name, number.into());
    }
    object.flag("no_checksum", link.no_checksum);
    object.end()
}

/// An object with this field and no other: serde's form of a variant with content.
pub fn only(name: &str, content: &str) -> String {
    let mut message = Object::default();
    message.json(name, content);
    message.end()
}

/// Reads a lab.
///
/// # Errors
/// The field that is wrong.
pub fn read_lab(value: &Value<'_>) -> Result<Lab, Unreadable> {
    read(value, |fields| Lab {
        up: read_impairment(fields.within_if_any("up")),
        down: read_impairment(fields.within_if_any("down")),
        seed: fields.number_if_any("seed").unwrap_or(0),
    })
}

/// Reads rules of the server.
///
/// # Errors
/// The field that is wrong.
pub fn read_rules(value: &Value<'_>) -> Result<ServerRules, Unreadable> {
    let default = ServerRules::default();
    read(value, |fields| ServerRules {
        buffer: fields.small_if_any("buffer").map(|bytes| bytes as usize),
        echo_empty: fields.flag_or("echo_empty", default.echo_empty),
        listening: fields.flag_or("listening", default.listening),
    })
}

fn read_impairment(fields: Fields<'_>) -> Impairment {
    let number = |name| fields.small_or(name, 0);
    Impairment {
        loss_ppm: number("loss_ppm"),
        burst_start_ppm: number("burst_start_ppm"),
        burst_end_ppm: number("burst_end_ppm"),
        delay_us: number("delay_us"),
        jitter_us: number("jitter_us"),
        reorder_ppm: number("reorder_ppm"),
        duplicate_ppm: number("duplicate_ppm"),
        corrupt_ppm: number("corrupt_ppm"),
        no_checksum: fields.flag_or("no_checksum", false),
        rate_kbps: number("rate_kbps"),
        limit: number("limit"),
    }
}

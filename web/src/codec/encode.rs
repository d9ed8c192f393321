//! Messages for the host, in serde's form.

use wire::control::ClientMessage;
use wire::link::Impairment;

use crate::json;

/// Writes a message for the host.
pub fn encode(message: &ClientMessage) -> String {
    let mut out = String::from("{");
    match message {
        ClientMessage::Options(options) => {
            out.push_str("\"options\":{");
            write_flag(&mut out, "tracing", options.tracing);
            write_number(&mut out, "timeout_ms", options.timeout_ms.into());
            close(&mut out);
        }
        ClientMessage::Lab(lab) => {
            out.push_str("\"lab\":{");
            write_impairment(&mut out, "up", &lab.up);
            write_impairment(&mut out, "down", &lab.down);
            write_number(&mut out, "seed", lab.seed);
            close(&mut out);
        }
        ClientMessage::Server(rules) => {
            out.push_str("\"server\":{");
            if let Some(buffer) = rules.buffer {
                write_number(&mut out, "buffer", buffer as u64);
            }
            write_flag(&mut out, "echo_empty", rules.echo_empty);
            write_flag(&mut out, "listening", rules.listening);
            close(&mut out);
        }
        ClientMessage::Stream(texts) => {
            out.push_str("\"stream\":[");
            for (index, text) in texts.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json::write_text(&mut out, text);
            }
            out.push(']');
        }
        // A variant without content is its bare name.
        ClientMessage::Counters => return String::from("\"counters\""),
    }
    out.push('}');
    out
}

fn write_name(out: &mut String, name: &str) {
    json::write_text(out, name);
    out.push(':');
}

fn write_flag(out: &mut String, name: &str, flag: bool) {
    write_name(out, name);
    out.push_str(if flag { "true," } else { "false," });
}

fn write_number(out: &mut String, name: &str, number: u64) {
    write_name(out, name);
    out.push_str(&number.to_string());
    out.push(',');
}

fn write_impairment(out: &mut String, name: &str, impairment: &Impairment) {
    write_name(out, name);
    out.push('{');
    for (name, number) in [
        ("loss_ppm", impairment.loss_ppm),
        ("burst_start_ppm", impairment.burst_start_ppm),
        ("burst_end_ppm", impairment.burst_end_ppm),
        ("delay_us", impairment.delay_us),
        ("jitter_us", impairment.jitter_us),
        ("reorder_ppm", impairment.reorder_ppm),
        ("duplicate_ppm", impairment.duplicate_ppm),
        ("corrupt_ppm", impairment.corrupt_ppm),
        ("rate_kbps", impairment.rate_kbps),
        ("limit", impairment.limit),
    ] {
        write_number(out, name, number.into());
    }
    write_flag(out, "no_checksum", impairment.no_checksum);
    close(out);
    out.push(',');
}

/// Ends an object whose last field left a comma behind.
fn close(out: &mut String) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push('}');
}

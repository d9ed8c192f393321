//! Lines to copy: the payload as a literal, and commands that send it to the address in use.
//!
//! Each command really sends these bytes, as one datagram: `tests/lines.rs` runs them.

use udp_echo_feed::words::number;

use crate::address::Address;
use crate::hex;

/// Longest payload for which there are commands with a pipe. A shell's `printf` and `xxd` write 4,096 bytes at a time,
/// `nc` and `socat` make a datagram of what they read at a time: more would become several.
pub const MAX_PIPED_BYTES: usize = 4096;

/// What can be copied, in the order of [`crate::words::LINES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Python bytes literal.
    Literal,
    /// A Python script that a shell runs; it prints what comes back.
    Python,
    /// `printf` and `nc`.
    Nc,
    /// `printf` and `socat`.
    Socat,
    /// `xxd -r` and `nc`.
    Xxd,
}

/// All of them.
pub const FORMS: [Form; 5] = [
    Form::Literal,
    Form::Python,
    Form::Nc,
    Form::Socat,
    Form::Xxd,
];

/// Why there is no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// There is no server yet.
    Server,
    /// `nc` and `socat` send nothing when they read nothing.
    Empty,
    /// A pipe would make several datagrams of it.
    Long,
}

/// The line, or lines, for a payload.
///
/// # Errors
/// Why there is none.
pub fn line(form: Form, payload: &[u8], server: Option<&Address>) -> Result<String, No> {
    if form == Form::Literal {
        return Ok(literal(payload, false));
    }
    let server = server.ok_or(No::Server)?;
    let (host, port) = (server.host.as_str(), number(server.port.into()));
    if form == Form::Python {
        return Ok(script(server, &port, payload));
    }
    match payload.len() {
        0 => return Err(No::Empty),
        MAX_PIPED_BYTES.. if payload.len() > MAX_PIPED_BYTES => return Err(No::Long),
        _ => {}
    }
    let nc = [" | nc -u -w1 ", host, " ", &port].concat();
    Ok(match form {
        Form::Xxd => ["echo ", &hex::print_dense(payload), " | xxd -r -p", &nc].concat(),
        Form::Nc => [&printf(payload), nc.as_str()].concat(),
        _ => {
            let address = match server.is_ipv6() {
                true => ["UDP6:[", host, "]:"],
                false => ["UDP4:", host, ":"],
            };
            // Its own block size of 8,192 is enough for what comes through the pipe; the answer is as long.
            [
                &printf(payload),
                " | socat -t1 - ",
                &address.concat(),
                &port,
            ]
            .concat()
        }
    })
}

/// A bytes literal as Python itself writes it (`bytes_repr` in CPython's `Objects/bytesobject.c`).
/// An interactive shell would expand a `!` wherever it stands.
fn literal(payload: &[u8], for_shell: bool) -> String {
    let (mut has_single, mut has_double) = (false, false);
    for byte in payload {
        has_single |= *byte == b'\'';
        has_double |= *byte == b'"';
    }
    let quote = if has_single && !has_double {
        b'"'
    } else {
        b'\''
    };
    let mut out = String::with_capacity(payload.len() + 3);
    out.push('b');
    out.push(char::from(quote));
    for byte in payload {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\\' => out.push_str("\\\\"),
            b'\'' | b'"' if *byte == quote => {
                out.push('\\');
                out.push(char::from(quote));
            }
            b' '..=b'~' if !(for_shell && *byte == b'!') => out.push(char::from(*byte)),
            _ => {
                out.push_str("\\x");
                hex::push(&mut out, *byte);
            }
        }
    }
    out.push(char::from(quote));
    out
}

/// The tutorial's client as a shell takes it. The marker that ends it is quoted, so that the shell changes nothing, and
/// a literal is one line and never the marker.
fn script(server: &Address, port: &str, payload: &[u8]) -> String {
    let family = if server.is_ipv6() {
        "AF_INET6"
    } else {
        "AF_INET"
    };
    [
        "python3 - <<'END'\nimport socket\nsock = socket.socket(socket.",
        family,
        ", socket.SOCK_DGRAM)\nsock.settimeout(2)\nsock.sendto(",
        &literal(payload, true),
        ", ('",
        &server.host,
        "', ",
        port,
        "))\nprint(sock.recv(65536))\nEND",
    ]
    .concat()
}

/// A `printf` that writes exactly these bytes: in octal whatever is not plain, which every shell reads alike.
fn printf(payload: &[u8]) -> String {
    let mut out = String::from("printf '");
    for (index, byte) in payload.iter().enumerate() {
        match byte {
            b'%' => out.push_str("%%"),
            b'\\' => out.push_str("\\\\"),
            // A dash in front would be read as an option.
            b'-' if index == 0 => out.push_str("\\055"),
            // Not every interactive shell leaves a `!` in quotes alone.
            b'\'' | b'!' => push_octal(&mut out, *byte),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => push_octal(&mut out, *byte),
        }
    }
    out.push('\'');
    out
}

fn push_octal(out: &mut String, byte: u8) {
    out.push('\\');
    for digit in (0..3).rev() {
        out.push(char::from(b'0' + (byte >> (3 * digit) & 7)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(address: &str) -> Address {
        Address::read(address).unwrap()
    }

    #[test]
    fn a_literal_is_what_python_prints() {
        assert_eq!(literal(b"", false), "b''");
        assert_eq!(literal(b"it's", false), "b\"it's\"");
        assert_eq!(literal(b"it's \"it\"", false), "b'it\\'s \"it\"'");
        assert_eq!(
            literal(b"\0\t\n\r\x1f\x7f\xff\\%", false),
            "b'\\x00\\t\\n\\r\\x1f\\x7f\\xff\\\\%'"
        );
    }

    #[test]
    fn commands_name_the_address_in_use() {
        let nc = line(Form::Nc, b"50% of 'a'\n", Some(&to("127.0.0.1:10000"))).unwrap();
        assert_eq!(
            nc,
            "printf '50%% of \\047a\\047\\012' | nc -u -w1 127.0.0.1 10000"
        );
        let socat = line(Form::Socat, b"-x", Some(&to("[::1]:10000"))).unwrap();
        assert_eq!(socat, "printf '\\055x' | socat -t1 - UDP6:[::1]:10000");
        let xxd = line(Form::Xxd, b"\0\xff", Some(&to("[::ffff:127.0.0.1]:7"))).unwrap();
        assert_eq!(xxd, "echo 00ff | xxd -r -p | nc -u -w1 127.0.0.1 7");
    }

    #[test]
    fn where_a_command_would_send_something_else_there_is_none() {
        let server = to("127.0.0.1:10000");
        let server = Some(&server);
        for form in [Form::Nc, Form::Socat, Form::Xxd] {
            assert_eq!(line(form, b"", server), Err(No::Empty));
            assert!(line(form, &[7; MAX_PIPED_BYTES], server).is_ok());
            assert_eq!(line(form, &[7; MAX_PIPED_BYTES + 1], server), Err(No::Long));
            assert_eq!(line(form, b"x", None), Err(No::Server));
        }
        assert!(line(Form::Literal, &[7; 65_508], None).is_ok());
        assert!(line(Form::Python, &[7; 65_508], server).is_ok());
    }
}

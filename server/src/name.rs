//! Names of hosts as people write them, in the one form in which they are compared and resolved.

use std::net::IpAddr;

/// A host name or an address to compare: lower case, an international name in its ASCII form (RFC 5890), and without the brackets
/// and the zone of an IPv6 address and the root's trailing dot.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the name.
pub(crate) fn normalize(host: &str) -> Result<String, &'static str> {
    if host.is_empty() {
        return Err("is empty");
    }
    let bare = without_brackets(host);
    if let Ok(address) = without_zone(bare).parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let ascii = ascii(host).ok_or("is no name of a host")?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    if !name.bytes().all(is_name_byte) {
        return Err("holds a character that no name of a host has");
    }
    if name.len() > 253
        || name
            .split('.')
            .any(|label| !(1..=63).contains(&label.len()))
    {
        return Err(
            "has a part that is empty or longer than 63 bytes, or is longer than 253 in all",
        );
    }
    // Browsers take such a name for an IPv4 address in other clothes (WHATWG URL, "ends in a number") and never send it.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    if is_number {
        return Err("ends in a number, and is no IPv4 address of four numbers");
    }
    Ok(name.to_owned())
}

/// A name in ASCII and lower case, as it is sent to resolvers; an international one in its ASCII form. `None` for what is none.
pub(crate) fn ascii(name: &str) -> Option<String> {
    if name.is_ascii() {
        return Some(name.to_ascii_lowercase());
    }
    idna::domain_to_ascii(name).ok()
}

/// Letters, digits, `-` and dots (RFC 1123, section 2.1), and the underscores that are in use as well.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// An IPv6 address without its brackets, anything else as it is.
pub(crate) fn without_brackets(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// An address without its zone, which has a meaning on one machine only (RFC 4007, section 11).
pub(crate) fn without_zone(address: &str) -> &str {
    address.split('%').next().unwrap_or(address)
}

/// Whether a name always means this machine: browsers resolve `localhost` and what ends in it themselves (RFC 6761, section 6.3).
pub(crate) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_form_however_it_is_written() {
        for (written, form) in [
            ("udp.example", "udp.example"),
            ("UDP.Example", "udp.example"),
            ("udp.example.", "udp.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("my_host", "my_host"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:DB8::0:1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[fe80::1%eth0]", "fe80::1"),
            ("[fe80::1%25eth0]", "fe80::1"),
        ] {
            assert_eq!(normalize(written).as_deref(), Ok(form), "{written}");
        }
    }

    #[test]
    fn what_no_host_can_be_called_is_refused() {
        let long = "a".repeat(64);
        for written in [
            "",
            ".",
            "..",
            "a..b",
            ".example.org",
            "*",
            "*.example.org",
            "a b",
            "https://a",
            "a/b",
            "a:1",
            "a%20b",
            "[::1",
            "::1]",
            "127.1",
            "0x7f.1",
            "2130706433",
            "1.2.3.4.5",
            "256.1.1.1",
            "user@host",
            &long,
        ] {
            assert!(normalize(written).is_err(), "{written:?}");
        }
    }
}

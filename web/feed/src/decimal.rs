//! Decimal numbers without floating point, whose reader alone would weigh several kilobytes in the module.

use crate::words;

/// Reads `text` as a number with up to `places` digits after the point, in units of its last place: `"0.5"` with three
/// places is 500. A `unit` may stand behind it. `None` for anything else, a minus sign included.
pub fn read(text: &str, unit: &str, places: usize) -> Option<u32> {
    read_wide(text, unit, places)?.try_into().ok()
}

/// As [`read`], with 64 bits.
pub fn read_wide(text: &str, unit: &str, places: usize) -> Option<u64> {
    let text = text.trim_ascii();
    let text = text.strip_suffix(unit).unwrap_or(text).trim_ascii_end();
    let mut number: u64 = 0;
    let mut part = None;
    for byte in text.bytes() {
        match (byte, part) {
            (b'.', None) => part = Some(0),
            (b'0'..=b'9', _) => {
                number = number.checked_mul(10)?.checked_add((byte - b'0').into())?;
                part = part.map(|digits| digits + 1);
            }
            _ => return None,
        }
    }
    if text.is_empty() || text.starts_with('.') || part.is_some_and(|digits| digits > places) {
        return None;
    }
    for _ in part.unwrap_or(0)..places {
        number = number.checked_mul(10)?;
    }
    Some(number)
}

/// A number of thousandths with as many places as it needs: 500 is `0.5`, 2000 is `2`.
pub fn write_thousandths(number: u64) -> String {
    // The thousand in front keeps the zeros that lead the decimals.
    let decimals = words::number(1000 + number % 1000);
    let decimals = decimals.get(1..).unwrap_or_default();
    let mut text = [&words::number(number / 1000), ".", decimals].concat();
    while text.ends_with('0') {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_their_unit_and_their_places() {
        for (text, unit, places, number) in [
            ("20", "%", 4, Some(200_000)),
            (" 0.5 % ", "%", 4, Some(5_000)),
            ("50ms", "ms", 3, Some(50_000)),
            ("1.25", "ms", 3, Some(1_250)),
            ("4294967295", "", 0, Some(u32::MAX)),
            ("4294967296", "", 0, None),
            ("0.00001", "%", 4, None),
            ("-1", "%", 4, None),
            ("1e3", "", 0, None),
            (".5", "%", 4, None),
            ("", "%", 4, None),
            ("٣", "", 0, None),
        ] {
            assert_eq!(read(text, unit, places), number, "{text:?}");
        }
    }

    #[test]
    fn thousandths_are_written_without_what_says_nothing() {
        let written = [0, 5, 500, 2000, 1250, 10_010].map(write_thousandths);
        assert_eq!(written, ["0", "0.005", "0.5", "2", "1.25", "10.01"]);
    }
}

//! Times on the command line: `3`, `0.5`, `250ms`, `2s`, `1m`, `3h`.

use std::time::Duration;

/// Longest time that is taken: a day. Clocks cannot be asked for any time ahead.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a time: a number, and `us`, `ms`, `s`, `m` or `h`; without a unit it is in seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => {
            return Err(format!(
                "the unit {unit:?} is unknown: us, ms, s, m and h are"
            ));
        }
    };
    let time = number
        .trim()
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * seconds).ok());
    match time {
        None => Err("write a time like 3, 0.5, 250ms or 2s".to_owned()),
        Some(time) if time > LONGEST => Err("the longest time is a day, 24h".to_owned()),
        Some(time) => Ok(time),
    }
}

/// Reads a time that is not zero.
pub(crate) fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        time if time < Duration::from_millis(1) => Err("the shortest time is 1ms".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_units() {
        let table = [
            ("3", 3_000_000),
            ("0.5", 500_000),
            ("250ms", 250_000),
            ("2 s", 2_000_000),
            ("40us", 40),
            ("1m", 60_000_000),
            ("24h", 86_400_000_000),
            ("0", 0),
        ];
        for (text, micros) in table {
            assert_eq!(parse(text), Ok(Duration::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_sentence() {
        for text in ["", "s", "-1", "3d", "1e400", "nan", "1ms2", "1441m"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_positive("0").is_err());
    }
}

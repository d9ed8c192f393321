//! Values of a link as `tc netem` spells them (tc-netem(8), tc(8)): `30%`, `50ms 10ms`, `gemodel 2% 25%`, `12mbit`.

use crate::duration;

/// A value for each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Both<T> {
    there: T,
    back: T,
}

impl<T> Both<T> {
    /// The value there (0) or back (any other).
    pub(super) fn at(&self, index: usize) -> &T {
        match index {
            0 => &self.there,
            _ => &self.back,
        }
    }
}

/// How a link loses datagrams; chances in parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Each by itself.
    Random(u32),
    /// Gilbert–Elliott: a good link turns bad, and loses all until it turns good again.
    Bursts {
        /// Chance that a good link turns bad.
        start: u32,
        /// Chance that a bad link turns good.
        end: u32,
    },
}

/// How long a datagram travels, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    pub(super) time: u32,
    /// It varies by up to this much either way.
    pub(super) jitter: u32,
}

/// Reads `VALUE`, which holds both ways, or `THERE/BACK`.
pub(super) fn both<T: Clone>(
    text: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<Both<T>, String> {
    let (there, back) = text.split_once('/').unwrap_or((text, text));
    Ok(Both {
        there: read(there.trim())?,
        back: read(back.trim())?,
    })
}

/// Reads a chance, `0.5%`, as parts per million. The sign may be left out, as with `tc`.
pub(super) fn chance(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let is_plain = number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    match number.parse::<f64>() {
        Ok(percent) if is_plain && (0.0..=100.0).contains(&percent) => {
            Ok((percent * 10_000.0).round() as u32)
        }
        _ => Err(format!("{text:?} is no chance; write 0% to 100%")),
    }
}

/// Reads `30%`, `random 30%`, or `gemodel 2% 25%`.
pub(super) fn loss(text: &str) -> Result<Loss, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match *words.as_slice() {
        [percent] | ["random", percent] => chance(percent).map(Loss::Random),
        ["gemodel", start, end] => Ok(Loss::Bursts {
            start: chance(start)?,
            end: chance(end)?,
        }),
        _ => Err(format!(
            "{text:?} is no loss; write 30%, or in bursts \"gemodel 2% 25%\""
        )),
    }
}

/// Reads `50ms`, or `50ms 10ms` with the jitter behind.
pub(super) fn delay(text: &str) -> Result<Delay, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (time, jitter) = match *words.as_slice() {
        [one] => (micros(one)?, 0),
        [one, other] => (micros(one)?, micros(other)?),
        _ => {
            return Err(format!(
                "{text:?} is no delay; write 50ms, or \"50ms 10ms\" with the jitter behind"
            ));
        }
    };
    Ok(Delay { time, jitter })
}

/// Reads a time in microseconds. netem takes a number without a unit for microseconds, we take it for seconds elsewhere: so it
/// needs one.
fn micros(text: &str) -> Result<u32, String> {
    let wrong = |why: &str| format!("{text:?} is no time: {why}");
    let short = ["secs", "sec", "msecs", "msec", "usecs", "usec"]
        .into_iter()
        .find_map(|long| {
            let number = text.strip_suffix(long)?;
            // `sec` also ends `msec`.
            number.ends_with(|end: char| end.is_ascii_digit()).then(|| {
                format!(
                    "{number}{}",
                    long.trim_end_matches('s').trim_end_matches("ec")
                )
            })
        });
    let text = short.as_deref().unwrap_or(text);
    if !text.ends_with(|end: char| end.is_ascii_alphabetic()) {
        return Err(wrong("write the unit too, as in 50ms"));
    }
    let time = duration::parse(text).map_err(|why| wrong(&why))?;
    u32::try_from(time.as_micros()).map_err(|_| wrong("the longest delay is 60s"))
}

/// Reads `500kbit` or `12mbit`, as kilobits a second.
pub(super) fn rate(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no rate; write bits a second, as in 500kbit or 12mbit");
    let lower = text.to_ascii_lowercase();
    let unit_at = lower
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or_else(wrong)?;
    let (number, unit) = lower.split_at(unit_at);
    let bits = match unit {
        "bit" => 1.0,
        "kbit" => 1e3,
        "mbit" => 1e6,
        "gbit" => 1e9,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let kilobits = number * bits / 1e3;
    if (1.0..=f64::from(u32::MAX)).contains(&kilobits) {
        return Ok(kilobits.round() as u32);
    }
    Err(format!(
        "{text:?} is no rate of a link; the slowest is 1kbit"
    ))
}

/// Reads how many datagrams may wait.
pub(super) fn limit(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{text:?} is no number of datagrams; write 1 to 10000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_tc_spells_them() {
        assert_eq!(chance("30%"), Ok(300_000));
        assert_eq!(chance("0.0001%"), Ok(1));
        assert_eq!(chance("5"), Ok(50_000));
        assert_eq!(loss("30%"), Ok(Loss::Random(300_000)));
        assert_eq!(loss("random 1%"), Ok(Loss::Random(10_000)));
        let bursts = Loss::Bursts {
            start: 20_000,
            end: 250_000,
        };
        assert_eq!(loss("gemodel 2% 25%"), Ok(bursts));
        let table = [
            ("50ms", 50_000, 0),
            ("50ms 10ms", 50_000, 10_000),
            ("50msec 10msecs", 50_000, 10_000),
            ("1s", 1_000_000, 0),
            ("2secs", 2_000_000, 0),
            ("7usec", 7, 0),
            ("0.5ms", 500, 0),
        ];
        for (text, time, jitter) in table {
            assert_eq!(delay(text), Ok(Delay { time, jitter }), "{text}");
        }
        assert_eq!((rate("500kbit"), rate("12mbit")), (Ok(500), Ok(12_000)));
        assert_eq!((rate("1Gbit"), rate("64000bit")), (Ok(1_000_000), Ok(64)));
        assert_eq!(limit("50"), Ok(50));
    }

    #[test]
    fn one_value_holds_both_ways_and_two_set_them_apart() {
        let both_ways = both("30%", chance).unwrap();
        assert_eq!((both_ways.at(0), both_ways.at(1)), (&300_000, &300_000));
        let apart = both("30%/0%", chance).unwrap();
        assert_eq!((apart.at(0), apart.at(1)), (&300_000, &0));
    }

    #[test]
    fn what_is_no_value_is_refused_with_what_to_write() {
        for text in ["", "%", "101%", "-1%", "nan", "inf", "1e1%", "three"] {
            assert!(chance(text).is_err(), "{text}");
        }
        for text in ["", "gemodel", "gemodel 1%", "state 1%", "1% 2% 3%"] {
            assert!(loss(text).is_err(), "{text}");
        }
        // A bare number would be microseconds to tc, and seconds to our other options.
        for text in ["", "50", "50ms 10", "1ms 2ms 3ms", "2h", "fast"] {
            assert!(delay(text).is_err(), "{text}");
        }
        // To tc, kbps are kilobytes.
        for text in ["", "500", "500kbps", "0kbit", "10bit", "1e12gbit", "kbit"] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["0", "-1", "many"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}

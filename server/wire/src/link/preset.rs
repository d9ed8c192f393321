//! Links that one meets, with numbers to begin from, and the same link as a line for `tc netem`.

use super::Impairment;
use crate::digits::digits;

/// A link that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name, as the `preset` attribute and deep links write it.
    pub name: &'static str,
    /// Towards the server.
    pub up: Impairment,
    /// Towards the client.
    pub down: Impairment,
}

const NOTHING: Impairment = Impairment {
    loss_ppm: 0,
    burst_start_ppm: 0,
    burst_end_ppm: 0,
    delay_us: 0,
    jitter_us: 0,
    reorder_ppm: 0,
    duplicate_ppm: 0,
    corrupt_ppm: 0,
    no_checksum: false,
    rate_kbps: 0,
    limit: 0,
};

/// One wireless hop to an access point in the same quiet room: a few milliseconds, and a frame in a thousand given up. An
/// assumption; real offices differ by a factor of ten.
const WIFI: Impairment = Impairment {
    delay_us: 2_000,
    jitter_us: 1_500,
    loss_ppm: 1_000,
    ..NOTHING
};

/// WebPageTest's profile "LTE": 12 Mbit/s and 70 ms there and back. Jitter and loss are an assumption: the radio's own
/// retries turn most loss into jitter.
const MOBILE: Impairment = Impairment {
    rate_kbps: 12_000,
    delay_us: 35_000,
    jitter_us: 12_000,
    loss_ppm: 5_000,
    ..NOTHING
};

/// A geostationary satellite: ITU-T G.114 gives 260 ms each way (35,786 km up and as far down again are 239 ms at the speed
/// of light); 10 ms more are spent on the ground. The rest is an assumption.
const SATELLITE: Impairment = Impairment {
    delay_us: 270_000,
    jitter_us: 10_000,
    loss_ppm: 5_000,
    ..NOTHING
};

/// Everything at once: a congested link at its worst moment.
const VERY_BAD: Impairment = Impairment {
    loss_ppm: 50_000,
    burst_start_ppm: 20_000,
    burst_end_ppm: 250_000,
    delay_us: 120_000,
    jitter_us: 80_000,
    reorder_ppm: 100_000,
    duplicate_ppm: 30_000,
    corrupt_ppm: 10_000,
    rate_kbps: 500,
    limit: 50,
    ..NOTHING
};

/// The presets, from the best link to the worst.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "loopback",
        up: NOTHING,
        down: NOTHING,
    },
    Preset {
        name: "wifi",
        up: WIFI,
        down: WIFI,
    },
    Preset {
        name: "mobile",
        up: MOBILE,
        down: MOBILE,
    },
    Preset {
        name: "satellite",
        up: Impairment {
            rate_kbps: 3_000,
            ..SATELLITE
        },
        down: Impairment {
            rate_kbps: 25_000,
            ..SATELLITE
        },
    },
    Preset {
        name: "very-bad",
        up: VERY_BAD,
        down: VERY_BAD,
    },
];

/// The preset with this name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Impairment {
    /// The same link in the words of `tc netem` (tc-netem(8)), for the given network device.
    ///
    /// Three things differ there: bursts take the place of random loss; netem knows no checksum, so that a corrupted datagram is dropped by the receiver's own
    /// kernel, and on `lo` both directions pass the same queue.
    pub fn netem(&self, device: &str) -> String {
        let mut line = ["tc qdisc replace dev ", device, " root netem"].concat();
        let mut say = |words: &[&str]| {
            for word in words {
                line.push(' ');
                line.push_str(word);
            }
        };
        if self.limit != 0 {
            say(&["limit", &digits(self.limit.into())]);
        }
        // netem reorders by letting some skip the delay: without a delay it takes no `reorder`.
        if self.delay_us != 0 || self.jitter_us != 0 || self.reorder_ppm != 0 {
            say(&["delay", &millis(self.delay_us)]);
        }
        if self.jitter_us != 0 {
            say(&[&millis(self.jitter_us)]);
        }
        if self.burst_start_ppm != 0 {
            say(&[
                "loss gemodel",
                &percent(self.burst_start_ppm),
                &percent(self.burst_end_ppm),
            ]);
        } else if self.loss_ppm != 0 {
            say(&["loss", &percent(self.loss_ppm)]);
        }
        let chances = [
            ("reorder", self.reorder_ppm),
            ("duplicate", self.duplicate_ppm),
            ("corrupt", self.corrupt_ppm),
        ];
        for (name, ppm) in chances.into_iter().filter(|(_, ppm)| *ppm != 0) {
            say(&[name, &percent(ppm)]);
        }
        if self.rate_kbps != 0 {
            say(&["rate", &[&digits(self.rate_kbps.into()), "kbit"].concat()]);
        }
        line
    }
}

/// Microseconds as milliseconds: `2.5ms`.
fn millis(us: u32) -> String {
    decimal(us, 1_000, "ms")
}

/// Parts per million as percent: `0.5%`.
fn percent(ppm: u32) -> String {
    decimal(ppm, 10_000, "%")
}

/// `value / unit` without zeros at the end.
fn decimal(value: u32, unit: u32, suffix: &str) -> String {
    let whole = digits((value / unit).into());
    let places = unit.ilog10() as usize;
    // The unit in front keeps the zeros that the rest begins with.
    let rest = digits((unit + value % unit).into());
    let rest = rest[rest.len() - places..].trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    [&whole, point, rest, suffix].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_in_range_and_worse_than_the_one_before() {
        let badness =
            |preset: &Preset| u64::from(preset.up.delay_us) + u64::from(preset.up.loss_ppm) * 10;
        for preset in &PRESETS {
            assert_eq!(
                (preset.up.check(), preset.down.check()),
                (Ok(()), Ok(())),
                "{}",
                preset.name
            );
        }
        assert!(
            PRESETS
                .windows(2)
                .all(|pair| badness(&pair[0]) < badness(&pair[1]))
        );
        assert!(PRESETS[0].up.is_transparent());
        assert!(preset("satellite").is_some() && preset("carrier-pigeon").is_none());
    }

    #[test]
    fn netem_lines_say_the_same_link() {
        let plain = Impairment::default();
        assert_eq!(plain.netem("lo"), "tc qdisc replace dev lo root netem");
        assert_eq!(
            MOBILE.netem("eth0"),
            "tc qdisc replace dev eth0 root netem delay 35ms 12ms loss 0.5% rate 12000kbit"
        );
        assert_eq!(
            VERY_BAD.netem("lo"),
            "tc qdisc replace dev lo root netem limit 50 delay 120ms 80ms loss gemodel 2% 25% reorder 10% \
             duplicate 3% corrupt 1% rate 500kbit"
        );
    }

    #[test]
    fn decimals_are_written_short() {
        assert_eq!(
            (millis(2_500).as_str(), millis(25).as_str()),
            ("2.5ms", "0.025ms")
        );
        assert_eq!(
            (percent(1).as_str(), percent(1_000_000).as_str()),
            ("0.0001%", "100%")
        );
    }
}

//! The sliders: what a reader changes first, on the way to the server. Each has a few stops, so that the arrow keys come from
//! none to all in a few steps; a number between two stops is said as it is.

use wire::link::Impairment;

use crate::words;

/// What one slider sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slider {
    /// Random loss.
    Loss,
    /// Travelling time.
    Delay,
    /// Overtaking.
    Order,
    /// Second copies.
    Duplicates,
}

/// Every slider, in the order of the page.
pub const SLIDERS: [Slider; 4] = [
    Slider::Loss,
    Slider::Delay,
    Slider::Order,
    Slider::Duplicates,
];

const PERCENT: u32 = 10_000;
const MILLISECOND: u32 = 1_000;

/// What the delay becomes when a reader asks for overtaking without one: nothing overtakes what takes no time.
pub const DELAY_TO_OVERTAKE: u32 = 100 * MILLISECOND;

impl Slider {
    /// Its name in the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Delay => "delay",
            Self::Order => "order",
            Self::Duplicates => "duplicates",
        }
    }

    /// The stops, in the wire's units.
    pub fn stops(self) -> &'static [u32] {
        const fn scaled<const N: usize>(mut stops: [u32; N], unit: u32) -> [u32; N] {
            let mut place = 0;
            while place < N {
                stops[place] *= unit;
                place += 1;
            }
            stops
        }
        const CHANCES: [u32; 10] = scaled([0, 1, 2, 5, 10, 20, 25, 50, 75, 100], PERCENT);
        // With more, nobody is left to be overtaken.
        const ORDER: [u32; 8] = scaled([0, 1, 2, 5, 10, 20, 25, 50], PERCENT);
        const DELAYS: [u32; 10] = scaled([0, 1, 5, 10, 20, 50, 100, 200, 500, 1000], MILLISECOND);
        match self {
            Self::Loss | Self::Duplicates => &CHANCES,
            Self::Order => &ORDER,
            Self::Delay => &DELAYS,
        }
    }

    /// The stop at which it stands: the first that is not below the value, so that something never looks like nothing.
    pub fn stop_of(self, link: &Impairment) -> usize {
        let value = self.value(link);
        let stops = self.stops();
        let stop = stops.partition_point(|stop| *stop < value);
        stop.min(stops.len() - 1)
    }

    /// Puts it at a stop; true when that changes the link.
    pub fn slide(self, link: &mut Impairment, stop: usize) -> bool {
        let Some(value) = self.stops().get(stop).copied() else {
            return false;
        };
        let before = *link;
        match self {
            Self::Loss => link.loss_ppm = value,
            Self::Delay => link.delay_us = value,
            Self::Duplicates => link.duplicate_ppm = value,
            Self::Order => {
                link.reorder_ppm = value;
                if value > 0 && link.delay_us == 0 {
                    link.delay_us = DELAY_TO_OVERTAKE;
                }
            }
        }
        before != *link
    }

    /// Where it stands, in words.
    pub fn words(self, link: &Impairment) -> String {
        match self {
            Self::Loss => words::loss(link.loss_ppm, link.burst_start_ppm > 0),
            Self::Delay => words::delay(link.delay_us, link.jitter_us),
            Self::Order => words::order(link.reorder_ppm, link.delay_us == 0),
            Self::Duplicates => words::duplicates(link.duplicate_ppm),
        }
    }

    fn value(self, link: &Impairment) -> u32 {
        match self {
            Self::Loss => link.loss_ppm,
            Self::Delay => link.delay_us,
            Self::Order => link.reorder_ppm,
            Self::Duplicates => link.duplicate_ppm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_words(link: &Impairment) -> [String; 4] {
        SLIDERS.map(|slider| slider.words(link))
    }

    #[test]
    fn each_stop_says_what_it_does_in_words() {
        let mut link = Impairment::default();
        assert_eq!(all_words(&link), ["none", "none added", "kept", "none"]);
        assert!(Slider::Loss.slide(&mut link, 5));
        assert!(Slider::Delay.slide(&mut link, 6));
        assert!(Slider::Order.slide(&mut link, 6));
        assert!(Slider::Duplicates.slide(&mut link, 4));
        assert_eq!(
            all_words(&link),
            [
                "1 in 5 lost",
                "100 ms",
                "1 in 4 overtakes",
                "1 in 10 arrives twice"
            ]
        );
        assert!(Slider::Loss.slide(&mut link, 9));
        assert!(Slider::Loss.words(&link) == "all lost");
        assert!(!Slider::Loss.slide(&mut link, 9), "it stands there already");
        assert!(!Slider::Loss.slide(&mut link, 10), "there is no such stop");
    }

    #[test]
    fn a_number_between_two_stops_is_said_as_it_is_and_never_stands_at_none() {
        let link = Impairment {
            loss_ppm: 3_000,
            burst_start_ppm: 1,
            delay_us: 2_500,
            jitter_us: 1_500,
            reorder_ppm: 300_000,
            duplicate_ppm: 1_000_000,
            ..Impairment::default()
        };
        assert_eq!(
            all_words(&link),
            [
                "0.3 % lost, and bursts",
                "2.5 ms ± 1.5",
                "30 % overtake",
                "all arrive twice"
            ]
        );
        assert_eq!(SLIDERS.map(|slider| slider.stop_of(&link)), [1, 2, 7, 9]);
    }

    #[test]
    fn overtaking_brings_the_delay_that_it_needs_and_says_so_when_that_is_taken_away() {
        let mut link = Impairment::default();
        assert!(Slider::Order.slide(&mut link, 6));
        assert_eq!(Slider::Delay.words(&link), "100 ms");
        assert!(Slider::Delay.slide(&mut link, 0));
        assert_eq!(
            Slider::Order.words(&link),
            "1 in 4: no effect without a delay"
        );
    }

    #[test]
    fn every_stop_is_a_link_that_the_host_takes() {
        for slider in SLIDERS {
            let stops = slider.stops();
            assert!(stops.is_sorted() && stops[0] == 0, "{slider:?}");
            for stop in 0..stops.len() {
                let mut link = Impairment::default();
                slider.slide(&mut link, stop);
                assert_eq!(link.check(), Ok(()), "{slider:?} at {stop}");
                assert_eq!(slider.stop_of(&link), stop, "{slider:?}");
            }
        }
    }
}

//! Over many runs, live-like and simulated: no words cover others, an arrowhead or a sign.

use proptest::prelude::*;

use super::*;
use crate::labels::{self, Area};

/// A link as a reader may set it.
fn links() -> impl Strategy<Value = Impairment> {
    let ppm = || prop_oneof![3 => Just(0), 1 => 0..1_000_001u32];
    let micros = || prop_oneof![2 => Just(0), 1 => 0..400_000u32];
    let rates = prop_oneof![3 => Just(0), 1 => 8..10_000u32];
    let limits = prop_oneof![Just(0), 1..6u32];
    (
        ppm(),
        ppm(),
        ppm(),
        ppm(),
        micros(),
        micros(),
        rates,
        limits,
        any::<bool>(),
    )
        .prop_map(
            |(loss, duplicate, reorder, corrupt, delay, jitter, rate, limit, no_checksum)| {
                Impairment {
                    loss_ppm: loss,
                    duplicate_ppm: duplicate,
                    reorder_ppm: reorder,
                    corrupt_ppm: corrupt,
                    no_checksum,
                    delay_us: delay,
                    jitter_us: jitter.min(delay),
                    rate_kbps: rate,
                    limit,
                    ..Impairment::default()
                }
            },
        )
}

/// A run of the simulated host.
fn runs() -> impl Strategy<Value = Vec<Datagram>> {
    let rules = (
        prop_oneof![3 => Just(None), 1 => Just(Some(2))],
        prop::bool::weighted(0.9),
    );
    let pauses = prop_oneof![Just(0), 1..2_000u64, 1_000..2_000_000u64];
    let sizes = prop::collection::vec(0..60usize, 1..50);
    (
        links(),
        links(),
        any::<u64>(),
        rules,
        50..2_000u32,
        pauses,
        sizes,
    )
        .prop_map(
            |(up, down, seed, (buffer, listening), timeout_ms, pause, sizes)| {
                let set = Set {
                    up,
                    down,
                    seed,
                    rules: ServerRules {
                        buffer,
                        listening,
                        ..ServerRules::default()
                    },
                    options: Options {
                        timeout_ms,
                        ..Options::default()
                    },
                };
                let payloads: Vec<Vec<u8>> = sizes.iter().map(|size| vec![b'x'; *size]).collect();
                let payloads: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
                run(set, pause, &payloads)
            },
        )
}

/// The same as a real host reports it: no two stamps have the same distance, and now and then it stalls.
fn live(mut datagrams: Vec<Datagram>, late: &[u64]) -> Vec<Datagram> {
    let mut at = 0;
    let mut stall = 0;
    let mut order: Vec<(u64, usize, usize)> = Vec::new();
    for (place, datagram) in datagrams.iter().enumerate() {
        let events = datagram.events.iter().enumerate();
        order.extend(events.map(|(index, event)| (event.0, place, index)));
    }
    order.sort_unstable();
    for (number, (was, place, index)) in order.into_iter().enumerate() {
        stall += late[number % late.len()];
        at = (was + stall).max(at);
        datagrams[place].events[index].0 = at;
    }
    datagrams
}

/// Fails when words of a picture cover something, at the width that it is laid out for or at a greater one.
fn nothing_is_covered(datagrams: &[Datagram], laid_out: u32) -> Result<(), TestCaseError> {
    let picture = lay_out(&sketch(datagrams), None, laid_out);
    let mut words: Vec<(Area, String)> = Vec::new();
    for note in &picture.notes {
        if let Some(label) = &note.label {
            words.push((labels::label_area(note, label), labels::text(note, label)));
        }
    }
    for numbers in &picture.numbers {
        let text = words::numbers(&numbers.numbers);
        words.push((labels::numbers_area(numbers), text));
    }
    let tips: Vec<_> = labels::tip_areas(&picture).collect();
    let signs: Vec<_> = picture.notes.iter().filter_map(labels::sign_area).collect();
    for width in [laid_out, laid_out + 24, 2 * laid_out, 2_560] {
        for (index, (area, text)) in words.iter().enumerate() {
            for (other, beside) in &words[index + 1..] {
                prop_assert!(
                    !area.meets(other, width),
                    "{text:?} and {beside:?} at {width}"
                );
            }
            for tip in &tips {
                prop_assert!(
                    !area.meets(tip, width),
                    "{text:?} and the arrowhead {tip:?} at {width}"
                );
            }
            for sign in &signs {
                prop_assert!(
                    !area.meets(sign, width),
                    "{text:?} and the sign {sign:?} at {width}"
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_word_and_no_number_covers_another_an_arrowhead_or_a_sign(
        datagrams in runs(),
        late in prop::collection::vec(prop_oneof![8 => 0..400u64, 1 => 0..900_000u64], 1..40),
        width in 50..1_000u32,
    ) {
        nothing_is_covered(&datagrams, width)?;
        nothing_is_covered(&live(datagrams, &late), width)?;
    }

    #[test]
    fn no_stall_takes_a_third_of_the_height(
        datagrams in runs(),
        late in prop::collection::vec(prop_oneof![8 => 0..400u64, 1 => 0..900_000u64], 1..40),
    ) {
        let datagrams = live(datagrams, &late);
        let sketch = sketch(&datagrams);
        let scale = crate::scale::Scale::of(&sketch, 0, HEIGHT);
        let mut times: Vec<u64> = sketch.hops.iter().map(|hop| hop.at).collect();
        times.extend(sketch.legs.iter().flat_map(|leg| [leg.from.1, leg.to.1]));
        times.extend(sketch.stays.iter().flat_map(|stay| [stay.from, stay.to]));
        times.extend(sketch.waits.iter().flat_map(|wait| [wait.from, wait.to]));
        times.extend(sketch.marks.iter().map(|mark| mark.at.1));
        times.sort_unstable();
        for pair in times.windows(2) {
            let tall = scale.place(pair[1]) - scale.place(pair[0]);
            let is_stall = pair[1] - pair[0] > 3 * sketch.pace.longer();
            prop_assert!(!is_stall || tall <= HEIGHT / 6, "{tall} pixels for {pair:?}");
        }
    }
}

#[test]
fn datagrams_that_set_out_at_once_have_one_text_for_all_and_every_loss_a_number() {
    let bad = link(|link| {
        link.loss_ppm = 500_000;
        link.duplicate_ppm = 300_000;
    });
    let set = Set {
        up: bad,
        seed: 4,
        ..Set::default()
    };
    let picture = picture(&run(set, 0, &[b"x"; 12].map(|x| &x[..])));
    assert_eq!(picture.numbers[0].numbers.len(), 12);
    let lost = picture.notes.iter().filter(|note| note.sign == Sign::Lost);
    let told: Vec<u64> = lost
        .clone()
        .filter_map(|note| note.label.as_ref())
        .flat_map(|label| label.numbers.clone())
        .collect();
    assert_eq!(told, lost.map(|note| note.number).collect::<Vec<_>>());
}

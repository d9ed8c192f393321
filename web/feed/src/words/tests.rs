//! Numbers, units and patterns.

use super::*;

#[test]
fn spans_keep_three_digits() {
    let spans = [
        0,
        7,
        999,
        1_000,
        1_034,
        9_999,
        10_000,
        12_345,
        99_999,
        100_000,
        999_999,
        1_000_000,
        5_051_234,
        61_000_000,
        600_000_000,
        3_600_000_000,
    ];
    let expected = [
        "0 µs", "7 µs", "999 µs", "1.00 ms", "1.03 ms", "9.99 ms", "10.0 ms", "12.3 ms", "99.9 ms",
        "100 ms", "999 ms", "1.00 s", "5.05 s", "61.0 s", "600 s", "3600 s",
    ];
    assert_eq!(spans.map(span), expected);
}

#[test]
fn every_value_finds_its_place() {
    assert_eq!(fill("□ and □", &["a", "b"]), "a and b");
    assert_eq!(fill("none", &[]), "none");
    assert_eq!(fill("□□", &["□", "x"]), "□x", "values are not patterns");
}

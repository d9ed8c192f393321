//! Numbers as text, written out: the standard library's formatting machinery weighs more than a page may.

/// A number in decimal digits.
#[must_use]
pub fn digits(number: u64) -> String {
    let mut digits = match number / 10 {
        0 => String::new(),
        more => self::digits(more),
    };
    digits.push(char::from(b'0' + (number % 10) as u8));
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_rust_prints() {
        for n in [0, 9, 10, 42, 65_507, u64::MAX] {
            assert_eq!(digits(n), n.to_string());
        }
    }
}

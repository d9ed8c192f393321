//! For tests: what must hold of the frame of a panel, the HTML that is written before anything is shown in it.

/// The values of an attribute in a frame, in order.
pub fn named<'f>(frame: &'f str, attribute: &str) -> Vec<&'f str> {
    let mark = [attribute, "=\""].concat();
    let found = frame.split(&mark).skip(1);
    found.filter_map(|rest| rest.split('"').next()).collect()
}

/// Says what is wrong with a frame: a word that nobody gives or asks for, or a second time; what a strict Content Security
/// Policy forbids.
///
/// # Panics
/// When there is something.
pub fn assert_sound(frame: &str, words: &[(&str, &str)]) {
    let mut asked = [named(frame, "data-word"), named(frame, "data-label")].concat();
    let mut given: Vec<_> = words.iter().map(|(name, _)| *name).collect();
    asked.sort_unstable();
    given.sort_unstable();
    assert_eq!(asked, given, "words that are asked for, and those given");
    for inline in ["<style", "style=", "<script", " onclick", "javascript:"] {
        assert!(!frame.contains(inline), "{inline}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [(&str, &str); 2] = [("a", "A"), ("b", "B")];

    #[test]
    fn a_sound_frame_passes() {
        assert_sound("<p data-word=\"a\">words</p><p data-label=\"b\">", &WORDS);
    }

    #[test]
    #[should_panic(expected = "words that are asked for")]
    fn a_word_that_is_used_twice_does_not() {
        assert_sound(
            "<p data-word=\"a\"><p data-word=\"a\"><p data-word=\"b\">",
            &WORDS,
        );
    }

    #[test]
    #[should_panic(expected = "style=")]
    fn a_style_does_not() {
        assert_sound("<p data-word=\"a\" style=\"\"><p data-word=\"b\">", &WORDS);
    }
}

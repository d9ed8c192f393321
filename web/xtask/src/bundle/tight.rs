//! A script of ours with what only readers need made shorter: spaces between signs, and names that nobody outside can see.
//!
//! What it understands of JavaScript is where words and texts begin and end. A name that is met in any place where it could
//! be more than a name of the script's own stays as it is. Ends of lines stay too, for they may end a statement.

use std::collections::{BTreeMap, BTreeSet};

/// The script, with the same meaning.
pub(super) fn tighten(script: &str) -> String {
    let pieces: Vec<&str> = pieces(script);
    let pieces: Vec<&str> = pieces
        .into_iter()
        .filter(|piece| !is_space(piece))
        .collect();
    let short = short_names(&pieces);
    let mut tight = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let before = index.checked_sub(1).map_or("\n", |before| pieces[before]);
        if must_be_apart(before, piece) {
            tight.push(' ');
        }
        let is_private = before == "#";
        match short.get(&(is_private, *piece)) {
            Some(letter) => tight.push(*letter),
            None => tight.push_str(piece),
        }
    }
    tight
}

/// Whether two pieces mean something else without a space between: two words, or `+ +`, which is no `++`.
fn must_be_apart(before: &str, after: &str) -> bool {
    let begins_word = is_word(after) || after == "#";
    let meet = ["+", "-", "/"]
        .iter()
        .any(|sign| before.ends_with(sign) && after.starts_with(sign));
    is_word(before) && begins_word || meet
}

fn is_word(piece: &str) -> bool {
    piece.starts_with(is_of_word)
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_' || sign == '$'
}

fn is_space(piece: &str) -> bool {
    piece.starts_with(' ')
}

fn is_text(piece: &str) -> bool {
    piece.len() > 1 && piece.starts_with(['"', '\'', '`', '/'])
}

/// The script in pieces: words, runs of spaces, each text in its quotes, single signs (`++` is one).
fn pieces(script: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    // The last sign that is no space tells a division from a regular expression.
    let mut last = '\n';
    let mut rest = script;
    while let Some(sign) = rest.chars().next() {
        let length = match sign {
            '"' | '\'' | '`' => end_of(rest, |end, _| end == sign),
            '/' if "(,=:[!&|?{};\n".contains(last) => {
                end_of(rest, |end, in_class| end == '/' && !in_class)
            }
            ' ' => run(rest, |sign| sign == ' '),
            '+' | '-' => run(rest, |other| other == sign),
            _ if is_of_word(sign) => run(rest, is_of_word),
            _ => sign.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        pieces.push(piece);
        rest = after;
        if sign != ' ' {
            last = sign;
        }
    }
    pieces
}

/// Length of what the script begins with.
fn run(script: &str, is_of_it: impl Fn(char) -> bool) -> usize {
    script.find(|sign| !is_of_it(sign)).unwrap_or(script.len())
}

/// Where something ends that begins and ends with one sign, and in which `\` takes the next sign's meaning away: strings,
/// templates, whose pieces of code stay as they are written, and regular expressions, without their flags.
fn end_of(script: &str, is_end: impl Fn(char, bool) -> bool) -> usize {
    let (mut escaped, mut in_class) = (false, false);
    for (at, sign) in script.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if is_end(sign, in_class) => return at + 1,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
    }
    script.len()
}

/// Letters for names: of private fields and methods (true), and of constants, variables and functions.
fn short_names<'s>(pieces: &[&'s str]) -> BTreeMap<(bool, &'s str), char> {
    let mut declared = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let texts: Vec<&str> = pieces
        .iter()
        .copied()
        .filter(|piece| is_text(piece))
        .collect();
    let is_in_text = |name: &str| {
        let words = |text: &&str| {
            text.split(|sign| !is_of_word(sign))
                .any(|word| word == name)
        };
        texts.iter().any(words)
    };
    for (at, piece) in pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| is_word(piece))
    {
        let before = |back: usize| at.checked_sub(back).map_or("\n", |at| pieces[at]);
        let is_private = before(1) == "#";
        let is_declared = match is_private {
            true => before(2) == "\n" || before(2) == "async",
            false => ["const", "let", "function"].contains(&before(1)),
        };
        if is_declared && !is_in_text(piece) {
            declared.insert((is_private, *piece));
        }
        if !is_private && !can_be_renamed(before(1), pieces.get(at + 1).copied().unwrap_or("\n")) {
            taken.insert(*piece);
        }
    }
    declared.retain(|(is_private, name)| *is_private || !taken.contains(name));
    let is_free = |letter: &char| {
        let letter = letter.to_string();
        !pieces.contains(&letter.as_str()) && !is_in_text(&letter)
    };
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').filter(is_free).collect();
    // Private names and others do not meet, so that both begin with the first letter.
    let of = |kind: bool| {
        let names = declared
            .iter()
            .filter(move |(is_private, _)| *is_private == kind);
        names.copied().zip(letters.iter().copied())
    };
    of(true).chain(of(false)).collect()
}

/// Whether a name between these two pieces can be nothing but one of the script's own: no property, no method, no entry of
/// an object in short form.
fn can_be_renamed(before: &str, after: &str) -> bool {
    let is_property = before == "." || after == ":";
    let is_method =
        before == "\n" && after == "(" || ["get", "set", "static", "async"].contains(&before);
    let is_entry = ["{", ","].contains(&before) && [",", "}", "="].contains(&after);
    !(is_property || is_method || is_entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_go_where_nobody_needs_them() {
        for (script, tight) in [
            ("x.a = (b) => b ?? c;\n", "x.a=(b)=>b??c;\n"),
            (
                "return typeof a === \"b c\" ? 1 : 2;\n",
                "return typeof a===\"b c\"?1:2;\n",
            ),
            ("a + +b - -c + ++d\n", "a+ +b- -c+ ++d\n"),
            ("return this.#a in #b\n", "return this.#a in #b\n"),
            (
                "for (const { a } of b) if (c in d) e();\n",
                "for(const{a}of b)if(c in d)e();\n",
            ),
            ("a(`b ${c + d} e`);\n", "a(`b ${c + d} e`);\n"),
            (
                "a = 'it\\'s  so' + \"\\\" = \"\n",
                "a='it\\'s  so'+\"\\\" = \"\n",
            ),
        ] {
            assert_eq!(tighten(script), tight);
        }
    }

    #[test]
    fn a_regular_expression_keeps_its_spaces_and_a_division_does_not() {
        let regex = "a.match(/^rgb\\((\\d+), [/ ]+\\/ x/) || b / c / d\n";
        assert_eq!(
            tighten(regex),
            "a.match(/^rgb\\((\\d+), [/ ]+\\/ x/)||b/c/d\n"
        );
    }

    #[test]
    fn names_that_only_the_class_sees_are_short_and_texts_stay() {
        let class = "class A {\n#state = 0;\n#root;\nasync #load() {\nreturn this.#state + this.#other;\n}\n}\ncss = `#root #d55e00`;\n";
        assert_eq!(
            tighten(class),
            "class A{\n#b=0;\n#root;\nasync #a(){\nreturn this.#b+this.#other;\n}\n}\ncss=`#root #d55e00`;\n",
        );
    }

    #[test]
    fn names_of_the_script_are_short_where_they_can_be_nothing_else() {
        for (script, tight) in [
            ("const one = 1;\nf(one, a);\n", "const b=1;\nf(b,a);\n"),
            (
                "function go(x) {\nreturn go(x - 1);\n}\n",
                "function a(x){\nreturn a(x-1);\n}\n",
            ),
            (
                "const one = 1;\nf.one = one;\n",
                "const one=1;\nf.one=one;\n",
            ),
            (
                "const one = 1;\nf({ one, x });\n",
                "const one=1;\nf({one,x});\n",
            ),
            (
                "const one = 1;\nf({ one: 2 });\n",
                "const one=1;\nf({one:2});\n",
            ),
            (
                "const one = 1;\nf(`${one}`);\n",
                "const one=1;\nf(`${one}`);\n",
            ),
            (
                "class A {\none() {\n}\n}\nconst one = 1;\n",
                "class A{\none(){\n}\n}\nconst one=1;\n",
            ),
            (
                "class A {\nget one() {\n}\n}\nlet one = 1;\n",
                "class A{\nget one(){\n}\n}\nlet one=1;\n",
            ),
        ] {
            assert_eq!(tighten(script), tight);
        }
    }
}

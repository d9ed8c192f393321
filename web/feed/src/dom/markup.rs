//! Builds the frame of a panel from its markup, node by node.
//!
//! Not by `innerHTML`: a page with `require-trusted-types-for 'script'` forbids strings there, and one with `trusted-types 'none'`
//! allows no policy that could make them trusted. The markup is a constant of ours, so little of HTML is enough: elements,
//! attributes in double quotes or without a value, and texts.

use web_sys::Element;

use crate::dom;

/// A piece of markup.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'m> {
    Text(&'m str),
    /// The name of an element that begins, and all its attributes as they are written.
    Begin(&'m str, &'m str),
    End,
}

/// What stands before the first of these bytes, and the rest, which begins with it. By bytes: the searches of the standard
/// library, for any character, would weigh more than all that is built here.
fn until<'m>(text: &'m str, ends: &[u8]) -> (&'m str, &'m str) {
    let end = text.bytes().position(|byte| ends.contains(&byte));
    text.split_at(end.unwrap_or(text.len()))
}

/// The first piece, and what comes after it.
fn piece(markup: &str) -> Option<(Piece<'_>, &str)> {
    let Some(tag) = markup.strip_prefix('<') else {
        let (text, rest) = until(markup, b"<");
        return (!text.is_empty()).then_some((Piece::Text(text), rest));
    };
    let (tag, rest) = until(tag, b">");
    let rest = rest.get(1..)?;
    if tag.starts_with('/') {
        return Some((Piece::End, rest));
    }
    let (name, attributes) = until(tag, b" \n");
    Some((Piece::Begin(name, attributes), rest))
}

/// The first attribute and its value, which is empty without one, and what comes after them.
fn attribute(attributes: &str) -> Option<((&str, &str), &str)> {
    let (name, rest) = until(attributes.trim_ascii_start(), b"= \n");
    if let Some(rest) = rest.strip_prefix("=\"") {
        let (value, rest) = until(rest, b"\"");
        return Some(((name, value), rest.get(1..)?));
    }
    (!name.is_empty()).then_some(((name, ""), rest))
}

/// Builds everything in the markup inside an element.
pub(crate) fn build(root: &Element, markup: &str) {
    let mut rest = markup;
    let mut around = root.clone();
    while let Some((piece, after)) = piece(rest) {
        rest = after;
        match piece {
            Piece::Text(text) => dom::append_text(&around, text),
            Piece::End => {
                if let Some(parent) = around.parent_element() {
                    around = parent;
                }
            }
            Piece::Begin(name, mut attributes) => {
                let element = match name {
                    "svg" | "path" => dom::create_svg(name),
                    _ => dom::create(name),
                };
                while let Some(((name, value), after)) = attribute(attributes) {
                    dom::set(&element, name, value);
                    attributes = after;
                }
                dom::append_child(&around, &element);
                // The only element of the frames that has no end.
                if name != "input" {
                    around = element;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_comes_apart_into_elements_and_texts() {
        let mut rest = "<p part=\"a b\"\n hidden>1 > 0</p>";
        let mut pieces = Vec::new();
        while let Some((piece, after)) = piece(rest) {
            pieces.push(piece);
            rest = after;
        }
        let attributes = " part=\"a b\"\n hidden";
        assert_eq!(
            pieces,
            [
                Piece::Begin("p", attributes),
                Piece::Text("1 > 0"),
                Piece::End
            ]
        );
        let (first, rest) = attribute(attributes).unwrap();
        assert_eq!(first, ("part", "a b"));
        let (second, rest) = attribute(rest).unwrap();
        assert_eq!(second, ("hidden", ""));
        assert_eq!(attribute(rest), None);
    }
}

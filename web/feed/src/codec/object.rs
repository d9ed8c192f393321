//! JSON objects in the making.

use crate::{json, words};

/// An object whose fields are written one after the other.
#[derive(Debug)]
pub struct Object(String);

impl Default for Object {
    fn default() -> Self {
        Self(String::from("{"))
    }
}

impl Object {
    /// A field whose value is JSON already.
    pub fn json(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        json::write_text(&mut self.0, name);
        self.0.push(':');
        self.0.push_str(value);
    }

    /// A text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.json(name, "");
        json::write_text(&mut self.0, text);
    }

    /// A whole number.
    pub fn number(&mut self, name: &str, number: u64) {
        self.json(name, &words::number(number));
    }

    /// A whole number, if there is one.
    pub fn number_if_any(&mut self, name: &str, number: Option<u64>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    /// True or false.
    pub fn flag(&mut self, name: &str, flag: bool) {
        self.json(name, if flag { "true" } else { "false" });
    }

    /// A list of what is JSON already.
    pub fn list(&mut self, name: &str, items: impl IntoIterator<Item = String>) {
        self.json(name, "[");
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.0.push_str(&item);
        }
        self.0.push(']');
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &str, texts: &[String]) {
        self.list(name, texts.iter().map(|text| json::quoted(text)));
    }

    /// All fields of another object.
    pub fn fields(&mut self, other: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        let open = other.strip_prefix('{').unwrap_or(other);
        self.0.push_str(open.strip_suffix('}').unwrap_or(open));
    }

    /// The whole of it.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_what_serde_reads() {
        let mut object = Object::default();
        object.text("te\"xt", "a\nb");
        object.number("number", u64::MAX);
        object.number_if_any("none", None);
        object.flag("flag", true);
        object.list("list", ["1".to_owned(), "\"x\"".to_owned()]);
        object.texts("texts", &["\"".to_owned()]);
        object.json("json", &Object::default().end());
        let read: serde_json::Value = serde_json::from_str(&object.end()).unwrap();
        let expected = serde_json::json!({
            "te\"xt": "a\nb", "number": u64::MAX, "flag": true, "list": [1, "x"],
            "texts": ["\""], "json": {},
        });
        assert_eq!(read, expected);
    }
}

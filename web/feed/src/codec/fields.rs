//! Fields of a JSON object, read one after the other.

use std::cell::Cell;

use crate::json::{Unreadable, Value};

/// Reads the fields of one object.
///
/// A field that is wrong reads as nothing and is remembered; whoever asked for it all hears of it at the end. So a type is
/// read in one expression, and no half of it has to be taken apart when the next field is wrong.
#[derive(Clone, Copy)]
pub struct Fields<'v> {
    object: &'v Value<'v>,
    wrong: &'v Cell<Option<Unreadable>>,
}

/// Reads a type out of an object.
///
/// # Errors
/// The first field that was wrong.
pub fn read<T>(object: &Value<'_>, read: impl FnOnce(Fields<'_>) -> T) -> Result<T, Unreadable> {
    let wrong = Cell::new(None);
    let value = read(Fields {
        object,
        wrong: &wrong,
    });
    match wrong.get() {
        None => Ok(value),
        Some(name) => Err(name),
    }
}

impl<'v> Fields<'v> {
    /// A text.
    pub fn text(self, name: &'static str) -> String {
        match self.object.field(name) {
            Some(Value::Text(text)) => text.to_string(),
            _ => self.wrong(name),
        }
    }

    /// A text that may be missing.
    pub fn text_if_any(self, name: &'static str) -> String {
        match self.object.field(name) {
            None | Some(Value::Null) => String::new(),
            Some(_) => self.text(name),
        }
    }

    /// A list of texts.
    pub fn texts(self, name: &'static str) -> Vec<String> {
        let Some(Value::List(items)) = self.object.field(name) else {
            return self.wrong(name);
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::Text(text) => texts.push(text.to_string()),
                _ => return self.wrong(name),
            }
        }
        texts
    }

    /// True or false.
    pub fn flag(self, name: &'static str) -> bool {
        match self.object.field(name) {
            Some(Value::Bool(flag)) => *flag,
            _ => self.wrong(name),
        }
    }

    /// True or false, or else this one.
    pub fn flag_or(self, name: &'static str, default: bool) -> bool {
        match self.object.field(name) {
            None => default,
            Some(_) => self.flag(name),
        }
    }

    /// A whole number.
    pub fn number(self, name: &'static str) -> u64 {
        match self.object.field(name) {
            Some(Value::Number(number)) => *number,
            _ => self.wrong(name),
        }
    }

    /// A number of at most 32 bits.
    pub fn small(self, name: &'static str) -> u32 {
        u32::try_from(self.number(name)).unwrap_or_else(|_| self.wrong(name))
    }

    /// A number of at most 32 bits, or else this one.
    pub fn small_or(self, name: &'static str, default: u32) -> u32 {
        self.small_if_any(name).unwrap_or(default)
    }

    /// A number that may be missing.
    pub fn number_if_any(self, name: &'static str) -> Option<u64> {
        match self.object.field(name) {
            None | Some(Value::Null) => None,
            Some(_) => Some(self.number(name)),
        }
    }

    /// A number of at most 32 bits that may be missing.
    pub fn small_if_any(self, name: &'static str) -> Option<u32> {
        let number = self.number_if_any(name)?;
        Some(u32::try_from(number).unwrap_or_else(|_| self.wrong(name)))
    }

    /// A number of things in memory: at most 32 bits, as in the browser.
    pub fn size(self, name: &'static str) -> usize {
        self.small(name) as usize
    }

    /// The fields of an object within this one.
    pub fn within(self, name: &'static str) -> Self {
        match self.object.field(name) {
            Some(object @ Value::Object(_)) => Self { object, ..self },
            _ => {
                self.wrong::<()>(name);
                self
            }
        }
    }

    /// The same, but an object that is missing reads as an empty one.
    pub fn within_if_any(self, name: &'static str) -> Self {
        const EMPTY: &Value<'static> = &Value::Object(Vec::new());
        match self.object.field(name) {
            None => Self {
                object: EMPTY,
                ..self
            },
            Some(_) => self.within(name),
        }
    }

    fn wrong<T: Default>(self, name: &'static str) -> T {
        if self.wrong.get().is_none() {
            self.wrong.set(Some(name));
        }
        T::default()
    }
}

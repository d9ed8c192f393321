//! Types that have a form in JSON: one description, from which reading and writing come.
//!
//! What is wrong reads as something, and is remembered; whoever asked for it all hears of it at the end. So a type is read in
//! one expression, and no half of it has to be taken apart when the next field is wrong: the derived code of serde weighs six
//! kilobytes more in the module, gzipped.

use std::cell::Cell;

use super::{Unreadable, Value, write_text};
use crate::words::number;

/// A type that has a form in JSON.
pub trait Json: Sized {
    /// Reads it; from nothing where it is missing.
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self;

    /// Writes it.
    fn write(&self, out: &mut String);

    /// Reads it as an item of a list; `None` where a later version may have added it.
    fn read_item(value: &Value<'_>, place: Place<'_>) -> Option<Self> {
        Some(Self::read(Some(value), place))
    }
}

/// Where something is read: the name of its field, and the first field that was wrong.
#[derive(Clone, Copy)]
pub struct Place<'w> {
    name: Unreadable,
    wrong: &'w Cell<Option<Unreadable>>,
}

impl Place<'_> {
    /// The field with this name.
    pub fn at(self, name: Unreadable) -> Self {
        Self { name, ..self }
    }

    /// What stands here is missing or of another kind.
    pub fn fail(self) {
        if self.wrong.get().is_none() {
            self.wrong.set(Some(self.name));
        }
    }

    /// The same, where it must read as something.
    fn failed<T: Default>(self) -> T {
        self.fail();
        T::default()
    }
}

/// Reads something; `name` is what it is called where all of it is wrong.
///
/// # Errors
/// The name of the first field that is missing or of another kind.
pub fn read_as<T>(name: Unreadable, read: impl FnOnce(Place<'_>) -> T) -> Result<T, Unreadable> {
    let wrong = Cell::new(None);
    let value = read(Place {
        name,
        wrong: &wrong,
    });
    wrong.get().map_or(Ok(value), Err)
}

/// Reads a type out of a value.
///
/// # Errors
/// The name of the first field that is missing or of another kind.
pub fn from_value<T: Json>(value: &Value<'_>) -> Result<T, Unreadable> {
    read_as("JSON", |place| T::read(Some(value), place))
}

/// Writes a value.
pub fn to_string(value: &impl Json) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

impl Json for u64 {
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
        match value {
            Some(Value::Number(number)) => *number,
            _ => place.failed(),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&number(*self));
    }
}

/// Smaller numbers.
macro_rules! numbers {
    ($($kind:ty)*) => {
        $(impl Json for $kind {
            fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
                Self::try_from(u64::read(value, place)).unwrap_or_else(|_| place.failed())
            }

            fn write(&self, out: &mut String) {
                (*self as u64).write(out);
            }
        })*
    };
}

numbers!(u8 u16 u32 usize);

impl Json for bool {
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
        match value {
            Some(Value::Bool(flag)) => *flag,
            _ => place.failed(),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for String {
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
        match value {
            Some(Value::Text(text)) => text.to_string(),
            _ => place.failed(),
        }
    }

    fn write(&self, out: &mut String) {
        write_text(out, self);
    }
}

impl<T: Json> Json for Option<T> {
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
        match value {
            None | Some(Value::Null) => None,
            value => Some(T::read(value, place)),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Json> Json for Box<T> {
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
        Self::new(T::read(value, place))
    }

    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: Json> Json for Vec<T> {
    fn read(value: Option<&Value<'_>>, place: Place<'_>) -> Self {
        let Some(Value::List(items)) = value else {
            return place.failed();
        };
        let read = items.iter().filter_map(|item| T::read_item(item, place));
        read.collect()
    }

    fn write(&self, out: &mut String) {
        out.push('[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            item.write(out);
        }
        out.push(']');
    }
}

/// The name of a variant, and what stands in it: serde's form of one without content is its bare name, and of one with content
/// an object of one field.
pub fn variant<'v>(value: &'v Value<'v>) -> (&'v str, Option<&'v Value<'v>>) {
    match value {
        Value::Text(name) => (name, None),
        value => match value.only_field() {
            Some((name, content)) => (name, Some(content)),
            None => ("", None),
        },
    }
}

/// The parts of a tuple; too few or too many are wrong.
pub fn parts<'v, const N: usize>(
    value: Option<&'v Value<'v>>,
    place: Place<'_>,
) -> [Option<&'v Value<'v>>; N] {
    match value {
        Some(Value::List(items)) if items.len() == N => std::array::from_fn(|part| items.get(part)),
        _ => {
            place.fail();
            [None; N]
        }
    }
}

/// Begins to write a field of an object that is open.
pub fn begin_field(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write_text(out, name);
    out.push(':');
}

/// A structure: the fields that must be there; then those that, where they are missing, have the default of their type, or of
/// the structure.
macro_rules! record {
    ($kind:ident { $($field:ident),* $(,)? }) => {
        record! { $kind { $($field),* } or {} }
    };
    ($kind:ident { $($field:ident),* $(,)? } or { $($own:ident),* $(,)? }) => {
        record! { @ $kind, fields, { $($field: fields.get(stringify!($field)),)* $($own: fields.get_or_default(stringify!($own)),)* },
            $($field)* $($own)* }
    };
    ($kind:ident like default { $($field:ident),* $(,)? }) => {
        record! { @ $kind, fields, { $($field: fields.get_or(stringify!($field), Self::default().$field),)* }, $($field)* }
    };
    (@ $kind:ident, $fields:ident, { $($read:tt)* }, $($field:ident)*) => {
        impl $crate::json::Json for $kind {
            fn read(value: Option<&$crate::json::Value<'_>>, place: $crate::json::Place<'_>) -> Self {
                let $fields = $crate::json::Record::of(value, place);
                Self { $($read)* }
            }

            fn write(&self, out: &mut String) {
                out.push('{');
                $(
                    $crate::json::begin_field(out, stringify!($field));
                    self.$field.write(out);
                )*
                out.push('}');
            }
        }
    };
}

/// An enumeration: variants without content, with one value, and with two. `else` is what reads where it is wrong.
macro_rules! variants {
    ($kind:ident else $wrong:expr; $(bare { $($name:literal $unit:ident),* $(,)? })? $(with_one { $($name1:literal $one:ident),* $(,)? })?
        $(with_two { $($name2:literal $two:ident),* $(,)? })?) => {
        impl $crate::json::Json for $kind {
            fn read(value: Option<&$crate::json::Value<'_>>, place: $crate::json::Place<'_>) -> Self {
                let read = value.and_then(|value| Self::read_item(value, place));
                read.unwrap_or_else(|| {
                    place.fail();
                    $wrong
                })
            }

            #[allow(unused_variables)]
            fn read_item(value: &$crate::json::Value<'_>, place: $crate::json::Place<'_>) -> Option<Self> {
                let (name, content) = $crate::json::variant(value);
                Some(match name {
                    $($($name => Self::$unit,)*)?
                    $($($name1 => Self::$one($crate::json::Json::read(content, place.at($name1))),)*)?
                    $($($name2 => {
                        let place = place.at($name2);
                        let [one, other] = $crate::json::parts(content, place);
                        Self::$two($crate::json::Json::read(one, place), $crate::json::Json::read(other, place))
                    })*)?
                    _ => return None,
                })
            }

            fn write(&self, out: &mut String) {
                match self {
                    $($(Self::$unit => $crate::json::write_text(out, $name),)*)?
                    $($(Self::$one(content) => {
                        out.push('{');
                        $crate::json::begin_field(out, $name1);
                        content.write(out);
                        out.push('}');
                    })*)?
                    $($(Self::$two(one, other) => {
                        out.push('{');
                        $crate::json::begin_field(out, $name2);
                        out.push('[');
                        one.write(out);
                        out.push(',');
                        other.write(out);
                        out.push_str("]}");
                    })*)?
                }
            }
        }
    };
}

/// An event, `[at, id, copy, what]`; `else` is what happened where it cannot be read.
macro_rules! event {
    ($event:ident of $what:ident else $wrong:expr) => {
        impl $crate::json::Json for $event {
            fn read(
                value: Option<&$crate::json::Value<'_>>,
                place: $crate::json::Place<'_>,
            ) -> Self {
                let read = value.and_then(|value| Self::read_item(value, place));
                read.unwrap_or_else(|| {
                    place.fail();
                    Self(0, 0, 0, $wrong)
                })
            }

            fn read_item(
                value: &$crate::json::Value<'_>,
                place: $crate::json::Place<'_>,
            ) -> Option<Self> {
                let [at, id, copy, what] = $crate::json::parts(Some(value), place);
                let what = $what::read_item(what?, place)?;
                Some(Self(
                    $crate::json::Json::read(at, place),
                    $crate::json::Json::read(id, place),
                    $crate::json::Json::read(copy, place),
                    what,
                ))
            }

            fn write(&self, out: &mut String) {
                let Self(at, id, copy, what) = self;
                out.push('[');
                for number in [*at, *id, u64::from(*copy)] {
                    number.write(out);
                    out.push(',');
                }
                what.write(out);
                out.push(']');
            }
        }
    };
}

pub(crate) use {event, record, variants};

/// The fields of a structure that is read.
#[derive(Clone, Copy)]
pub struct Record<'v> {
    object: Option<&'v Value<'v>>,
    place: Place<'v>,
}

impl<'v> Record<'v> {
    /// Those of this value, which must be an object.
    pub fn of(value: Option<&'v Value<'v>>, place: Place<'v>) -> Self {
        let object = value.filter(|value| matches!(value, Value::Object(_)));
        if object.is_none() {
            place.fail();
        }
        Self { object, place }
    }

    /// A field that must be there.
    pub fn get<T: Json>(self, name: Unreadable) -> T {
        T::read(self.field(name), self.place.at(name))
    }

    /// A field that may be missing.
    pub fn get_or<T: Json>(self, name: Unreadable, default: T) -> T {
        match self.field(name) {
            None => default,
            value => T::read(value, self.place.at(name)),
        }
    }

    /// The same, with the default of its type.
    pub fn get_or_default<T: Json + Default>(self, name: Unreadable) -> T {
        self.get_or(name, T::default())
    }

    fn field(self, name: &str) -> Option<&'v Value<'v>> {
        self.object?.field(name)
    }
}

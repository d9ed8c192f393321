//! Control messages in a file of vectors, of whichever route.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The control messages of a file.
#[derive(Deserialize)]
pub(crate) struct Messages {
    pub(crate) host: Vec<Named>,
    pub(crate) client: Vec<Named>,
    pub(crate) short: Vec<Short>,
    pub(crate) refused: Vec<String>,
}

/// A message in full.
#[derive(Deserialize)]
pub(crate) struct Named {
    name: String,
    message: Value,
}

/// A text of a client, and the message in full that it means.
#[derive(Deserialize)]
pub(crate) struct Short {
    text: String,
    means: Value,
}

impl Messages {
    /// Those of a file.
    pub(crate) fn of(file: &str) -> Self {
        serde_json::from_str(file).unwrap()
    }
}

/// Checks that every message is written as it is read, and returns them.
pub(crate) fn in_full<M: DeserializeOwned + Serialize>(messages: Vec<Named>) -> Vec<M> {
    let read = messages.into_iter().map(|Named { name, message }| {
        let parsed: M = serde_json::from_value(message.clone()).expect(&name);
        assert_eq!(serde_json::to_value(&parsed).unwrap(), message, "{name}");
        parsed
    });
    read.collect()
}

/// The names that these things have, each once.
pub(crate) fn names<T>(
    things: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &'static str,
) -> BTreeSet<&'static str> {
    things.into_iter().map(|thing| name(&thing)).collect()
}

/// Checks that every short text means its message in full.
pub(crate) fn in_short<M: DeserializeOwned + Serialize>(texts: Vec<Short>) {
    for Short { text, means } in texts {
        let parsed: M = serde_json::from_str(&text).expect(&text);
        assert_eq!(serde_json::to_value(&parsed).unwrap(), means, "{text}");
    }
}

/// Checks that none of the texts is a message.
pub(crate) fn refused<M: DeserializeOwned>(texts: Vec<String>) {
    for text in texts {
        assert!(serde_json::from_str::<M>(&text).is_err(), "{text:?}");
    }
}

//! What the chunks ask a host for. The core passes it on as it is written, and asks for it again in every new session.

use crate::words;

/// What was last asked for, and answered, in the protocol's form; empty where nothing was.
#[derive(Debug, Default)]
pub struct Asked {
    lab: String,
    rules: String,
    stream: String,
}

impl Asked {
    /// Takes in a control message. Returns the form in which the host is to have it.
    pub(super) fn take_in(&mut self, message: &str, seed: u64) -> String {
        if let Some(lab) = content(message, "{\"lab\":") {
            lab.clone_into(&mut self.lab);
            return with_seed(lab, seed);
        }
        if let Some(rules) = content(message, "{\"server\":") {
            rules.clone_into(&mut self.rules);
        }
        message.to_owned()
    }

    /// Takes in what the host says of a byte stream.
    pub(super) fn answered(&mut self, message: &str) {
        if let Some(stream) = content(message, "{\"stream\":") {
            stream.clone_into(&mut self.stream);
        }
    }

    /// The messages for a new session, which knows nothing of what was set in the one before.
    pub(super) fn messages(&self, seed: u64, is_seed_set: bool) -> Vec<String> {
        let mut messages = Vec::new();
        if !self.lab.is_empty() {
            messages.push(with_seed(&self.lab, seed));
        } else if is_seed_set {
            messages.push(with_seed("{}", seed));
        }
        if !self.rules.is_empty() {
            messages.push(["{\"server\":", &self.rules, "}"].concat());
        }
        messages
    }

    /// What there is, by its name in a feed.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("lab", &self.lab),
            ("rules", &self.rules),
            ("stream", &self.stream),
        ];
        let fields = fields.map(|(name, json)| (name, json.as_str()));
        fields.into_iter().filter(|(_, json)| !json.is_empty())
    }
}

fn content<'m>(message: &'m str, head: &str) -> Option<&'m str> {
    message.strip_prefix(head)?.strip_suffix('}')
}

/// The message for a lab. One that names no seed has the session's.
fn with_seed(lab: &str, seed: u64) -> String {
    let open = lab.strip_suffix('}').unwrap_or(lab);
    let seed = match open {
        _ if names_seed(open) => String::new(),
        "{" => ["\"seed\":", &words::number(seed)].concat(),
        _ => [",\"seed\":", &words::number(seed)].concat(),
    };
    ["{\"lab\":", open, &seed, "}}"].concat()
}

/// Written out: the library's search for a text in a text weighs a kilobyte.
fn names_seed(lab: &str) -> bool {
    let name = b"\"seed\":";
    lab.as_bytes().windows(name.len()).any(|part| part == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_without_a_seed_has_the_sessions_and_is_asked_for_again() {
        let mut asked = Asked::default();
        assert!(asked.messages(7, false).is_empty());
        assert_eq!(asked.messages(7, true), ["{\"lab\":{\"seed\":7}}"]);
        let sent = asked.take_in("{\"lab\":{\"up\":{\"loss_ppm\":1}}}", 7);
        assert_eq!(sent, "{\"lab\":{\"up\":{\"loss_ppm\":1},\"seed\":7}}");
        assert_eq!(
            asked.messages(8, false),
            ["{\"lab\":{\"up\":{\"loss_ppm\":1},\"seed\":8}}"]
        );
        let own = "{\"lab\":{\"seed\":3}}";
        assert_eq!(asked.take_in(own, 7), own);
        assert_eq!(
            asked.take_in("{\"server\":{\"buffer\":4096}}", 7),
            "{\"server\":{\"buffer\":4096}}"
        );
        assert_eq!(
            asked.messages(7, false),
            [own, "{\"server\":{\"buffer\":4096}}"]
        );
    }

    #[test]
    fn what_is_asked_once_is_not_asked_again() {
        let mut asked = Asked::default();
        let question = "{\"stream\":[\"a\"]}";
        assert_eq!(asked.take_in(question, 7), question);
        asked.answered("{\"stream\":{\"writes\":[\"a\"],\"reads\":[\"a\"]}}");
        assert!(asked.messages(7, false).is_empty());
        let fields: Vec<_> = asked.fields().collect();
        assert_eq!(
            fields,
            [("stream", "{\"writes\":[\"a\"],\"reads\":[\"a\"]}")]
        );
    }
}

//! Where bytes come from: chance, or a file.

use js_sys::Uint8Array;
use udp_echo_feed::dom::{Listener, Shell};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::InputSender;
use super::browser::{self, FileReader};
use crate::state::Input;

/// The fields, and the file that is being read.
pub(super) struct Sources {
    file: HtmlInputElement,
    sender: InputSender,
    reading: Option<Reading>,
}

/// It is given up when it is dropped.
struct Reading {
    _ended: Listener,
    reader: FileReader,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Sources {
    pub(super) fn new(shell: &Shell<'_>, sender: InputSender) -> Self {
        Self {
            file: shell.find("file").unchecked_into(),
            sender,
            reading: None,
        }
    }

    /// Makes random bytes.
    pub(super) fn make(&self, count: usize) {
        let bytes = Uint8Array::new_with_length(count as u32);
        browser::make_random(&bytes);
        self.sender.tell(Input::Bytes(bytes.to_vec()));
    }

    /// Reads the file that was chosen.
    pub(super) fn read(&mut self) {
        let Some(file) = self.file.files().and_then(|files| files.get(0)) else {
            return;
        };
        let reader = FileReader::new();
        let (name, sender, read) = (file.name(), self.sender.clone(), reader.clone());
        let ended = move |_| {
            let result = read.result();
            let bytes = (!result.is_null()).then(|| Uint8Array::new(&result).to_vec());
            sender.tell(Input::Read(name.clone(), bytes));
        };
        let ended = Listener::new(reader.unchecked_ref(), "loadend", Box::new(ended));
        reader.read(&file);
        self.reading = Some(Reading {
            _ended: ended,
            reader,
        });
    }
}

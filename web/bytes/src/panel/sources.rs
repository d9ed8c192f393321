//! Where bytes come from: chance, or a file.

use udp_echo_feed::dom::{self, Listener, Shell};
use wasm_bindgen::JsCast;
use web_sys::{FileReader, HtmlInputElement};

use super::Teller;
use crate::state::Input;

/// The fields, and the file that is being read.
pub(super) struct Sources {
    file: HtmlInputElement,
    teller: Teller,
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
    pub(super) fn new(shell: &Shell<'_>, teller: Teller) -> Self {
        Self {
            file: shell.find("file").unchecked_into(),
            teller,
            reading: None,
        }
    }

    /// Makes random bytes.
    pub(super) fn make(&self, count: usize) {
        let mut bytes = vec![0; count];
        // The browser makes at most 65,536 at a time, which is more than one datagram has.
        let made = dom::window()
            .crypto()
            .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
        if made.is_ok() {
            self.teller.tell(Input::Bytes(bytes));
        }
    }

    /// Reads the file that was chosen.
    pub(super) fn read(&mut self) {
        let Some(file) = self.file.files().and_then(|files| files.get(0)) else {
            return;
        };
        let Ok(reader) = FileReader::new() else {
            return;
        };
        let (name, teller, read) = (file.name(), self.teller.clone(), reader.clone());
        let ended = move |_| {
            let bytes = read.result().ok().filter(|result| !result.is_null());
            let bytes = bytes.map(|result| js_sys::Uint8Array::new(&result).to_vec());
            teller.tell(Input::Read(name.clone(), bytes));
        };
        let ended = Listener::new(&reader, "loadend", Box::new(ended));
        if reader.read_as_array_buffer(&file).is_ok() {
            self.reading = Some(Reading {
                _ended: ended,
                reader,
            });
        }
    }
}

//! Copying a text of the page.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDocument};

use crate::dom;

/// Selects a text and copies it; false when the browser does not let a page copy. Then it is selected at least.
///
/// Not `navigator.clipboard`: that is missing in pages without https from other machines, and answers with a promise.
pub fn copy(text: &Element) -> bool {
    if let Ok(Some(selection)) = dom::window().get_selection() {
        // It fails only for nodes of other documents.
        let _ = selection.select_all_children(text);
    }
    let document: HtmlDocument = dom::document().unchecked_into();
    document.exec_command("copy").unwrap_or(false)
}

//! The browser's functions, as this panel calls them. Those of `web_sys` hand back what is thrown, which costs a page more than
//! the call; nothing throws here but where it says so.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Element, File};

#[wasm_bindgen]
extern "C" {
    /// An element.
    pub(super) type Node;
    #[wasm_bindgen(method)]
    pub(super) fn closest(this: &Node, selector: &str) -> Option<Element>;
    #[wasm_bindgen(method, js_name = append)]
    pub(super) fn append_text(this: &Node, text: &str);
    #[wasm_bindgen(method, getter)]
    pub(super) fn style(this: &Node) -> Style;

    /// What an element looks like.
    pub(super) type Style;
    #[wasm_bindgen(js_name = getComputedStyle)]
    pub(super) fn computed_style(element: &Element) -> Style;
    #[wasm_bindgen(method, getter, js_name = fontSize)]
    pub(super) fn font_size(this: &Style) -> String;
    #[wasm_bindgen(method, js_name = setProperty)]
    pub(super) fn set_property(this: &Style, name: &str, value: &str);

    /// What the reader has selected.
    pub(super) type Selection;
    #[wasm_bindgen(js_name = getSelection)]
    pub(super) fn selection() -> Option<Selection>;
    #[wasm_bindgen(method, js_name = selectAllChildren)]
    pub(super) fn select_all_children(this: &Selection, element: &Element);

    /// What reads a file.
    #[derive(Clone)]
    pub(super) type FileReader;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> FileReader;
    #[wasm_bindgen(method, js_name = readAsArrayBuffer)]
    pub(super) fn read(this: &FileReader, file: &File);
    /// The bytes; `null` without.
    #[wasm_bindgen(method, getter)]
    pub(super) fn result(this: &FileReader) -> JsValue;
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &FileReader);

    /// Makes them random: 65,536 at most, which is more than one datagram has.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    pub(super) fn make_random(bytes: &Uint8Array);

    /// Throws in pages without https from other machines, which have no clipboard.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = writeText)]
    pub(super) fn copy(text: &str) -> Result<Copying, JsValue>;
    /// Copies what is selected; false when the browser does not let a page copy. Throws where the page has put something else there.
    #[wasm_bindgen(catch, js_namespace = document, js_name = execCommand)]
    pub(super) fn command(name: &str) -> Result<bool, JsValue>;
    /// A promise.
    pub(super) type Copying;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Copying, done: &Function, failed: &Function);
}

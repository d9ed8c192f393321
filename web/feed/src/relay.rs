//! Where the relay is: what the author wrote, or else beside the loader.

use web_sys::Url;

/// What the relay is called, in the folder of the host that it belongs to.
const NAME: &str = "relay";

/// The relay's WebSocket address. `written` is what the author wrote, and may be empty; `root` is the folder in which the host
/// has everything, by which relative addresses count. An address that names a folder means the relay in it.
pub fn address(written: &str, root: &str) -> Option<Url> {
    let written = if written.is_empty() { NAME } else { written };
    let url = Url::new_with_base(written, root).ok()?;
    match url.protocol().as_str() {
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        _ => {}
    }
    let path = url.pathname();
    if path.ends_with('/') {
        url.set_pathname(&(path + NAME));
    }
    url.set_hash("");
    Some(url)
}

//! Where the relay is: what the author wrote, or else beside the loader.

use web_sys::Url;

/// What the relay is called, in the folder of the host that it belongs to.
const NAME: &str = "relay";

/// The relay's WebSocket address. `written` is what the author wrote, and may be empty; `loader` is the loader's address.
///
/// What is relative counts from the host's own folder, which need not be the top of its server: a proxy may have the host
/// below a path. An address that names a folder means the relay in it.
pub fn address(written: &str, loader: &str) -> Option<Url> {
    let written = if written.is_empty() { NAME } else { written };
    let url = Url::new_with_base(written, folder(loader)).ok()?;
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

/// The folder in which a host has everything, by the address of its loader, which is there, or once more in `v/<version>/`.
fn folder(loader: &str) -> &str {
    let end = loader.find(['?', '#']).unwrap_or(loader.len());
    let mut parts = loader[..end].rsplitn(4, '/');
    let [name, _version, v, above] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    // Where `v` is the name of the server, two slashes stand before it.
    match v == "v" && !above.ends_with('/') {
        true => &loader[..above.len() + 1],
        false => &loader[..end - name.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_everything_in_the_folder_of_its_loader_and_not_in_that_of_a_version() {
        for (loader, expected) in [
            ("http://h:8000/udp-echo.js", "http://h:8000/"),
            ("http://h/v/0.1.0-d6ee40a8d8/udp-echo.js", "http://h/"),
            ("https://h/demo/udp-echo.js", "https://h/demo/"),
            (
                "https://h/demo/v/0.1.0-d6ee40a8d8/udp-echo.js",
                "https://h/demo/",
            ),
            (
                "https://h/a/v/b/demo/udp-echo.js?at=/v/1/x#/y",
                "https://h/a/v/b/demo/",
            ),
            ("https://h/a/v/b/udp-echo.classic.js?v=2", "https://h/a/"),
            ("http://v/b/udp-echo.js", "http://v/b/"),
            ("file:///home/a/udp-echo.js", "file:///home/a/"),
        ] {
            assert_eq!(folder(loader), expected);
        }
    }
}

//! The folder for a static host: the same paths as on a live one, so that a link to either is a link to both.

use anyhow::{Context, Result};

use crate::bundle::{Bundle, Files, add_twins, is_twin};

/// The tags that look for a relay, and the attributes by which an author says where.
const ELEMENTS: [(&str, &[&str]); 2] = [
    ("<udp-echo", &[" mode=", " relay=", " src="]),
    ("<udp-run", &[" mode=", " relay="]),
];

/// Files by their path: pages at the top, and everything once more under the path that never changes.
pub(super) fn files(bundle: &Bundle) -> Result<Files> {
    let mut site = Files::new();
    for (name, bytes) in bundle.files.iter().filter(|(name, _)| !is_twin(name)) {
        let is_page = name.ends_with(".html") && !name.contains('/');
        if !is_page {
            let versioned = format!("v/{}/{name}", bundle.version);
            site.insert(versioned, bytes.clone());
        }
        let bytes = if is_page {
            let page = std::str::from_utf8(bytes).with_context(|| format!("{name} is no text"))?;
            ELEMENTS
                .iter()
                .fold(page.to_owned(), |page, (tag, set)| {
                    simulated(&page, tag, set)
                })
                .into_bytes()
        } else {
            bytes.clone()
        };
        site.insert(name.clone(), bytes);
    }
    add_twins(&mut site);
    Ok(site)
}

/// There is no relay on a static host: its pages do not look for one.
fn simulated(page: &str, element: &str, set: &[&str]) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(element) {
        text.extend([before, element]);
        let tag = after.split('>').next().unwrap_or_default();
        // `<udp-echo-…` is another element.
        if tag.starts_with('-') || set.iter().any(|set| tag.contains(set)) {
            rest = after;
            continue;
        }
        text.push_str(" mode=\"simulated\"");
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_for_a_static_host_look_for_no_relay_unless_their_author_named_one() {
        let [echo, run] = ELEMENTS;
        let page = "<udp-echo><p>a</p></udp-echo><udp-echo view=\"mini\">b</udp-echo>";
        assert_eq!(
            simulated(page, echo.0, echo.1),
            "<udp-echo mode=\"simulated\"><p>a</p></udp-echo>\
             <udp-echo mode=\"simulated\" view=\"mini\">b</udp-echo>"
        );
        for kept in [
            "<udp-echo relay=\"wss://udp.example/relay\">",
            "<udp-echo mode=replay>",
            "<udp-echo-else>",
        ] {
            assert_eq!(simulated(kept, echo.0, echo.1), kept);
        }
        assert_eq!(
            simulated("<udp-run src=\"a.py\">", run.0, run.1),
            "<udp-run mode=\"simulated\" src=\"a.py\">"
        );
    }
}

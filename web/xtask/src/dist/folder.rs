//! The folder for a static host: the same paths as on a live one, so that a link to either is a link to both.

use anyhow::{Context, Result};

use crate::bundle::{Bundle, Files, add_twins, is_twin};

/// The tag that every widget of a page begins with.
const WIDGET: &str = "<udp-echo";

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
            simulated(page).into_bytes()
        } else {
            bytes.clone()
        };
        site.insert(name.clone(), bytes);
    }
    add_twins(&mut site);
    Ok(site)
}

/// There is no relay on a static host: its pages do not look for one.
fn simulated(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(WIDGET) {
        text.extend([before, WIDGET]);
        let tag = after.split('>').next().unwrap_or_default();
        // `<udp-echo-…` is another element.
        if tag.starts_with('-')
            || [" mode=", " relay=", " src="]
                .iter()
                .any(|set| tag.contains(set))
        {
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
        let page = "<udp-echo><p>a</p></udp-echo><udp-echo view=\"mini\">b</udp-echo>";
        assert_eq!(
            simulated(page),
            "<udp-echo mode=\"simulated\"><p>a</p></udp-echo>\
             <udp-echo mode=\"simulated\" view=\"mini\">b</udp-echo>"
        );
        for kept in [
            "<udp-echo relay=\"wss://udp.example/relay\">",
            "<udp-echo mode=replay>",
            "<udp-echo-else>",
        ] {
            assert_eq!(simulated(kept), kept);
        }
    }
}

//! The reference page for readers without JavaScript: the catalogue as text, in the places where the page's script puts live
//! examples.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bundle::site::Files;

/// The page, and what it is drawn from.
const PAGE: &str = "reference.html";
const CATALOGUE: &str = "custom-elements.json";

/// The sections of the page, and for each the module of the catalogue and the list in it.
const LISTS: [(&str, usize, &str); 11] = [
    ("attributes", WIDGET, "attributes"),
    ("methods", WIDGET, "members"),
    ("events", WIDGET, "events"),
    ("parts", WIDGET, "cssParts"),
    ("properties", WIDGET, "cssProperties"),
    ("states", WIDGET, "cssStates"),
    ("slots", WIDGET, "slots"),
    ("run-attributes", PROGRAM, "attributes"),
    ("run-methods", PROGRAM, "members"),
    ("run-events", PROGRAM, "events"),
    ("run-parts", PROGRAM, "cssParts"),
];

/// The places of the elements among the catalogue's modules.
const WIDGET: usize = 0;
const PROGRAM: usize = 1;

/// Writes the lists into the page.
///
/// # Errors
/// When the page has no place for a list, or the catalogue has not what goes there.
pub(super) fn fill(pages: &mut Files) -> Result<()> {
    let catalogue = text(pages, CATALOGUE)?;
    let catalogue: Value = serde_json::from_str(&catalogue).context("read the catalogue")?;
    let mut page = text(pages, PAGE)?;
    for (section, module, list) in LISTS {
        let items = catalogue["modules"][module]["declarations"][0][list].as_array();
        let items = items.with_context(|| format!("{CATALOGUE} has no list of {list}"))?;
        let list = written(items);
        let begin = page.find(&format!("data-list=\"{section}\""));
        let end = begin.and_then(|at| Some(at + page[at..].find("</section>")?));
        let Some(end) = end else {
            bail!("{PAGE} has no section for {section}");
        };
        page.insert_str(end, &list);
    }
    pages.insert(PAGE.to_owned(), page.into_bytes());
    Ok(())
}

/// The items of a list as text: those that name a panel under its name.
fn written(items: &[Value]) -> String {
    let mut text = String::new();
    for group in items.chunk_by(|one, next| one["panel"] == next["panel"]) {
        if let Some(panel) = group[0]["panel"].as_str() {
            let panel = escape(panel);
            text.push_str(&format!("<h3 class=\"plain\">{panel}</h3>\n"));
        }
        let entries: String = group.iter().map(entry).collect();
        text.push_str(&format!("<dl class=\"plain\">\n{entries}</dl>\n"));
    }
    text
}

fn text(pages: &Files, name: &str) -> Result<String> {
    let bytes = pages.get(name);
    let bytes = bytes.with_context(|| format!("www/ has no {name}"))?;
    String::from_utf8(bytes.clone()).with_context(|| format!("www/{name} is not UTF-8"))
}

fn entry(item: &Value) -> String {
    let of = |key: &str| item[key].as_str().map(escape);
    let name = of("name").filter(|name| !name.is_empty());
    let name = name.map_or("(no name)".to_owned(), |name| {
        format!("<code>{name}</code>")
    });
    let default = of("default").map_or(String::new(), |value| format!(": <code>{value}</code>"));
    let description = of("description").unwrap_or_default();
    format!(
        "<dt>{name}</dt><dd>{}{default}</dd>\n",
        with_code(&description)
    )
}

/// What stands between backticks as code.
fn with_code(text: &str) -> String {
    let mut pieces = text.split('`');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for (index, piece) in pieces.enumerate() {
        out.push_str(if index % 2 == 0 { "<code>" } else { "</code>" });
        out.push_str(piece);
    }
    out
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELEMENT: &str = r#"{"modules":[{"declarations":[{
        "attributes":[{"name":"count","description":"As many as `<this>`."}],
        "members":[], "events":[], "cssStates":[],
        "cssParts":[{"name":"row","panel":"core"},{"name":"path","panel":"core"},{"name":"lane","panel":"picture"}],
        "cssProperties":[{"name":"--ink","description":"text","default":"\"a\" & b"}],
        "slots":[{"name":"","description":"what shows"}]
    }]},{"declarations":[{
        "attributes":[{"name":"beside","description":"another"}],
        "members":[], "events":[], "cssParts":[]
    }]}]}"#;

    fn pages(page: &str) -> Files {
        let files = [(PAGE, page), (CATALOGUE, ELEMENT)];
        let file = |(name, text): (&str, &str)| (name.to_owned(), text.as_bytes().to_vec());
        files.map(file).into()
    }

    #[test]
    fn each_section_gets_its_list_as_text() {
        let page: String = LISTS
            .iter()
            .map(|(section, ..)| format!("<section data-list=\"{section}\"><h2>h</h2></section>\n"))
            .collect();
        let mut pages = pages(&page);
        fill(&mut pages).unwrap();
        let page = text(&pages, PAGE).unwrap();
        for line in [
            "data-list=\"attributes\"><h2>h</h2><dl class=\"plain\">\n<dt><code>count</code></dt><dd>As many as <code>&lt;this></code>.</dd>\n</dl>\n</section>",
            "data-list=\"run-attributes\"><h2>h</h2><dl class=\"plain\">\n<dt><code>beside</code></dt><dd>another</dd>\n</dl>\n</section>",
            "<dd>text: <code>&quot;a&quot; &amp; b</code></dd>",
            "<dt>(no name)</dt><dd>what shows</dd>",
            "<h3 class=\"plain\">core</h3>\n<dl class=\"plain\">\n<dt><code>row</code></dt><dd></dd>\n<dt><code>path</code></dt><dd></dd>\n</dl>\n<h3 class=\"plain\">picture</h3>\n",
        ] {
            assert!(page.contains(line), "no {line} in {page}");
        }
    }

    #[test]
    fn a_section_that_is_not_there_is_named() {
        let error = fill(&mut pages("<section data-list=\"attributes\"></section>")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "reference.html has no section for methods"
        );
    }
}

//! The snippet maker writes what the tests use.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::site::Site;
use crate::browser::in_chromium;
use crate::page::Page;
use test_support::host::TestServer;

/// Kinds of the maker, and the folder of each below `www/embed/`.
const KINDS: [(&str, &str); 8] = [
    ("plain", ""),
    ("classic", ""),
    ("iframe", ""),
    ("sphinx", "sphinx/"),
    ("mkdocs", "mkdocs/"),
    ("mdbook", "mdbook/"),
    ("docusaurus", "docusaurus/"),
    ("hugo", "hugo/"),
];

/// Chooses in the form as a visitor does.
async fn choose(page: &Page, name: &str, value: &str) -> Result<()> {
    let (name, value) = (Value::from(name), Value::from(value));
    page.script(&format!(
        "const field = document.querySelector('form').elements[{name}];
         field.value = {value};
         field.dispatchEvent(new Event('input', {{ bubbles: true }}))"
    ))
    .await?;
    Ok(())
}

/// The files that the page shows, by their names.
async fn files(page: &Page, kind: &str) -> Result<Vec<(String, String)>> {
    page.wait_for(
        kind,
        &format!("return document.documentElement.dataset.drawn === '{kind}'"),
    )
    .await?;
    let shown = page
        .script("return [...document.querySelectorAll('.file')].map((file) => [file.dataset.file, file.querySelector('code').textContent])")
        .await?;
    serde_json::from_value(shown).context("names and texts")
}

#[tokio::test]
async fn untouched_the_maker_shows_the_ready_files_byte_for_byte() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/snippets.html", host.http()))
            .await?;
        for (kind, folder) in KINDS {
            choose(page, "kind", kind).await?;
            let shown = files(page, kind).await?;
            ensure!(!shown.is_empty(), "{kind} has no file");
            for (name, text) in shown {
                let path = crate::places::embed().join(folder).join(&name);
                let ready =
                    std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                ensure!(text == ready, "{kind}, {name}:\n{text}");
            }
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_chosen_is_in_the_files_and_the_page_made_of_them_works() {
    let host = TestServer::start(&["--allow-origin", "*"]).await;
    let address = format!("http://{}", host.http());
    in_chromium(async |page| {
        page.open(&format!("{address}/snippets.html")).await?;
        let message = "He said \"5 < 6\" & left";
        for (name, value) in [("host", address.as_str()), ("message", message), ("count", "2"), ("view", "mini")] {
            choose(page, name, value).await?;
        }
        let escaped = "message=\"He said &quot;5 &lt; 6&quot; &amp; left\"";
        for (kind, file, line) in [
            ("docusaurus", "docs/udp.mdx", format!("<udp-echo view=\"mini\" {escaped} count=\"2\">\n")),
            ("hugo", "content/_index.md", "{{< udp-echo view=\"mini\" message=\"He said \\\"5 < 6\\\" & left\" count=\"2\" >}}\n".to_owned()),
            ("sphinx", "example/index.rst", format!("   :view: mini\n   :message: {message}\n   :count: 2\n")),
            ("mkdocs", "docs/index.md", format!("<udp-echo view=\"mini\" {escaped} count=\"2\">\n")),
            ("iframe", "iframe.html", "/embed?view=mini&amp;message=He+said+%225+%3C+6%22+%26+left&amp;count=2\"".to_owned()),
        ] {
            choose(page, "kind", kind).await?;
            let shown = files(page, kind).await?;
            let text = shown.iter().find(|(name, _)| name == file).context(file)?;
            ensure!(text.1.contains(&line), "{line} is missing in {}", text.1);
        }
        choose(page, "kind", "plain").await?;
        let (_, text) = files(page, "plain").await?.remove(0);
        let preview = page.script("return document.querySelector('#place udp-echo').outerHTML").await?;
        ensure!(preview.as_str().is_some_and(|tag| tag.contains("mode=\"simulated\"")), "{preview}");

        let mut site = Site::new().await?;
        site.page("/", &super::site::strict(&address), &text);
        page.open(&site.serve()).await?;
        page.wait_for_state("live").await?;
        let said = page.script("return document.querySelector('udp-echo').message").await?;
        ensure!(said == message, "{said}");
        page.part("send").await?.click().await?;
        page.wait_for_in_widget("the second echo", "tr[data-number='2'][data-fate=echoed]").await
    })
    .await;
    host.shutdown().await;
}

/// A code block below a line that ends in a path and a colon is from that file.
#[test]
fn the_guide_quotes_the_ready_folders() {
    let folder = crate::places::embed();
    let guide = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut quotes = 0;
    let mut rest = guide.as_str();
    while let Some((before, after)) = rest.split_once("`:\n\n```") {
        let path = before.rsplit('`').next().unwrap();
        let (_, code) = after.split_once('\n').unwrap();
        let (code, after) = code.split_once("```").unwrap();
        rest = after;
        let file = std::fs::read_to_string(folder.join(path)).unwrap();
        assert!(file.contains(code), "{path} does not say\n{code}");
        quotes += 1;
    }
    assert_eq!(quotes, 6);
}

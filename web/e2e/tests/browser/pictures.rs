//! Pictures for somebody to look at, in `target/shots`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::page::{Page, Scheme};

/// Widths of a desk and of a pocket, in CSS pixels.
const WIDTHS: [u32; 2] = [1280, 390];

/// Takes a picture of what a selector finds, or of the whole page, in both widths, in light and in dark, and once in forced
/// colours.
pub(crate) async fn pictures(page: &Page, view: &str, selector: Option<&str>) -> Result<()> {
    for width in WIDTHS {
        for scheme in [Scheme::Light, Scheme::Dark] {
            page.emulate(width, 900, scheme).await?;
            picture(page, &format!("{view}-{width}-{}", scheme.word()), selector).await?;
        }
    }
    page.emulate(1280, 900, Scheme::Light).await?;
    page.emulate_media(&[
        ("forced-colors", "active"),
        ("prefers-color-scheme", "dark"),
    ])
    .await?;
    picture(page, &format!("{view}-1280-forced"), selector).await?;
    page.emulate(1280, 900, Scheme::Light).await
}

/// Takes one picture, of the window as it is.
pub(crate) async fn picture(page: &Page, name: &str, selector: Option<&str>) -> Result<()> {
    // The theme follows with the next frames.
    page.frames(3).await?;
    let overflow = page
        .script(
            // Less than nothing is room that a theme keeps for a scrollbar.
            "const { scrollWidth, clientWidth } = document.documentElement;
            return Math.max(0, scrollWidth - clientWidth)",
        )
        .await?;
    ensure!(overflow == 0, "{name} is {overflow} pixels too wide");
    let path = folder()?.join(format!("{name}.png"));
    match selector {
        None => page.screenshot(&path).await,
        Some(selector) => page.screenshot_of(selector, &path).await,
    }
}

/// The folder of the pictures.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = crate::places::target().join("shots");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

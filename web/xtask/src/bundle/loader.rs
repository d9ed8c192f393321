//! The loader as it is served: with the hashes of what it loads, small, and once more as a classic script.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::bundle::glue::{CORE, HEADLESS, PANELS, glue_file, wasm_file};
use crate::bundle::minify::Minifier;
use crate::bundle::site::Files;

/// The loader, a module.
pub(crate) const LOADER_FILE: &str = "udp-echo.js";
/// The same for pages whose generator adds scripts that are no modules (mdBook's `additional-js`).
pub(super) const CLASSIC_FILE: &str = "udp-echo.classic.js";
/// The hashes of the chunks.
const HASHES_FILE: &str = "udp-echo-hashes.js";
/// The chunk that is a script alone.
pub(super) const LANE_FILE: &str = "udp-echo-lane.js";
/// The widget's style sheet.
pub(super) const SHEET_FILE: &str = "udp-echo.css";

/// Where the loader of the sources has no hashes, for there is nothing yet to take them of.
const NO_HASHES: &str = "const hashes = {};";
/// How a module knows where it came from; a classic script has another way.
const OWN_ADDRESS: &str = "import.meta.url";

/// Finishes the loader of a bundle whose other files are complete.
///
/// # Errors
/// When the loader no longer has the places that are filled in here, or a file that it loads is missing.
pub(super) fn finish(files: &mut Files, minifier: &Minifier) -> Result<()> {
    // Sheets of the widget go into other people's pages as well: without what only we read.
    for (name, sheet) in files.iter_mut() {
        if name.starts_with("udp-echo") && name.ends_with(".css") {
            *sheet = minifier
                .shrink(&String::from_utf8_lossy(sheet), "css")?
                .into_bytes();
        }
    }
    let lane = files.get_mut(LANE_FILE);
    let lane = lane.with_context(|| format!("the bundle has no {LANE_FILE}"))?;
    *lane = minifier
        .shrink(&String::from_utf8_lossy(lane), "js")?
        .into_bytes();
    // The loader knows the core and this file, and this file the chunks: what every visitor pays for stays small.
    let panels = PANELS.map(|chunk| [glue_file(chunk), wasm_file(chunk), format!("{chunk}.css")]);
    let headless = HEADLESS.map(|chunk| [glue_file(chunk), wasm_file(chunk)]);
    let chunks = [
        panels.concat(),
        headless.concat(),
        vec![LANE_FILE.to_owned()],
    ];
    let chunks = hashes(files, &chunks.concat())?;
    let chunks = format!("export default {chunks};\n").into_bytes();
    files.insert(HASHES_FILE.to_owned(), chunks);
    let source = files
        .get(LOADER_FILE)
        .with_context(|| format!("the bundle has no {LOADER_FILE}"))?;
    let source = std::str::from_utf8(source).context("the loader is not UTF-8")?;
    let loader = minifier.shrink(&with_hashes(files, source)?, "js")?;
    let classic = loader.replace(OWN_ADDRESS, "document.currentScript.src");
    let classic = format!("(()=>{{\n{classic}}})();\n");
    files.insert(LOADER_FILE.to_owned(), loader.into_bytes());
    files.insert(CLASSIC_FILE.to_owned(), classic.into_bytes());
    Ok(())
}

/// A loader with the hashes of what it loads from this bundle.
///
/// # Errors
/// When it no longer has the places that are filled in, or a file that it loads is missing.
pub(crate) fn with_hashes(files: &Files, loader: &str) -> Result<String> {
    for place in [NO_HASHES, OWN_ADDRESS] {
        if loader.matches(place).count() != 1 {
            bail!("{LOADER_FILE} must have `{place}` in one place");
        }
    }
    let core = [
        glue_file(CORE),
        wasm_file(CORE),
        SHEET_FILE.to_owned(),
        HASHES_FILE.to_owned(),
    ];
    let hashes = hashes(files, &core)?;
    Ok(loader.replace(NO_HASHES, &format!("const hashes = {hashes};")))
}

/// The hashes of files as an object of JavaScript.
fn hashes(files: &Files, names: &[String]) -> Result<String> {
    let mut hashes = Vec::new();
    for name in names {
        let bytes = files
            .get(name)
            .with_context(|| format!("the bundle has no {name}"))?;
        hashes.push(format!("\"{name}\":\"{}\"", integrity(bytes)));
    }
    Ok(format!("{{{}}}", hashes.join(",")))
}

/// A hash in the form of the `integrity` attribute (W3C Subresource Integrity).
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", base64(&Sha256::digest(bytes)))
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::glue::PACKAGES;

    const SOURCE: &str = "// What it is.\nconst here = import.meta.url;\nconst hashes = {};\n\n\
        /** A function. */\n/**\n * Of two\n * lines. */\nfunction f() {\n  // Why.\n  return \"// no comment\";\n}\n";

    fn bundle(loader: &str) -> Files {
        let names = PACKAGES.map(|package| {
            let sheet = format!("{package}.css").replace("-web", "");
            [glue_file(package), wasm_file(package), sheet]
        });
        let names = names.into_iter().flatten();
        let mut files: Files = names
            .map(|name| (name.clone(), name.into_bytes()))
            .collect();
        files.insert(LOADER_FILE.to_owned(), loader.into());
        files.insert(LANE_FILE.to_owned(), LANE_FILE.into());
        files
    }

    #[test]
    fn the_loader_knows_the_hashes_of_what_it_loads_and_both_forms_know_where_they_are() {
        let mut files = bundle(SOURCE);
        finish(&mut files, &Minifier::Missing).unwrap();
        let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
        let loader = text(LOADER_FILE);
        assert!(loader.starts_with(
            "const here = import.meta.url;\nconst hashes = {\"udp-echo-web.js\":\"sha256-"
        ));
        assert!(loader.contains(&integrity(b"udp-echo-web_bg.wasm")));
        let chunks = text(HASHES_FILE);
        assert!(chunks.starts_with("export default {\"udp-echo-picture.js\":\"sha256-"));
        assert!(chunks.contains(&integrity(b"udp-echo-bytes.css\n")));
        assert!(chunks.contains(&integrity(b"udp-echo-lane.js\n")));
        assert!(loader.contains(&integrity(chunks.as_bytes())));
        assert!(loader.ends_with("function f() {\nreturn \"// no comment\";\n}\n"));
        let classic = text(CLASSIC_FILE);
        assert!(classic.starts_with("(()=>{\nconst here = document.currentScript.src;\n"));
        assert!(!classic.contains("import.meta"));
    }

    #[test]
    fn a_loader_without_its_places_is_no_loader() {
        let error = finish(
            &mut bundle("const here = import.meta.url;"),
            &Minifier::Missing,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "udp-echo.js must have `const hashes = {};` in one place"
        );
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        let vectors = ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(vectors, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}

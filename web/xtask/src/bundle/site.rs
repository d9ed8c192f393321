//! The files of a bundle: read, named by their content, put in place.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// Every file of a bundle by its path below the bundle's folder, with `/` between the parts.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The file that holds the version, and nothing else.
const VERSION_FILE: &str = "version";

/// A hash in hexadecimal.
#[derive(PartialEq, Eq)]
pub(super) struct Fingerprint(String);

impl Fingerprint {
    /// Hashes parts so that moving a byte from one to the next changes the result.
    fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of what only people who read the sources need.
const README: &str = "README.md";

/// The folders of `www/` whose files are served at the top: a file moves from one to another without a change of its address.
const ROOMS: [&str; 10] = [
    "element",
    "page",
    "experiments",
    "exercises",
    "race",
    "reference",
    "maker",
    "frame",
    "socket",
    "run",
];

/// What no browser loads: it comes to authors in a package.
const NOT_SERVED: &str = "python";

/// The files of `www/` by the path at which they are served: all but each folder's README, and what is not for browsers.
///
/// # Errors
/// When a file cannot be read, or two rooms have a file of the same name.
pub(super) fn read_pages(www: &Path) -> Result<Files> {
    let mut pages = Files::new();
    for (path, bytes) in read_folder(www)? {
        let room = path.split_once('/');
        let is_not_served = room.is_some_and(|(room, _)| room == NOT_SERVED);
        if is_not_served || path.rsplit('/').next() == Some(README) {
            continue;
        }
        let name = match room {
            Some((room, name)) if ROOMS.contains(&room) => name.to_owned(),
            _ => path.clone(),
        };
        if pages.insert(name.clone(), bytes).is_some() {
            bail!(
                "www/{path} is served as {name}, which another file has taken: rename one of them"
            );
        }
    }
    Ok(pages)
}

/// A file of `www/` in the sources, by the path at which it is served.
///
/// # Errors
/// When there is none.
pub(crate) fn source(www: &Path, name: &str) -> Result<PathBuf> {
    let rooms = ROOMS.iter().map(|room| www.join(room).join(name));
    let mut places = rooms.chain([www.join(name)]);
    let found = places.find(|path| path.is_file());
    found.with_context(|| format!("{} has no {name}", www.display()))
}

/// A folder of a ready site that VitePress wants to be called so.
const HIDDEN_BUT_READ: &str = ".vitepress";

/// Everything below `folder`, but no hidden files.
pub(super) fn read_folder(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    read_below(folder, "", &mut files)?;
    Ok(files)
}

fn read_below(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    let reading = || format!("read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name
            .to_str()
            .with_context(|| format!("{} is not a name for the web", path.display()))?;
        if name.starts_with('.') && name != HIDDEN_BUT_READ {
            continue;
        }
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            read_below(&path, &format!("{name}/"), files)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            files.insert(name, bytes);
        }
    }
    Ok(())
}

/// What the bundle depends on. The program that makes it is one of these things.
pub(super) fn fingerprint_of_inputs(
    modules: &[PathBuf],
    pages: &Files,
    tools: &str,
) -> Result<Fingerprint> {
    let read =
        |module: &PathBuf| fs::read(module).with_context(|| format!("read {}", module.display()));
    let modules: Vec<Vec<u8>> = modules.iter().map(read).collect::<Result<_>>()?;
    let this_program = std::env::current_exe()
        .and_then(fs::metadata)
        .and_then(|meta| meta.modified())
        .context("look at this program's own file")?;
    let made_with = format!("{this_program:?} {tools}");
    let pages = pages
        .iter()
        .flat_map(|(name, bytes)| [name.as_bytes(), bytes]);
    let modules = modules.iter().map(Vec::as_slice);
    let made = modules.chain([made_with.as_bytes()]);
    Ok(Fingerprint::of(made.chain(pages)))
}

/// Adds the pages to the generated files and returns the version of the whole: the crate's, and a hash of the
/// content, so that a host may tell browsers to keep `v/<version>/…` for ever.
pub(super) fn assemble(files: &mut Files, pages: Files) -> Result<String> {
    for (name, bytes) in pages {
        if files.insert(name.clone(), bytes).is_some() {
            bail!("www/{name} has the name of a generated file");
        }
    }
    let content = files
        .iter()
        .flat_map(|(name, bytes)| [name.as_bytes(), bytes]);
    let hash = Fingerprint::of(content);
    let version = format!("{}-{}", env!("CARGO_PKG_VERSION"), &hash.as_str()[..10]);
    version_the_pages(files, &version)?;
    files.insert(VERSION_FILE.to_owned(), version.clone().into_bytes());
    Ok(version)
}

/// The version that a finished bundle carries.
pub(super) fn version_of(files: &Files) -> Result<String> {
    let bytes = files
        .get(VERSION_FILE)
        .context("the bundle has no version")?;
    String::from_utf8(bytes.clone()).context("the version of the bundle")
}

/// Makes the pages at the top load what they need from under the version. Pages in folders are snippets for other
/// people's sites and stay as they are.
fn version_the_pages(files: &mut Files, version: &str) -> Result<()> {
    let names: Vec<String> = files.keys().cloned().collect();
    let is_page = |name: &str| name.ends_with(".html");
    let assets: Vec<&String> = names.iter().filter(|name| !is_page(name)).collect();
    for name in names
        .iter()
        .filter(|name| is_page(name) && !name.contains('/'))
    {
        let bytes = files.get_mut(name).expect("the name is one of the keys");
        let text =
            std::str::from_utf8(bytes).with_context(|| format!("www/{name} is not UTF-8"))?;
        let mut text = without_trunk_links(text);
        for asset in &assets {
            text = text.replace(
                &format!("=\"./{asset}\""),
                &format!("=\"./v/{version}/{asset}\""),
            );
        }
        *bytes = text.into_bytes();
    }
    Ok(())
}

/// The page without the lines that only speak to Trunk.
fn without_trunk_links(page: &str) -> String {
    page.split_inclusive('\n')
        .filter(|line| !(line.trim_start().starts_with("<link") && line.contains("data-trunk")))
        .collect()
}

/// Puts the files where the host finds them: all of the new ones, or all of the old.
pub(crate) fn publish(files: &Files, folder: &Path) -> Result<()> {
    let fresh = folder.with_extension("new");
    let stale = folder.with_extension("old");
    for left_over in [&fresh, &stale] {
        if left_over.exists() {
            fs::remove_dir_all(left_over)
                .with_context(|| format!("remove {}", left_over.display()))?;
        }
    }
    for (name, bytes) in files {
        let path = fresh.join(name);
        let parent = path.parent().expect("every file lies in a folder");
        fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    // A folder cannot be renamed over another that has files in it.
    if folder.exists() {
        fs::rename(folder, &stale).with_context(|| format!("move {} away", folder.display()))?;
    }
    fs::rename(&fresh, folder).with_context(|| format!("put {} in place", folder.display()))?;
    if stale.exists() {
        fs::remove_dir_all(&stale).with_context(|| format!("remove {}", stale.display()))?;
    }
    notice_by_cargo(folder)
}

/// Has cargo look at the host's build script again.
///
/// A host that was built without a bundle does not watch for one: git ignores the folder, and so does cargo.
fn notice_by_cargo(folder: &Path) -> Result<()> {
    let script = folder.with_file_name("build.rs");
    if !script.exists() {
        return Ok(());
    }
    let touched = fs::File::options()
        .append(true)
        .open(&script)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()));
    touched.with_context(|| format!("touch {}", script.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        let entry = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
        entries.iter().map(entry).collect()
    }

    const PAGE: &str = "<link data-trunk rel=\"copy-file\" href=\"./udp-echo.js\">\n\
        <link rel=\"stylesheet\" href=\"./style.css\">\n\
        <script type=\"module\" src=\"./udp-echo.js\"></script>\n\
        <a href=\"./embed/plain.html\">embed</a>\n";

    #[test]
    fn pages_load_their_assets_from_under_the_version_and_say_nothing_to_trunk() {
        let mut bundle = files(&[("udp-echo-web.js", "glue")]);
        let pages = files(&[
            ("index.html", PAGE),
            ("embed/plain.html", PAGE),
            ("style.css", "p{}"),
            ("udp-echo.js", "loader"),
        ]);
        let version = assemble(&mut bundle, pages).unwrap();
        let index = String::from_utf8(bundle["index.html"].clone()).unwrap();
        assert_eq!(
            index,
            format!(
                "<link rel=\"stylesheet\" href=\"./v/{version}/style.css\">\n\
                 <script type=\"module\" src=\"./v/{version}/udp-echo.js\"></script>\n\
                 <a href=\"./embed/plain.html\">embed</a>\n"
            )
        );
        assert_eq!(
            bundle["embed/plain.html"],
            PAGE.as_bytes(),
            "snippets stay as written"
        );
        assert_eq!(version_of(&bundle).unwrap(), version);
    }

    #[test]
    fn the_version_follows_the_content_and_nothing_else() {
        let version = |style: &str| {
            let pages = files(&[("index.html", PAGE), ("style.css", style)]);
            assemble(&mut Files::new(), pages).unwrap()
        };
        assert_eq!(version("p{}"), version("p{}"));
        assert_ne!(version("p{}"), version("a{}"));
    }

    #[test]
    fn a_page_may_not_hide_a_generated_file() {
        let mut bundle = files(&[("udp-echo-web.js", "glue")]);
        let error = assemble(&mut bundle, files(&[("udp-echo-web.js", "mine")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "www/udp-echo-web.js has the name of a generated file"
        );
    }

    #[test]
    fn what_is_for_authors_alone_is_not_served_and_another_page_in_markdown_is() {
        let www = tempfile::tempdir().unwrap();
        let paths = [
            "README.md",
            "embed/README.md",
            "embed/hugo/_index.md",
            "embed/vitepress/.vitepress/config.mjs",
            "embed/.hidden",
            "python/package/module.py",
            "a.js",
        ];
        for path in paths {
            let path = www.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let served: Vec<String> = read_pages(www.path()).unwrap().into_keys().collect();
        assert_eq!(
            served,
            [
                "a.js",
                "embed/hugo/_index.md",
                "embed/vitepress/.vitepress/config.mjs"
            ]
        );
    }

    #[test]
    fn a_room_does_not_show_in_the_address() {
        let www = tempfile::tempdir().unwrap();
        for path in ["element/a.js", "page/a.css", "embed/plain.html"] {
            let path = www.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let served: Vec<String> = read_pages(www.path()).unwrap().into_keys().collect();
        assert_eq!(served, ["a.css", "a.js", "embed/plain.html"]);
        let found = source(www.path(), "a.js").unwrap();
        assert_eq!(found, www.path().join("element/a.js"));

        fs::write(www.path().join("page/a.js"), "another").unwrap();
        let error = read_pages(www.path()).unwrap_err().to_string();
        assert!(
            error.starts_with("www/page/a.js is served as a.js,"),
            "{error}"
        );
    }

    #[test]
    fn trunk_serves_the_same_rooms_and_every_folder_of_www_is_one_or_keeps_its_name() {
        let root = crate::workspace::root();
        let trunk = fs::read_to_string(root.join("Trunk.toml")).unwrap();
        assert!(trunk.contains(&format!("for room in {};", ROOMS.join(" "))));
        let mut folders: Vec<String> = fs::read_dir(root.join("www"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !ROOMS.contains(&name.as_str()))
            .collect();
        folders.sort();
        assert_eq!(folders, ["README.md", "embed", NOT_SERVED]);
    }

    #[test]
    fn publishing_leaves_nothing_of_the_bundle_before() {
        let folder = std::env::temp_dir().join(format!("udp-echo-publish-{}", std::process::id()));
        publish(&files(&[("old.js", "1"), ("sub/a.css", "2")]), &folder).unwrap();
        let second = files(&[("new.js", "3"), ("sub/deep/b.css", "4")]);
        publish(&second, &folder).unwrap();
        let found = read_folder(&folder).unwrap();
        let left_over =
            [folder.with_extension("new"), folder.with_extension("old")].map(|path| path.exists());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, second);
        assert_eq!(left_over, [false, false]);
    }
}

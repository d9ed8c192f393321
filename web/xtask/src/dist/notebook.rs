//! What the Python package brings into a notebook: the files of the element, as bundlers get them.
//!
//! A notebook's page has no folder beside its modules. The module of the widget (`www/python/udp_echo/notebook.js`) therefore does what a
//! bundler does: it puts the address of each file where the loader asks for it by `new URL("./name", import.meta.url)`.

use anyhow::{Context, Result};

use super::npm;
use crate::bundle::{Bundle, Files, LOADER_FILE};

/// The files of the folder `static` in the Python package.
pub(super) fn files(bundle: &Bundle) -> Result<Files> {
    of_package(npm::files(bundle)?)
}

/// Those of the npm package that the loader asks for, and the loader.
fn of_package(mut files: Files) -> Result<Files> {
    let loader = files.get(LOADER_FILE);
    let loader = loader.with_context(|| format!("the package has no {LOADER_FILE}"))?;
    let loader = String::from_utf8_lossy(loader).into_owned();
    let asked: Vec<&str> = neighbours(&loader).collect();
    files.retain(|name, _| {
        name == LOADER_FILE || (asked.contains(&name.as_str()) && is_of_element(name))
    });
    Ok(files)
}

/// The files that the loader asks for.
fn neighbours(loader: &str) -> impl Iterator<Item = &str> {
    let rest = loader.split("new URL(\"./").skip(1);
    rest.filter_map(|rest| Some(rest.split_once('"')?.0))
}

/// The cards of experiments are the page's: the element's `experiment` needs the texts alone.
fn is_of_element(name: &str) -> bool {
    name == "experiments.js" || !name.starts_with("experiments")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notebook_gets_the_loader_and_what_it_asks_for_and_nothing_of_the_page() {
        let loader = "const neighbours={\n\"a.css\":new URL(\"./a.css\",import.meta.url).href,\n\
            \"experiments.js\":new URL(\"./experiments.js\",import.meta.url).href,\n\
            \"experiments-card.js\":new URL(\"./experiments-card.js\",import.meta.url).href,\n};\n";
        let package = [
            (LOADER_FILE, loader),
            ("a.css", "p{}"),
            ("experiments.js", "texts"),
            ("experiments-card.js", "cards"),
            ("udp-run.js", "programs"),
        ];
        let package = package.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        let files = of_package(Files::from(package)).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.css", "experiments.js", LOADER_FILE]);
        assert_eq!(files["a.css"], b"p{}");
    }
}

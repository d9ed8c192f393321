//! A check on the rooms of every crate: no two modules import each other, directly or through others.
//!
//! What counts is what the code names: `use` and other paths that begin with `crate`, `self` or `super`, those inside
//! macros too; tests are left out, for they may look at everything. A module and those inside it are one room with
//! chambers and may know each other. Of two others, what their chambers import counts as theirs: when
//! `relay::page` imports `limits::rate`, the arrow goes from `relay` to `limits`, and none may come back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

use crate::workspace;

/// The path of a module below its crate: empty for the root.
type Module = Vec<String>;

/// Checks every crate of the workspace.
pub(crate) fn check() -> Result<()> {
    let mut circles = Vec::new();
    for root in roots()? {
        let name = root.strip_prefix(workspace::root()).unwrap_or(&root);
        for circle in Rooms::read(&root)?.circles() {
            circles.push(format!("{}: {circle}", name.display()));
        }
    }
    ensure!(
        circles.is_empty(),
        "{} circles of modules that import each other; move what both need into one that imports neither:\n{}",
        circles.len(),
        circles.join("\n")
    );
    Ok(())
}

/// The root file of every library and program of the workspace.
fn roots() -> Result<Vec<PathBuf>> {
    let mut metadata = workspace::locked_cargo("metadata");
    let answer = metadata
        .args(["--no-deps", "--format-version=1"])
        .output()?;
    let metadata: Metadata = serde_json::from_slice(&answer.stdout).with_context(|| {
        format!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&answer.stderr)
        )
    })?;
    let targets = metadata
        .packages
        .into_iter()
        .flat_map(|package| package.targets);
    let is_code = |target: &Target| {
        target
            .kind
            .iter()
            .any(|kind| kind == "bin" || kind.ends_with("lib"))
    };
    Ok(targets
        .filter(is_code)
        .map(|target| target.src_path)
        .collect())
}

/// What `cargo metadata` says, as far as it matters here.
#[derive(serde::Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(serde::Deserialize)]
struct Package {
    targets: Vec<Target>,
}

#[derive(serde::Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

/// The modules of a crate, and the paths that each of them names.
#[derive(Default)]
struct Rooms {
    named: BTreeMap<Module, Vec<Module>>,
}

impl Rooms {
    /// Reads a crate from its root file on.
    fn read(root: &Path) -> Result<Self> {
        let folder = root.parent().context("a file without a folder")?;
        let mut rooms = Self::default();
        rooms.read_file(root, folder, &Module::new())?;
        Ok(rooms)
    }

    fn read_file(&mut self, file: &Path, folder: &Path, module: &Module) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("parse {}", file.display()))?;
        self.read_items(&parsed.items, folder, module)
    }

    fn read_items(&mut self, items: &[Item], folder: &Path, module: &Module) -> Result<()> {
        let mut paths = Paths {
            module,
            found: Vec::new(),
        };
        for item in items {
            let Item::Mod(child) = item else {
                paths.visit_item(item);
                continue;
            };
            if is_for_tests(&child.attrs) {
                continue;
            }
            let name = child.ident.to_string();
            let inside = [&module[..], std::slice::from_ref(&name)].concat();
            let inner = folder.join(&name);
            match &child.content {
                Some((_, items)) => self.read_items(items, &inner, &inside)?,
                None => {
                    let flat = folder.join(format!("{name}.rs"));
                    let file = if flat.exists() {
                        flat
                    } else {
                        inner.join("mod.rs")
                    };
                    self.read_file(&file, &inner, &inside)?;
                }
            }
        }
        self.named.insert(module.clone(), paths.found);
        Ok(())
    }

    /// The arrows between neighbours, each with one import that makes it.
    fn arrows(&self) -> BTreeMap<(&[String], &[String]), String> {
        let mut arrows = BTreeMap::new();
        for (from, paths) in &self.named {
            for path in paths {
                let lengths = (0..=path.len()).rev();
                let Some(to) = lengths
                    .map(|n| &path[..n])
                    .find(|to| self.named.contains_key(*to))
                else {
                    continue;
                };
                let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
                // A module and one inside it may know each other.
                if shared < from.len() && shared < to.len() {
                    let between = (&from[..=shared], &to[..=shared]);
                    let import = format!("{} uses {}", from.join("::"), path.join("::"));
                    arrows.entry(between).or_insert(import);
                }
            }
        }
        arrows
    }

    /// Every circle of arrows, as a sentence; of several through one module the shortest.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let mut in_a_circle = BTreeSet::new();
        let mut circles = Vec::new();
        for start in self.named.keys() {
            if in_a_circle.contains(&start[..]) {
                continue;
            }
            let Some(circle) = shortest_circle(start, &arrows) else {
                continue;
            };
            in_a_circle.extend(circle.iter().copied());
            let names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            let pairs = circle
                .windows(2)
                .map(|pair| arrows[&(pair[0], pair[1])].as_str());
            let imports: Vec<_> = pairs.collect();
            circles.push(format!("{} ({})", names.join(" → "), imports.join("; ")));
        }
        circles
    }
}

/// The shortest way along the arrows from a module back to itself, both ends included.
fn shortest_circle<'a>(
    start: &[String],
    arrows: &BTreeMap<(&'a [String], &'a [String]), String>,
) -> Option<Vec<&'a [String]>> {
    let from = |module: &[String]| {
        let leaving = arrows.keys().filter(move |(from, _)| *from == module);
        leaving.copied().collect::<Vec<_>>()
    };
    let mut ways: VecDeque<Vec<&[String]>> =
        from(start).into_iter().map(|(a, b)| vec![a, b]).collect();
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way[way.len() - 1];
        if last == start {
            return Some(way);
        }
        if seen.insert(last) {
            ways.extend(
                from(last)
                    .into_iter()
                    .map(|(_, next)| [&way[..], &[next]].concat()),
            );
        }
    }
    None
}

/// Collects the paths that the items of a module name, as paths from the root of the crate.
struct Paths<'a> {
    module: &'a Module,
    found: Vec<Module>,
}

impl Paths<'_> {
    /// Notes a path that leads through the crate; others lead to other crates, or to what was imported.
    fn note(&mut self, segments: &[String]) {
        let mut base = match segments.first().map(String::as_str) {
            Some("crate") => Module::new(),
            Some("self" | "super") => self.module.clone(),
            _ => return,
        };
        let mut rest = segments;
        while let [first, others @ ..] = rest
            && matches!(first.as_str(), "crate" | "self" | "super")
        {
            if first == "super" {
                base.pop();
            }
            rest = others;
        }
        base.extend(rest.iter().cloned());
        self.found.push(base);
    }

    fn note_tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.note_tree(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|tree| self.note_tree(tree, before)),
            UseTree::Name(name) if name.ident == "self" => self.note(before),
            UseTree::Name(name) => self.note(&with(&name.ident)),
            UseTree::Rename(name) => self.note(&with(&name.ident)),
            UseTree::Glob(_) => self.note(before),
        }
    }

    /// The paths in a macro's input, which need not be Rust.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Ident(name) if path.is_empty() || colons == 2 => {
                    path.push(name.to_string())
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    self.note(&std::mem::take(&mut path));
                    path.push(name.to_string());
                }
                _ => self.note(&std::mem::take(&mut path)),
            }
            colons = 0;
            if let TokenTree::Group(group) = token {
                self.note_tokens(group.stream());
            }
        }
        self.note(&path);
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(import) if !is_for_tests(&import.attrs) => self.note_tree(&import.tree, &[]),
            Item::Fn(function) if is_for_tests(&function.attrs) => {}
            Item::Use(_) | Item::Mod(_) => {}
            item => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.note(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.note_tokens(call.tokens.clone());
    }
}

/// Whether what has these attributes is compiled for tests alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().ok();
        let condition = condition.filter(|list| list.path.is_ident("cfg"));
        condition.is_some_and(|list| {
            let words = list.tokens.to_string();
            words == "test" || words.starts_with("all (test")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate of these files; returns its circles.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Rooms::read(&folder.path().join("lib.rs"))
            .unwrap()
            .circles()
    }

    #[test]
    fn a_circle_of_two_is_found_with_the_imports_that_make_it() {
        let found = circles(&[
            ("lib.rs", "mod host; mod relay;"),
            ("host.rs", "use crate::relay::Patience;"),
            (
                "relay.rs",
                "pub struct Patience; use crate::host::{self, Shared};",
            ),
        ]);
        let imports = "host uses relay::Patience; relay uses host";
        assert_eq!(found, [format!("host → relay → host ({imports})")]);
    }

    #[test]
    fn a_circle_is_found_through_others_and_from_inside_modules() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "mod inner { use super::super::b::B; }"),
            (
                "b.rs",
                "fn b() { tokio::select! { _ = async { crate::c::deep::c() } => {} } }",
            ),
            ("c.rs", "pub mod deep;"),
            ("c/deep.rs", "pub fn c() -> crate::a::A { todo!() }"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("a → b → c → a (a::inner uses b::B; b uses c::deep::c"),
            "{found:?}"
        );
    }

    #[test]
    fn neighbours_inside_a_module_may_form_none_either() {
        let found = circles(&[
            ("lib.rs", "mod room;"),
            ("room.rs", "mod a; mod b;"),
            ("room/a.rs", "use super::b::B;"),
            ("room/b.rs", "use crate::room::a::A;"),
        ]);
        assert_eq!(
            found,
            ["room::a → room::b → room::a (room::a uses room::b::B; room::b uses room::a::A)"]
        );
    }

    #[test]
    fn parents_and_children_know_each_other_and_tests_know_everybody() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            (
                "a.rs",
                "mod child; use child::C; use crate::b::B; pub struct A;",
            ),
            ("a/child.rs", "use super::A; pub struct C;"),
            (
                "b.rs",
                "pub struct B; #[cfg(test)] use crate::a::A; #[cfg(test)] mod tests { use crate::a::A; }",
            ),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn no_crate_of_this_workspace_has_one() {
        check().unwrap();
    }
}

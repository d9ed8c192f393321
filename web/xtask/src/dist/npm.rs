//! The npm package: the files of both elements, a manifest, and loaders that bundlers can follow.

mod run;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Made, typings};
use crate::bundle::{self, Bundle, Files, LOADER_FILE, SOCKET_FILE, is_twin};
use crate::progress::Step;
use crate::{command, program, workspace};

/// What the package is called.
const NAME: &str = "udp-echo";

/// How a loader finds its neighbours.
const NEIGHBOUR: &str = "new URL(name, here).href";
/// How it knows where it is. A bundler puts the path of its own machine there; a file that it copied has an address.
const HERE: &str = "const here = import.meta.url;";
/// The file whose address the widget takes for its own.
const WIDGETS_PLACE: &str = "udp-echo-web.js";
/// How it knows its own code in the trace of an error: by the names of the files, which a bundler changes.
const OURS: &str = "error?.stack?.includes(near(\"udp-echo-\"))";
const OURS_BUNDLED: &str = "Object.values(neighbours).some((url)=>error?.stack?.includes(url))";
/// How a module of one file knows where it is.
const OWN_ADDRESS: &str = "import.meta.url";
/// The address of the page or the worker; on a server, where nobody opens sockets, a word.
const PAGE_ADDRESS: &str = "String(globalThis.location?.href.split(/[?#]/)[0])";
/// How an import begins whose address is known only when it runs, and how two bundlers are told to leave it alone.
const IMPORT: &str = "import(";
const LEFT_ALONE: &str = "import(/* webpackIgnore: true */ /* @vite-ignore */ ";

/// What a server gets that renders pages: a tag without a definition, which the browser gives it.
const SERVER: &str =
    "// On a server <udp-echo> and <udp-run> are tags like any others.\nexport {};\n";

/// Writes the package's folder and packs it.
pub(super) fn pack(bundle: &Bundle, dist: &Path) -> Result<Made> {
    let files = files(bundle)?;
    let folder = dist.join("npm");
    bundle::publish(&files, &folder)?;
    typings::add(&folder)?;
    pack_folder(NAME, &folder, "npm install FILE")
}

/// Packs a folder with the manifest of this package, and puts the archive beside it.
pub(super) fn pack_folder(name: &str, folder: &Path, note: &'static str) -> Result<Made> {
    let dist = folder.parent().unwrap_or(folder);
    let Some(npm) = program::find("npm") else {
        bail!("npm is missing, which packs the package: install node and npm");
    };
    let path = dist.join(format!("{name}-{}.tgz", env!("CARGO_PKG_VERSION")));
    // npm would write into the old one, which may have other names.
    fs::remove_file(&path).ok();
    let step = Step::start(format!("npm pack {name}"));
    let mut npm = Command::new(npm);
    npm.args(["pack", "--silent", "--pack-destination"])
        .arg(dist);
    command::read(npm.current_dir(folder))?;
    step.done("packed");
    Ok(Made { path, note })
}

/// The files of the package.
pub(super) fn files(bundle: &Bundle) -> Result<Files> {
    let is_widget = |name: &str| {
        let begins = ["udp-echo", "udp-socket", "experiments"]
            .iter()
            .any(|stem| name.starts_with(stem));
        // The race is the page's, and no part of the element.
        let is_of_page = name.starts_with("udp-echo-race");
        (begins && !is_of_page && !name.contains('/'))
            || name == "custom-elements.json"
            || run::is_of_it(name)
    };
    let mut files: Files = bundle
        .files
        .iter()
        .filter(|(name, _)| is_widget(name) && !is_twin(name))
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect();
    let names: Vec<String> = files.keys().cloned().collect();
    run::for_bundlers(&mut files)?;
    for (name, bytes) in files.iter_mut().filter(|(name, _)| name.ends_with(".js")) {
        let text = std::str::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        let mut text = without_hashes_of_text(text);
        if name == LOADER_FILE {
            // Bundlers make it smaller themselves, and its places are those of the sources.
            let path = bundle::source(&workspace::root().join("www"), LOADER_FILE)?;
            let source = fs::read_to_string(&path);
            let source = source.with_context(|| format!("read {}", path.display()))?;
            let source = bundle::with_hashes(&bundle.files, &source)?;
            text = for_bundlers(&without_hashes_of_text(&source), &names)?;
        } else if name == SOCKET_FILE {
            text = of_its_page(&text)?;
        }
        *bytes = text.into_bytes();
    }
    files.insert("package.json".to_owned(), manifest().into_bytes());
    files.insert("server.js".to_owned(), SERVER.into());
    files.insert("README.md".to_owned(), README.into());
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let path = workspace::root().join(name);
        let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        files.insert(name.to_owned(), text);
    }
    Ok(files)
}

/// A bundler makes one file of many, and puts the path of its own machine where a module asks for its address. So what
/// comes in a package looks for the host where its page is.
fn of_its_page(socket: &str) -> Result<String> {
    if socket.matches(OWN_ADDRESS).count() != 1 {
        bail!("{SOCKET_FILE} must have `{OWN_ADDRESS}` in one place");
    }
    Ok(socket.replace(OWN_ADDRESS, PAGE_ADDRESS))
}

/// The widget's loader, for bundlers.
fn for_bundlers(loader: &str, names: &[String]) -> Result<String> {
    if loader.matches(OURS).count() != 1 {
        bail!("{LOADER_FILE} must have `{OURS}` in one place");
    }
    let loaded = names
        .iter()
        .map(String::as_str)
        .filter(|name| is_loaded(name));
    let loader = loader.replace(OURS, OURS_BUNDLED);
    let loader = left_alone(LOADER_FILE, &loader)?;
    with_neighbours(LOADER_FILE, &loader, loaded, WIDGETS_PLACE)
}

/// Bundlers copy a file, and give it a name of their own, where they read `new URL("./name", import.meta.url)`. So a script that
/// loads files by name gets a list of their addresses. It takes that of `place` for its own.
fn with_neighbours<'a>(
    file: &str,
    script: &str,
    names: impl Iterator<Item = &'a str>,
    place: &str,
) -> Result<String> {
    for part in [NEIGHBOUR, HERE] {
        if script.matches(part).count() != 1 {
            bail!("{file} must have `{part}` in one place");
        }
    }
    let neighbours: String = names
        .map(|name| format!("\"{name}\":new URL(\"./{name}\",import.meta.url).href,\n"))
        .collect();
    let script = script
        .replace(HERE, &format!("const here=neighbours[\"{place}\"];"))
        .replace(NEIGHBOUR, "neighbours[name] ?? new URL(name, here).href");
    Ok(format!("const neighbours={{\n{neighbours}}};\n{script}"))
}

/// A script whose imports are left to the browser: their addresses are known only when it runs.
fn left_alone(file: &str, script: &str) -> Result<String> {
    if !script.contains(IMPORT) {
        bail!("{file} must import its neighbours");
    }
    // What is written into every import would end a comment that only speaks of one.
    if script.contains("import()") {
        bail!("{file} must not write import() in a comment: say \"a dynamic import\"");
    }
    Ok(script.replace(IMPORT, LEFT_ALONE))
}

/// What bundlers copy they also make smaller, so that the hashes of scripts and sheets hold no longer; that of the wasm does.
/// An entry is `"name":"sha256-…"`, and a comma between two.
fn without_hashes_of_text(script: &str) -> String {
    const BETWEEN: &str = "\":\"sha256-";
    let mut kept = String::new();
    let mut rest = script;
    while let Some((before, hash)) = rest.split_once(BETWEEN) {
        let name = before
            .rfind('"')
            .map_or(before, |quote| &before[quote + 1..]);
        let Some((hash, after)) = hash.split_once('"') else {
            break;
        };
        if name.ends_with(".js") || name.ends_with(".css") {
            kept.push_str(&before[..before.len() - name.len() - 1]);
            rest = after.strip_prefix(',').unwrap_or(after);
        } else {
            kept.extend([before, BETWEEN, hash, "\""]);
            rest = after;
        }
    }
    kept + rest
}

/// What the widget's loader and its chunks ask for by name.
fn is_loaded(name: &str) -> bool {
    let by_hand = [
        LOADER_FILE,
        SOCKET_FILE,
        "udp-socket-simulated.js",
        "udp-echo.classic.js",
        "udp-echo-frame.js",
    ];
    let kinds = [".js", ".wasm", ".css"];
    let is_of_widget = !by_hand.contains(&name) && !run::is_of_it(name);
    kinds.iter().any(|kind| name.ends_with(kind)) && is_of_widget
}

/// The manifest. Conditions of an export count in the order in which they stand.
fn manifest() -> String {
    const MANIFEST: &str = r#"{
  "name": "udp-echo",
  "version": "VERSION",
  "description": "<udp-echo> and <udp-run>: UDP that people can watch and program, in any page",
  "license": "(MIT OR Apache-2.0) AND MIT",
  "type": "module",
  "exports": {
    ".": { "types": "./udp-echo.d.ts", "node": "./server.js", "default": "./udp-echo.js" },
    "./classic": "./udp-echo.classic.js",
    "./frame": "./udp-echo-frame.js",
    "./run": { "types": "./udp-run.d.ts", "node": "./server.js", "default": "./udp-run.js" },
    "./socket": { "types": "./udp-socket.d.ts", "default": "./udp-socket.js" },
    "./socket/simulated": { "types": "./udp-socket-simulated.d.ts", "default": "./udp-socket-simulated.js" },
    "./jsx": { "types": "./udp-echo.jsx.d.ts" },
    "./vue": { "types": "./udp-echo.vue.d.ts" },
    "./svelte": { "types": "./udp-echo.svelte.d.ts" },
    "./*": "./*"
  },
  "types": "./udp-echo.d.ts",
  "customElements": "custom-elements.json",
  "web-types": "web-types.json",
  "sideEffects": true,
  "keywords": ["udp", "custom-element", "web-component", "networking", "tutorial"]
}
"#;
    MANIFEST.replace("VERSION", env!("CARGO_PKG_VERSION"))
}

const README: &str = r#"# udp-echo

`<udp-echo>`: a UDP echo that people can watch, live through a host, or simulated in the browser.

```js
import "udp-echo";
```

```html
<udp-echo relay="ws://127.0.0.1:8000/relay" view="transcript"></udp-echo>
```

Without a host that answers, it simulates the same rules and says so. On a server that renders pages the import does nothing.
webpack and others that understand `new URL("./file", import.meta.url)` copy the wasm and the rest by themselves; Vite does so
when it builds, and wants `optimizeDeps: { exclude: ["udp-echo"] }` while it serves. Without a bundler, serve this folder as it
is and load `udp-echo.js` as a module. Attributes, methods, events and parts: `custom-elements.json`.

`<udp-run>` is a Python program that readers run and edit where it stands, on UDP sockets of their own, or simulated:

```js
import "udp-echo/run";
```

```html
<udp-run name="server.py" relay="http://127.0.0.1:8000/"><pre>import socket …</pre></udp-run>
```

Python is MicroPython, which comes with the package (`micropython-LICENSE.txt`) and is loaded by the first **Run**.
webpack warns of its size (`performance.maxAssetSize`).

Types for templates come with `import type {} from "udp-echo/jsx"` (React 19, Preact and others), `"udp-echo/vue"` or
`"udp-echo/svelte"` (Svelte 5). JetBrains' editors read `web-types.json` by themselves; VS Code reads `vscode.html-custom-data.json` when its
setting `html.customData` names it.

`UDPSocket` gives a page UDP sockets of its own, as WICG's Direct Sockets does, over the same host:

```js
import { UDPSocket } from "udp-echo/socket";

UDPSocket.host = "http://127.0.0.1:8000/";
const { readable, writable } = await new UDPSocket({ localAddress: "127.0.0.1", localPort: 10000 }).opened;
readable.pipeTo(writable); // an echo server
```
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundler_sees_every_file_and_leaves_the_imports_alone() {
        let loader = "const here = import.meta.url;\nconst near=(name)=>new URL(name, here).href;\n\
            const a=await import(near(b)),d=()=>import(near(b));\nif(error?.stack?.includes(near(\"udp-echo-\")))c();\n";
        let names = [
            "udp-run.js",
            "udp-echo.js",
            "udp-echo-a.js",
            "udp-echo-a.wasm",
            "udp-echo.d.ts",
        ];
        let names = names.map(str::to_owned);
        assert_eq!(
            for_bundlers(loader, &names).unwrap(),
            "const neighbours={\n\
             \"udp-echo-a.js\":new URL(\"./udp-echo-a.js\",import.meta.url).href,\n\
             \"udp-echo-a.wasm\":new URL(\"./udp-echo-a.wasm\",import.meta.url).href,\n};\n\
             const here=neighbours[\"udp-echo-web.js\"];\n\
             const near=(name)=>neighbours[name] ?? new URL(name, here).href;\n\
             const a=await import(/* webpackIgnore: true */ /* @vite-ignore */ near(b)),d=()=>import(/* webpackIgnore: true */ /* @vite-ignore */ near(b));\n\
             if(Object.values(neighbours).some((url)=>error?.stack?.includes(url)))c();\n"
        );
        let error = for_bundlers(&loader.replace("name, here", "name"), &names).unwrap_err();
        assert!(error.to_string().contains("new URL(name, here).href"));
    }

    #[test]
    fn sockets_from_a_package_look_for_the_host_beside_their_page_and_no_path_of_a_machine_is_built_in()
     {
        let socket = of_its_page("const M=import.meta.url,a=1;export{a};").unwrap();
        assert_eq!(
            socket,
            "const M=String(globalThis.location?.href.split(/[?#]/)[0]),a=1;export{a};"
        );
        let error = of_its_page("const a=1;").unwrap_err().to_string();
        assert!(error.contains("import.meta.url"), "{error}");
        assert!(!is_loaded(SOCKET_FILE), "the widget does not load it");
    }

    #[test]
    fn hashes_of_what_a_bundler_rewrites_are_left_out() {
        let loader =
            "h={\"a.js\":\"sha256-1=\",\"a.wasm\":\"sha256-2=\",\"a.css\":\"sha256-3=\"};f()";
        assert_eq!(
            without_hashes_of_text(loader),
            "h={\"a.wasm\":\"sha256-2=\",};f()"
        );
    }
}

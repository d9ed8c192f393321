//! Somebody's site, on an origin of its own, with the files of the bundle or without.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode, Uri};
use axum::response::IntoResponse;
use tokio::net::TcpListener;

/// The strictest policy that our documentation promises to work under; `HOST` stands for the host's origin.
pub(crate) const STRICT: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'self' HOST 'wasm-unsafe-eval'; \
    style-src 'self'; connect-src 'self' HOST WSHOST";

/// How one path is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A file of this type, which pages of any origin may read.
    pub(crate) fn file(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: StatusCode::OK,
            kind,
            headers: vec![("access-control-allow-origin", "*".to_owned())],
            body: body.into(),
        }
    }

    /// A page under a policy; an empty one stands for none.
    pub(crate) fn page(policy: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut page = Self::file("text/html; charset=utf-8", body);
        if !policy.is_empty() {
            page.headers
                .push(("content-security-policy", policy.to_owned()));
        }
        page
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        if !self.kind.is_empty() {
            response = response.header("content-type", self.kind);
        }
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response
            .body(Body::from(self.body))
            .expect("headers of a test are right")
    }
}

/// A site that is being put together; [`Site::serve`] opens it.
pub(crate) struct Site {
    listener: TcpListener,
    /// The site as the browser names it.
    pub(crate) origin: String,
    /// What there is, by its path.
    pub(crate) files: HashMap<String, Answer>,
}

impl Site {
    /// A site at `docs.example`: the test's browser looks up every name that ends in `.example` on this machine.
    pub(crate) async fn new() -> Result<Self> {
        Self::named("docs.example").await
    }

    /// A site by another name.
    pub(crate) async fn named(name: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{name}:{}", listener.local_addr()?.port());
        // A browser asks for this by itself, and would log that it is missing.
        let icon = ("/favicon.ico".to_owned(), Answer::file("image/png", ""));
        Ok(Self {
            listener,
            origin,
            files: HashMap::from([icon]),
        })
    }

    /// Puts a page at a path.
    pub(crate) fn page(&mut self, path: &str, policy: &str, body: &str) {
        self.files
            .insert(path.to_owned(), Answer::page(policy, body));
    }

    /// Puts the files of the bundle under `folder`, which ends in `/`.
    pub(crate) fn bundle(&mut self, folder: &str) -> Result<()> {
        let from = crate::places::bundle();
        self.folder(folder, &from)
            .context("read the bundle (cargo xtask bundle makes it)")
    }

    /// Puts every file below `from` under `folder`, which ends in `/`. An `index.html` stands for its folder too.
    pub(crate) fn folder(&mut self, folder: &str, from: &Path) -> Result<()> {
        for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
            let path: PathBuf = entry?.path();
            let name = path
                .file_name()
                .context("an entry has a name")?
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                self.folder(&format!("{folder}{name}/"), &path)?;
                continue;
            }
            let file = Answer::file(kind_of(&name), std::fs::read(&path)?);
            if name == "index.html" {
                self.files.insert(folder.to_owned(), file.clone());
            }
            self.files.insert(format!("{folder}{name}"), file);
        }
        Ok(())
    }

    /// Serves all of it for as long as the test runs. Returns the origin.
    pub(crate) fn serve(self) -> String {
        let files = self.files;
        let site = Router::new().fallback(async move |uri: Uri| {
            files.get(uri.path()).cloned().unwrap_or(Answer {
                status: StatusCode::NOT_FOUND,
                ..Answer::file("text/plain", format!("no {uri}"))
            })
        });
        tokio::spawn(axum::serve(self.listener, site).into_future());
        self.origin
    }
}

/// The policy [`STRICT`] for a page that loads from this host.
pub(crate) fn strict(host: &str) -> String {
    let socket = host.replacen("http", "ws", 1);
    STRICT.replace("WSHOST", &socket).replace("HOST", host)
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

//! The manifest by which a page pins what it loads: `integrity.json`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use crate::bundle::compress::is_twin;
use crate::bundle::loader::integrity;
use crate::bundle::site::Files;

/// Adds the manifest of what lies at the top: the path that never changes, and a hash for each file below it, as the attribute `integrity` takes it.
pub(super) fn add(files: &mut Files, version: &str) -> Result<()> {
    let hashes: BTreeMap<&str, String> = files
        .iter()
        .filter(|(name, _)| !name.contains('/') && !name.ends_with(".html") && !is_twin(name))
        .map(|(name, bytes)| (name.as_str(), integrity(bytes)))
        .collect();
    let manifest = json!({ "version": version, "path": format!("v/{version}/"), "files": hashes });
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    files.insert("integrity.json".to_owned(), manifest);
    Ok(())
}

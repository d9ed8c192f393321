//! The widget, and programs, in a stranger's page: keys, policies, sizes, direction, theme, input methods and copying.

mod appearance;
mod copying;
mod hostile;
mod keys;
mod markup;
mod programs;

use anyhow::Result;

use crate::embed::site::Site;

/// A stranger's page with this policy, this in its head and this in its body. The bundle is in `/`.
async fn stranger(policy: &str, head: &str, body: &str) -> Result<String> {
    let mut site = Site::new().await?;
    site.bundle("/")?;
    // The pages of the bundle, such as a program's frame, find the rest there.
    let version = String::from_utf8(site.files["/version"].body.clone())?;
    site.bundle(&format!("/v/{version}/"))?;
    let start = "<!doctype html><title>t</title><script type=module src=/udp-echo.js></script>";
    site.page("/stranger", policy, &[start, head, body].concat());
    Ok(format!("{}/stranger", site.serve()))
}

//! axe-core's rules on a page as it stands: whether people who do not see it, or have no mouse, can use it.

use std::fs;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use crate::page::{Page, Scheme};
use crate::places::tools;

/// Runs every rule, the advice on good practice too, through open shadow roots, and hands over what is violated.
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        ({ violations, passes }) => done({
            passes: passes.length,
            // A server is no role of ARIA: browsers pass over it, and what is inside says what it is.
            violations: violations.filter(({ id, nodes }) => id !== 'aria-roles'
                || !nodes.every(({ html }) => /^<udp-echo[^>]* role=\"(server|client)\"/.test(html))).map(({ id, help, nodes }) => [id, help, ...nodes.slice(0, 5).map(({ target, failureSummary }) =>
                `${target.flat().join(' ')}: ${failureSummary}`)].join('\\n  ')),
        }),
        (error) => done({ failed: String(error) }));";

/// The rules, as npm has them.
fn rules() -> Result<&'static str> {
    static RULES: OnceLock<String> = OnceLock::new();
    if let Some(rules) = RULES.get() {
        return Ok(rules);
    }
    let path = tools().join("node_modules/axe-core/axe.min.js");
    let rules = fs::read_to_string(&path)
        .with_context(|| format!("read {} (cargo xtask needs fetches it)", path.display()))?;
    Ok(RULES.get_or_init(|| rules))
}

/// Fails when what the page shows now violates a rule, and says which, where, and what would mend it.
pub(crate) async fn assert_accessible(page: &Page, view: &str) -> Result<()> {
    // The driver brings it in, so that no policy of the page forbids it.
    let result = page
        .script_that_calls_back(&format!("{}\n{RUN}", rules()?))
        .await?;
    ensure!(result["failed"].is_null(), "axe on {view}: {result}");
    let violations: Vec<String> = serde_json::from_value(result["violations"].clone())?;
    ensure!(
        violations.is_empty(),
        "axe on {view}:\n{}",
        violations.join("\n")
    );
    // Rules that apply to nothing have judged nothing.
    let passes = result["passes"].as_u64().unwrap_or_default();
    ensure!(passes > 5, "axe on {view}: only {passes} rules applied");
    Ok(())
}

/// As [`assert_accessible`], in dark in a narrow window and in light in a wide one.
pub(crate) async fn assert_accessible_in_both_schemes(page: &Page, view: &str) -> Result<()> {
    for (scheme, width) in [(Scheme::Dark, 390), (Scheme::Light, 1280)] {
        page.emulate(width, 900, scheme).await?;
        // Colours change with the next frame, and the widget follows its page's.
        page.frames(2).await?;
        assert_accessible(page, &format!("{view}, {}", scheme.word())).await?;
    }
    Ok(())
}

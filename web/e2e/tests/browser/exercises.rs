//! The exercises below the experiments: what a check says, what it unlocks, what is remembered, and when any of it loads.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, Scheme};
use crate::places::node;
use test_support::host::TestServer;

/// Opens the page at an exercise, and waits until it can be checked.
pub(crate) async fn open(page: &Page, host: &TestServer, query: &str, name: &str) -> Result<()> {
    page.open(&format!("http://{}/{query}#exercise-{name}", host.http()))
        .await?;
    page.wait_for(
        "the exercise",
        &format!(
            "const card = document.getElementById('exercise-{name}');
             return location.search === '{query}' && card?.open && document.querySelector('#exercises .tally') && card.querySelector('udp-run').shadowRoot !== null"
        ),
    )
    .await?;
    Ok(())
}

/// Presses Check, and waits for the verdict.
pub(crate) async fn check(page: &Page, name: &str, verdict: &str) -> Result<()> {
    press_check(page, name).await?;
    page.wait_for(
        &format!("{verdict:?}"),
        &format!(
            "return document.querySelector('#exercise-{name} .verdict').textContent === {}",
            json!(verdict)
        ),
    )
    .await?;
    Ok(())
}

/// Presses the button, wherever the page has scrolled to.
async fn press_check(page: &Page, name: &str) -> Result<()> {
    page.script(&format!(
        "document.querySelector('#exercise-{name} .check').click()"
    ))
    .await?;
    Ok(())
}

/// The cases with their states, and what stands below each.
async fn cases(page: &Page, name: &str) -> Result<Value> {
    page.script(&format!(
        "return [...document.querySelectorAll('#exercise-{name} .cases > li')].map((one) =>
             [one.querySelector('b').textContent, one.querySelector('span').textContent, one.querySelector('p')?.textContent ?? '',
              ...[...one.querySelectorAll('dd')].map((dd) => dd.textContent)])"
    ))
    .await
}

#[test]
fn solutions_pass_and_what_beginners_write_fails_and_hears_why() {
    node(&["--test", "web/e2e/tests/exercises/"]);
}

async fn a_check_tells(browser: Browser) {
    let host = TestServer::start(&[]).await;
    in_browser(browser, async |page| {
        open(page, &host, "", "pinger").await?;
        let solution = "const card = document.getElementById('exercise-pinger');
             return [card.querySelector('.locked').checkVisibility(), card.querySelector('.solution').checkVisibility()]";
        ensure!(page.script(solution).await? == json!([true, false]), "the solution shows before a try");
        check(page, "pinger", "0 of 5 cases passed.").await?;
        let found = cases(page, "pinger").await?;
        ensure!(
            found[0] == json!(["failed", "A link that loses nothing", "The line that counts them is missing. 20 of 20 pings were answered in time, so 0 were lost.", "20 sent, 20 received, 0 % lost", found[0][4]]),
            "{found}"
        );
        ensure!(found[0][4].as_str().is_some_and(|line| line.starts_with("ping 20: ")), "{found}");
        ensure!(
            found[1][2].as_str().is_some_and(|said| said.starts_with("pinger.py waits for ever. The last datagram came to it at ")),
            "{found}"
        );
        // All that happened can be looked up.
        page.script("document.querySelector('#exercise-pinger .cases > li:nth-of-type(2) .record summary').click()").await?;
        let rows = page
            .script("return [...document.querySelectorAll('#exercise-pinger .cases > li:nth-of-type(2) tbody tr')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim())")
            .await?;
        ensure!(rows.as_array().is_some_and(|rows| rows.iter().any(|row| row.as_str().is_some_and(|row| row.ends_with("pinger.py → b'ping 2' lost on the link")))), "{rows}");

        ensure!(page.script(solution).await? == json!([false, true]));
        page.script("document.querySelector('#exercise-pinger .solution summary').click()").await?;
        page.wait_for("the solution", "return document.querySelector('#exercise-pinger .solution code')?.textContent.includes('settimeout')").await?;
        page.script("document.querySelector('#exercise-pinger .solution button').click()").await?;
        check(page, "pinger", "All 5 cases passed. The exercise is done.").await?;
        let done = "return [document.querySelector('#exercises .tally').textContent, document.querySelector('#exercise-pinger > summary').textContent.includes('✓ done')]";
        let kept = json!(["1 of 4 exercises done. This browser remembers it; nobody else is told. Forget what I have done", true]);
        ensure!(page.script(done).await? == kept);
        // Another visit of the same browser.
        open(page, &host, "?again", "pinger").await?;
        ensure!(page.script(done).await? == kept);
        let program = "return document.getElementById('exercise-pinger-program').program";
        let restored = page.script(program).await?;
        ensure!(restored.as_str().is_some_and(|text| text.contains("settimeout")), "{restored}");
        page.script("document.getElementById('exercise-pinger-program').reset()").await?;
        let first = page.script(program).await?;
        ensure!(first.as_str().is_some_and(|text| !text.contains("settimeout")), "{first}");
        page.script("document.querySelector('#exercises .tally button').click()").await?;
        let forgotten = page.script(done).await?;
        ensure!(forgotten[1] == false, "{forgotten}");
        ensure!(page.script(solution).await? == json!([true, false]));
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_check_names_the_case_that_fails_and_what_it_saw_and_unlocks_the_solution() {
    a_check_tells(Browser::Chromium).await;
}

#[tokio::test]
async fn a_check_tells_the_same_in_firefox() {
    a_check_tells(Browser::Firefox).await;
}

#[tokio::test]
async fn two_programs_of_the_reader_are_checked_together() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "", "wait").await?;
        check(page, "wait", "0 of 5 cases passed.").await?;
        let found = cases(page, "wait").await?;
        let said = found[0][2].as_str().context("a sentence")?;
        ensure!(said.starts_with("Stop and wait: the next message leaves when the one before is acknowledged. 19 messages left before anything came back"), "{found}");
        page.script("document.querySelector('#exercise-wait .solution summary').click()").await?;
        page.wait_for("the solution", "return document.querySelectorAll('#exercise-wait .solution code').length === 2").await?;
        page.script("document.querySelector('#exercise-wait .solution button').click()").await?;
        check(page, "wait", "All 5 cases passed. The exercise is done.").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_program_that_never_waits_is_stopped_with_the_check() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "", "count").await?;
        page.script("document.getElementById('exercise-count-program').program = 'while True: pass\\n'").await?;
        press_check(page, "count").await?;
        page.wait_for("the first case", "return document.querySelector('#exercise-count .cases b')?.textContent === 'running …'").await?;
        press_check(page, "count").await?;
        page.wait_for("the end", "return document.querySelector('#exercise-count .verdict').textContent === 'Stopped. 0 of 5 cases passed.'").await?;
        ensure!(page.script("return document.querySelector('#exercise-count .check').textContent").await? == "Check");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_program_of_an_exercise_runs_on_real_sockets_beside_the_other_side() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "", "pinger").await?;
        let run = "const root = document.getElementById('exercise-pinger-program').shadowRoot; const part = (name) => root.querySelector(`[part=${name}]`);";
        page.script(&format!("{run} part('both').click()")).await?;
        page.wait_for(
            "an answer",
            &format!("{run} return part('output').textContent.startsWith('ping 1: ') && part('mode').textContent === 'on real sockets of the host'"),
        )
        .await?;
        page.script(&format!("{run} part('stop').click()")).await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// What has been loaded so far of the exercises, and of what their checks need.
const LOADED: &str =
    "return performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop())
    .filter((name) => /^exercises?-|exercises\\.js|micropython|machine/.test(name))";

#[tokio::test]
async fn nothing_of_the_exercises_loads_before_the_reader_comes_near_and_no_interpreter_before_a_check()
 {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        page.open(&format!("http://{}/", host.http())).await?;
        page.wait_for_state("live").await?;
        page.wait_for_network_silence().await?;
        let loaded = page.script(LOADED).await?;
        ensure!(loaded == json!([]), "{loaded}");
        page.script("document.getElementById('exercises').scrollIntoView({ behavior: 'instant' })")
            .await?;
        page.wait_for(
            "the exercises",
            "return document.querySelectorAll('#exercises .check').length === 4",
        )
        .await?;
        let loaded = page.script(LOADED).await?;
        let heavy = |name: &Value| {
            name.as_str()
                .is_some_and(|name| name.contains("micropython") || name.contains("machine"))
        };
        ensure!(
            !loaded.as_array().context("a list")?.iter().any(heavy),
            "{loaded}"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_teachers_link_has_a_seed_that_gives_everybody_the_same_losses() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let solution = "const done = arguments[arguments.length - 1];
             fetch('./exercise-pinger-solution.py').then((response) => response.text()).then((text) => {
                 document.getElementById('exercise-pinger-program').program = text; done(true); })";
        let mut seen = Vec::new();
        for query in ["?seed=7", "?seed=7&again", "?seed=8"] {
            open(page, &host, query, "pinger").await?;
            page.script_that_calls_back(solution).await?;
            check(page, "pinger", "All 5 cases passed. The exercise is done.").await?;
            let lab = page.script("return [document.querySelector('.seed').textContent, JSON.parse(document.getElementById('exercise-pinger-program').getAttribute('lab')).seed]").await?;
            seen.push(lab);
        }
        ensure!(seen[0] == json!(["This link has seed 7: everybody who follows it gets the same losses.", 7]), "{seen:?}");
        ensure!(seen[0] == seen[1] && seen[2][1] == 8, "{seen:?}");
        open(page, &host, "?seed=seven", "pinger").await?;
        let said = page.script("return document.querySelector('.seed').textContent").await?;
        ensure!(said == "The seed “seven” of this link is no whole number from 0 to 999999999. The exercises use seed 1.", "{said}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn the_worker_of_a_check_loads_modules_of_the_host_and_connects_to_nobody() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!("http://{}/", host.http())).await?;
        let policy = page
            .script_that_calls_back(
                "const done = arguments[arguments.length - 1];
                 fetch('/exercises-worker.js').then(({ headers }) => done([headers.get('content-security-policy')]))",
            )
            .await?;
        ensure!(policy == json!(["default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"]), "{policy}");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn everybody_can_read_and_check_an_exercise() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        open(page, &host, "", "count").await?;
        check(page, "count", "0 of 5 cases passed.").await?;
        page.script("for (const one of document.querySelectorAll('#exercise-count details')) one.open = true").await?;
        page.wait_for("the solution", "return document.querySelector('#exercise-count .solution code')").await?;
        assert_accessible_in_both_schemes(page, "an exercise that was checked").await?;
        page.emulate(390, 900, Scheme::Light).await?;
        let over = page.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await?;
        ensure!(over == 0, "{over} pixels too wide");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

//! The reference page: drawn from the catalogue, in which nothing is missing, and alive.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::site::Site;
use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::page::{Page, Scheme};
use crate::pictures::pictures;
use test_support::host::TestServer;

/// The places of the elements in the catalogue.
const WIDGET: usize = 0;
const PROGRAM: usize = 1;

fn element(module: usize) -> Value {
    let text = include_str!("../../../../../www/element/custom-elements.json");
    let catalogue: Value = serde_json::from_str(text).expect("the catalogue is JSON");
    catalogue["modules"][module]["declarations"][0].clone()
}

fn catalogue() -> Value {
    element(WIDGET)
}

/// Names of one list of the widget, sorted.
pub(super) fn names(list: &str) -> Vec<String> {
    names_of(WIDGET, list)
}

/// Names of one list of `<udp-run>`, sorted.
pub(super) fn names_of_programs(list: &str) -> Vec<String> {
    names_of(PROGRAM, list)
}

fn names_of(module: usize, list: &str) -> Vec<String> {
    let element = element(module);
    let items = element[list].as_array().expect("a list");
    let mut names: Vec<_> = items
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect();
    names.sort();
    names
}

/// Opens the page of a host and waits until it is drawn.
async fn open(page: &Page, host: &TestServer, name: &str) -> Result<()> {
    page.open(&format!("http://{}/{name}", host.http())).await?;
    let drawn = "return 'drawn' in document.documentElement.dataset";
    page.wait_for("the page to be drawn", drawn).await?;
    Ok(())
}

#[tokio::test]
async fn every_entry_of_the_catalogue_is_on_the_page_with_an_example_that_runs() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "reference.html").await?;
        let lists = [
            ("attributes", "attributes"),
            ("methods", "members"),
            ("events", "events"),
            ("parts", "cssParts"),
            ("properties", "cssProperties"),
            ("states", "cssStates"),
        ];
        for (section, list) in lists {
            let shown = format!(
                "return [...document.querySelectorAll('[data-list={section}] [data-name]')].map((entry) => entry.dataset.name).sort()"
            );
            ensure!(page.script(&shown).await? == json!(names(list)), "{section}");
            if ["properties", "states"].contains(&section) {
                continue;
            }
            let shown = shown.replace("data-list=", "data-list=run-");
            ensure!(page.script(&shown).await? == json!(names_of(PROGRAM, list)), "run-{section}");
        }
        // Each row shows its example, which is the only one, runs, and opens no socket.
        let shown = page.script("return document.querySelectorAll('.show').length").await?;
        ensure!(shown.as_u64() > Some(25), "only {shown} rows have an example");
        for place in 0..shown.as_u64().unwrap_or_default() {
            // One that waits for a click is told.
            let name = page
                .script(&format!(
                    "const button = document.querySelectorAll('.show')[{place}];
                     button.click();
                     document.querySelector('#example udp-echo').connect();
                     return button.ariaLabel"
                ))
                .await?;
            let runs = "const [example, ...others] = document.querySelectorAll('udp-echo');
                return !others.length && example.state === example.mode";
            page.wait_for(&format!("{name}: one example that runs"), runs).await?;
        }
        ensure!(host.sessions() == 0, "an example opened a session");
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn without_javascript_all_of_the_catalogue_stands_there_to_read() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/").unwrap();
    let html = site.files["/reference.html"].body.clone();
    let html = String::from_utf8(html).unwrap();
    site.page("/", "script-src 'none'", &html);
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let lists = ["attributes", "members", "events", "cssParts", "cssProperties", "cssStates"];
        let mut all: Vec<String> = lists.into_iter().flat_map(names).collect();
        all.extend(lists[..4].iter().flat_map(|list| names_of(PROGRAM, list)));
        all.sort();
        let shown = page
            .script("return [...document.querySelectorAll('dt code')].filter((name) => name.checkVisibility()).map((name) => name.textContent).filter((name) => name !== 'error').sort()")
            .await?;
        // A part and a slot have this name.
        all.retain(|name| name != "error");
        ensure!(shown == json!(all), "{shown}");
        pictures(page, "reference-plain", None).await?;
        // The browser tells that it ran no script.
        page.console().await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn methods_run_events_are_heard_and_a_part_a_property_and_a_state_are_seen() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "reference.html").await?;
        let mut methods = names("members");
        methods.retain(|name| name != "state");
        // One comes first, for only what is in sight begins by itself; the other last, for what has left says nothing more.
        methods.sort_by_key(|name| (name == "disconnect", name != "connect"));
        for name in methods {
            page.script(&format!(
                "document.querySelector('[data-list=methods] [data-name={name}] button').click()"
            ))
            .await?;
            let said = format!(
                "return document.querySelector('#example .log').textContent.includes('{name}: ')"
            );
            page.wait_for(&name, &said).await?;
        }
        page.script(
            "document.querySelector('[data-list=events] .show').click();
             document.querySelector('#example udp-echo').burst(20)",
        )
        .await?;
        page.wait_for(
            "the events of a burst",
            "const said = document.querySelector('#example .log').textContent;
             return ['udp-ready', 'udp-state', 'udp-sent', 'udp-echoed', 'udp-stats'].every((name) => said.includes(`${name} {`))",
        )
        .await?;

        let parts = "const widget = document.querySelector('#example udp-echo');";
        page.script("document.querySelector('[data-list=parts] [data-name=send] .show').click()").await?;
        page.wait_for(
            "the outline of a part",
            &format!("{parts} const send = widget.shadowRoot.querySelector('[part~=send]');
                return send && getComputedStyle(send).outlineWidth === '3px'"),
        )
        .await?;
        page.script("document.querySelector('[data-list=parts] [data-name=toolbar] .show').click()").await?;
        page.wait_for(
            "the outline of a part of a panel, which comes with its view",
            &format!("{parts} const toolbar = widget.shadowRoot.querySelector('[part=toolbar]');
                return toolbar && getComputedStyle(toolbar).outlineWidth === '3px'"),
        )
        .await?;

        page.script(
            "const input = document.querySelector('[data-list=properties] [data-name=\"--udp-echo-ink\"] input');
             input.value = '#123456';
             input.dispatchEvent(new Event('input'))",
        )
        .await?;
        page.wait_for(
            "ink of another colour",
            "const frame = document.querySelector('#example udp-echo').shadowRoot?.querySelector('[part=frame]');
             return frame && getComputedStyle(frame).color === 'rgb(18, 52, 86)'",
        )
        .await?;
        page.wait_for(
            "the state",
            "const is = (name) => document.querySelector(`[data-list=states] [data-name=${name}] .now`).textContent === '● now';
             return is('simulated') && !is('live')",
        )
        .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// Height of the page in pixels beyond which nobody finds anything; it had 14,000 with a widget for each entry.
const HIGHEST: u64 = 8_000;

#[tokio::test]
async fn one_example_stays_beside_the_tables_and_in_narrow_windows_below_the_row_that_was_chosen() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.emulate(1280, 900, Scheme::Light).await?;
        open(page, &host, "reference.html").await?;
        let height = page.script("return document.documentElement.scrollHeight").await?;
        ensure!(height.as_u64() < Some(HIGHEST), "{height} pixels");
        let choose = "const row = document.querySelector('[data-list=methods] [data-name=reset]');
            row.scrollIntoView({ block: 'center' });
            row.querySelector('button').click()";
        page.script(choose).await?;
        let beside = "const { top, left } = document.querySelector('#example').getBoundingClientRect();
            return top >= 0 && top < 100 && left > document.querySelector('.lists').getBoundingClientRect().right - 1";
        page.wait_for("the example beside the row", beside).await?;
        page.emulate(390, 900, Scheme::Light).await?;
        page.wait_for(
            "the example below the row",
            "return document.querySelector('[data-name=reset] + .below #example udp-echo')",
        )
        .await?;
        page.emulate(1280, 900, Scheme::Light).await?;
        page.wait_for("the example beside the tables again", "return document.querySelector('main > #example udp-echo')")
            .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn reference_and_snippets_fit_their_window_and_pass_axe() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        for name in ["reference", "snippets"] {
            open(page, &host, &format!("{name}.html")).await?;
            page.script("document.querySelectorAll('udp-echo:not([loading])').forEach((example) => example.connect())")
                .await?;
            page.wait_for(
                "the examples",
                "return [...document.querySelectorAll('udp-echo:not([loading])')].every(({ state, mode }) => state === mode)",
            )
            .await?;
            pictures(page, name, None).await?;
            assert_accessible_in_both_schemes(page, name).await?;
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// What the loader observes, what the types say, and what the style sheet reads: the catalogue has it, and nothing else.
#[test]
fn the_catalogue_has_every_attribute_property_and_state_of_the_code() {
    let sheet = include_str!("../../../../../www/element/udp-echo.css");
    let mut read: Vec<&str> = sheet
        .split("var(--udp-echo-")
        .skip(1)
        .filter_map(|rest| rest.split([',', ')']).next())
        // The size of the text around the element, which the element takes from the page and no author sets.
        .filter(|name| *name != "em")
        .collect();
    read.sort_unstable();
    read.dedup();
    let read: Vec<String> = read
        .iter()
        .map(|name| format!("--udp-echo-{name}"))
        .collect();
    assert_eq!(names("cssProperties"), read);
    let catalogue = catalogue();
    for property in catalogue["cssProperties"].as_array().expect("a list") {
        let word = |key: &str| property[key].as_str().expect("a word");
        let declared = format!("var({}, {})", word("name"), word("default"));
        assert!(sheet.contains(&declared), "{declared}");
    }

    let loader = include_str!("../../../../../www/element/udp-echo.js");
    let between = |start: &str, end: &str| {
        let rest = loader.split(start).nth(1).expect("the loader has states");
        rest.split(end).next().unwrap_or_default()
    };
    let mut states: Vec<&str> = between(
        "states?.clear();\n      if (/",
        "/.test(this.#state)) states?.add(this.#state)",
    )
    .split('|')
    .collect();
    states.push(between("states?.add(\"", "\")"));
    states.sort_unstable();
    assert_eq!(names("cssStates"), states);

    let types = include_str!("../../../../../www/element/udp-echo.d.ts");
    let element = types
        .split("interface UdpEchoElement extends HTMLElement {\n")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .expect("the types have the element");
    let mut typed: Vec<&str> = element
        .lines()
        .map(|line| line.trim_start().trim_start_matches("readonly "))
        // Comments.
        .filter(|line| !line.starts_with(['/', '*']))
        .filter_map(|line| line.split([':', '(', '?']).next())
        .collect();
    typed.sort_unstable();
    let fields = catalogue["attributes"].as_array().expect("attributes");
    let fields = fields
        .iter()
        .map(|item| item["fieldName"].as_str().expect("a field"));
    let members = names("members");
    let mut named: Vec<&str> = fields.chain(members.iter().map(String::as_str)).collect();
    named.sort_unstable();
    assert_eq!(typed, named);
}

/// What the code of `<udp-run>` reads, dispatches and names: the catalogue and the types have it, and nothing else.
#[test]
fn the_catalogue_has_every_attribute_method_event_and_part_of_a_program() {
    let code = include_str!("../../../../../www/run/udp-run.js");
    let types = include_str!("../../../../../www/run/udp-run.d.ts");
    let quoted = |starts: &[&str]| -> Vec<String> {
        let found = starts.iter().flat_map(|start| code.split(start).skip(1));
        let mut found: Vec<String> = found
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect();
        found.sort();
        found.dedup();
        found
    };
    let attributes = quoted(&[
        "this.getAttribute(\"",
        "this.hasAttribute(\"",
        "isSet(this, \"",
    ]);
    assert_eq!(names_of(PROGRAM, "attributes"), attributes);
    let events = quoted(&["new CustomEvent(\""]);
    let mut known = names_of(PROGRAM, "events");
    known.sort();
    assert_eq!(known, events);
    for event in events {
        assert!(types.contains(&format!("\"{event}\"")), "{event}");
    }
    let made = code.split("made(\"").skip(1);
    let mut parts: Vec<String> = made
        // Its kind, and what it is called.
        .filter_map(|rest| match rest.split('"').collect::<Vec<_>>()[..] {
            [_, ", ", part, ..] => Some(part.to_owned()),
            _ => None,
        })
        .chain(quoted(&["button(\""]))
        .chain(["editor".to_owned()])
        .collect();
    parts.sort();
    assert_eq!(names_of(PROGRAM, "cssParts"), parts);
    for member in names_of(PROGRAM, "members") {
        let declared = [format!("  {member}("), format!(" {member}: ")];
        assert!(declared.iter().any(|it| types.contains(it)), "{member}");
        let own = [
            format!("  {member}("),
            format!("  async {member}("),
            format!("  get {member}("),
        ];
        assert!(own.iter().any(|it| code.contains(it)), "{member}");
    }
}

#[test]
fn no_page_of_ours_has_a_script_or_a_style_inside() {
    for (name, page) in [
        (
            "reference",
            include_str!("../../../../../www/reference/reference.html"),
        ),
        (
            "snippets",
            include_str!("../../../../../www/maker/snippets.html"),
        ),
        ("index", include_str!("../../../../../www/page/index.html")),
        ("embed", include_str!("../../../../../www/frame/embed.html")),
    ] {
        for inline in ["<style", " style=", " onclick=", " onload="] {
            assert!(!page.contains(inline), "{name}.html has {inline:?}");
        }
        for script in page.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').expect("a tag ends");
            assert!(
                tag.contains("src=") && rest.starts_with("</script>"),
                "{name}.html: {tag}"
            );
        }
    }
}

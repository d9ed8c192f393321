//! How the element behaves in a page: attributes, methods, events, many at once, moved about, in a frame.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::put_snippet;
use super::site::Site;
use crate::browser::in_chromium;
use test_support::host::TestServer;

/// A site with the bundle in `/udp/` and this in its body.
pub(super) async fn site(body: &str) -> Result<String> {
    let mut site = Site::new().await?;
    site.bundle("/udp/")?;
    let head = "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>";
    site.page("/", "", &format!("{head}{body}"));
    Ok(site.serve())
}

#[tokio::test]
async fn ten_on_a_page_load_one_module_and_only_those_in_sight_begin() {
    let one = "<udp-echo mode=simulated></udp-echo><div style='height: 200vh'></div>";
    let origin = site(&one.repeat(10)).await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        let begun = "return [...document.querySelectorAll('udp-echo')].map((one) => one.state).filter((state) => state !== 'idle').length";
        ensure!(page.script(begun).await? == 1, "others began unseen");
        page.script("document.querySelectorAll('udp-echo').forEach((one) => one.connect())").await?;
        page.wait_for("all ten", &format!("return (() => {{ {begun} }})() === 10")).await?;
        let loads = "return performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop()).filter((name) => name.endsWith('.wasm')).sort()";
        let loads = page.script(loads).await?;
        // The core, and the chunk with the host that needs no network: each once.
        ensure!(loads == json!(["udp-echo-simulator_bg.wasm", "udp-echo-web_bg.wasm"]), "{loads}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_view_loads_the_chunks_it_shows_and_no_others() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/udp/").unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    let loader =
        "<!doctype html><title>t</title><script type=module src=/udp/udp-echo.js></script>";
    let element = format!(
        "<udp-echo mode=live relay='http://{}'></udp-echo>",
        host.http()
    );
    site.page("/", "", &[loader, &element].concat());
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("live").await?;
        let loads = "return performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop()).filter((name) => /udp-echo-(picture|lab|bytes|motion|simulator|runs)/.test(name)).sort()";
        let needless = page.script(loads).await?;
        ensure!(needless == json!([]), "chunks that nobody needs: {needless}");
        page.script("document.querySelector('udp-echo').send('before the chunks')").await?;
        page.wait_for_in_widget("the echo", "tr[data-fate=echoed]").await?;
        page.wait_for_in_widget("the dots, which come after the first echo", "[part=dot]").await?;
        // What goes on when the host is gone is there before, for its files go with it.
        page.wait_for("what stands in for a host", &format!("return (() => {{ {loads} }})().filter((name) => name.includes('simulator')).length === 2")).await?;
        page.script("document.querySelector('udp-echo').view = 'full'").await?;
        // What happened before a panel was there is told to it.
        page.wait_for_in_widget("the picture", "[data-ref=picture] line[data-number='1']").await?;
        let hex = "return document.querySelector('udp-echo').shadowRoot.querySelector('[data-ref=bytes] [part=hex]')?.value";
        page.wait_for("the bytes", hex).await?;
        page.wait_for_in_widget("the lab", "[data-ref=lab] input[data-field]").await?;
        let kinds = [".css", ".js", "_bg.wasm"];
        let all = ["bytes", "lab", "motion", "picture"].map(|chunk| kinds.map(|kind| format!("udp-echo-{chunk}{kind}")));
        let loaded = page.script(loads).await?;
        // It has no style sheet.
        let spare = [".js", "_bg.wasm"].map(|kind| format!("udp-echo-simulator{kind}"));
        ensure!(loaded == json!([&all.concat()[..], &spare[..]].concat()), "{loaded}");
        // The link is the session's own, through the panel.
        page.in_widget(
            "const loss = root.querySelector('[data-ref=lab] input[data-field=\"0\"]');
             loss.value = '100';
             loss.dispatchEvent(new Event('input', { bubbles: true }));",
        )
        .await?;
        page.wait_for("the netem line", "return document.querySelector('udp-echo').shadowRoot.querySelector('[data-ref=netem-there]').textContent.includes('loss 100%')").await?;
        page.script("document.querySelector('udp-echo').send('to be lost')").await?;
        page.wait_for_in_widget("the loss", "tr[data-number='2'][data-fate=dropped]").await?;
        page.wait_for_in_widget("the loss in the picture", "[data-ref=picture] line[part~=lost][data-number='2']").await?;
        page.script("document.querySelector('udp-echo').view = 'transcript'").await?;
        page.wait_for_in_widget("no panel", "[data-ref=lab][hidden]:empty").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn methods_send_events_tell_and_a_run_is_exported_and_replayed() {
    let origin = site("<udp-echo mode=simulated loss='0 0' seed=7></udp-echo>")
        .await
        .unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        page.script(
            "globalThis.seen = [];
             const element = document.querySelector('udp-echo');
             for (const name of ['udp-sent', 'udp-echoed', 'udp-lost'])
                 document.addEventListener(name, ({ detail }) => seen.push([name, detail.number, detail.fate]));
             element.send('one');
             element.burst(2, 50, new Uint8Array([0, 255]));
             element.send('');",
        )
        .await?;
        page.wait_for("four fates", "return seen.length === 8").await?;
        let lost = page.script("return seen.filter(([name]) => name === 'udp-lost')").await?;
        ensure!(lost == json!([["udp-lost", 3, "unanswered"]]), "{lost}");
        page.script("document.querySelector('udp-echo').export().then((run) => globalThis.run = run)").await?;
        page.wait_for("the run", "return globalThis.run").await?;
        page.script(
            "const script = document.createElement('script');
             script.type = 'application/json';
             script.textContent = run;
             const again = document.createElement('udp-echo');
             again.mode = 'replay';
             again.append(script);
             document.querySelector('udp-echo').replaceWith(again);",
        )
        .await?;
        page.wait_for_state("replay").await?;
        page.wait_for_in_widget("the empty datagram again", "tr[data-number='3'][data-fate=unanswered]").await?;
        let detail = page.in_widget("return root.querySelector('[part=detail]').textContent").await?;
        ensure!(detail.as_str().is_some_and(|text| text.contains("a simulated run")), "{detail}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn after_a_disconnect_the_run_is_still_exported_and_a_connect_begins_again() {
    let origin = site("<udp-echo mode=simulated></udp-echo>").await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        page.script(
            "globalThis.states = [];
             globalThis.element = document.querySelector('udp-echo');
             element.addEventListener('udp-state', ({ detail }) => states.push(detail.state));
             element.send('kept')",
        )
        .await?;
        page.wait_for_in_widget("the echo", "tr[data-fate=echoed]")
            .await?;
        // At once, and again when it has come to rest.
        let export = "element.export().then((run) => globalThis.run = run)";
        page.script(&format!("element.disconnect(); {export}"))
            .await?;
        let kept = "return globalThis.run?.includes('\"text\":\"kept\"')";
        page.wait_for("the run", kept).await?;
        page.wait_for("the end", "return element.state === 'idle'")
            .await?;
        page.script(&format!("delete globalThis.run; {export}"))
            .await?;
        page.wait_for("the run at rest", kept).await?;
        // Who sends now waits for the connection.
        page.script("element.connect(); element.send('again')")
            .await?;
        page.wait_for_in_widget("the second echo", "tr[data-number='2'][data-fate=echoed]")
            .await?;
        let states = page.script("return states").await?;
        ensure!(
            states == json!(["idle", "connecting", "simulated"]),
            "{states}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn two_versions_on_a_page_do_not_clash_and_the_first_stays() {
    let mut site = Site::new().await.unwrap();
    site.bundle("/1/").unwrap();
    site.bundle("/2/").unwrap();
    // The second knows its files by an address of its own, and is a classic script.
    let body = "<!doctype html><title>t</title>
        <script type=module>import '/1/udp-echo.js'; globalThis.first = customElements.get('udp-echo')</script>
        <script async src=/2/udp-echo.classic.js></script>
        <script type=module src=/2/udp-echo.js></script>
        <udp-echo mode=simulated></udp-echo><udp-echo mode=simulated></udp-echo>";
    site.page("/", "", body);
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.script("document.querySelectorAll('udp-echo').forEach((one) => { one.connect(); one.send('here') })").await?;
        let both = "return [...document.querySelectorAll('udp-echo')].every((one) => one.shadowRoot.querySelector('tr[data-fate=echoed]'))";
        page.wait_for("an echo in both", both).await?;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn on_paper_stands_what_the_author_wrote() {
    let body = "<udp-echo mode=simulated><pre>a transcript</pre></udp-echo>";
    let origin = site(body).await.unwrap();
    let shown = "const frame = root.querySelector('[part=frame]');
        return [document.querySelector('pre').checkVisibility(), frame.checkVisibility()]";
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        let screen = page.in_widget(shown).await?;
        ensure!(screen == json!([false, true]), "on the screen: {screen}");
        page.emulate_print().await?;
        let paper = page.in_widget(shown).await?;
        ensure!(paper == json!([true, false]), "on paper: {paper}");
        let height =
            "const { height } = document.querySelector('udp-echo').getBoundingClientRect();
            return height <= document.querySelector('pre').offsetHeight + 40";
        ensure!(
            page.script(height).await? == true,
            "room for what is not printed"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_language_is_the_authors_outside_and_english_inside() {
    let body = "<script>document.documentElement.lang = 'de'</script>
        <udp-echo mode=simulated lang=fr><p>un écho</p></udp-echo>";
    let origin = site(body).await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        let languages = page
            .in_widget(
                "const of = (node) => node.closest('[lang]').lang;
                 return [of(document.body), of(document.querySelector('udp-echo p')), of(root.querySelector('[part=badge]'))]",
            )
            .await?;
        ensure!(languages == json!(["de", "fr", "en"]), "{languages}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_element_that_is_moved_keeps_its_run_and_the_theme_follows_the_page() {
    let body = "<main><udp-echo mode=simulated></udp-echo></main><aside></aside>";
    let origin = site(body).await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("simulated").await?;
        page.script("document.querySelector('udp-echo').send('kept')")
            .await?;
        page.wait_for_in_widget("the echo", "tr[data-fate=echoed]")
            .await?;
        page.script("document.querySelector('aside').append(document.querySelector('udp-echo'))")
            .await?;
        page.wait_for_in_widget("the echo is still there", "tr[data-fate=echoed]")
            .await?;
        // A page's own switch: a class and colours, no color-scheme.
        page.script("document.documentElement.style.color = 'rgb(240, 240, 240)'")
            .await?;
        page.wait_for_in_widget("the dark theme", "[part=frame][data-scheme=dark]")
            .await?;
        page.script("document.documentElement.style.color = 'rgb(20, 20, 20)'")
            .await?;
        page.wait_for_in_widget("the light theme", "[part=frame][data-scheme=light]")
            .await
    })
    .await;
}

#[tokio::test]
async fn a_click_starts_what_waits_for_one_and_a_wrong_attribute_is_named() {
    let body = "<udp-echo mode=simulated loading=click loss=lots></udp-echo>\
        <script>addEventListener('udp-error', ({ detail }) => globalThis.said = detail)</script>";
    let origin = site(body).await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_in_widget("the button", "[part=start]")
            .await?;
        page.part("start").await?.click().await?;
        page.wait_for_state("simulated").await?;
        let said = page
            .wait_for("the complaint", "return globalThis.said")
            .await?;
        ensure!(
            said["code"] == "bad-attribute"
                && said["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("loss=\"lots\"")),
            "{said}"
        );
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_classic_snippet_works_from_another_origin_under_the_strict_policy() {
    let mut site = Site::new().await.unwrap();
    let host = TestServer::start(&["--allow-origin", &site.origin]).await;
    put_snippet(&mut site, "classic.html", host.http()).unwrap();
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        page.wait_for_state("live").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn a_sandboxed_frame_is_live_when_null_is_allowed_and_gets_the_height_it_asks_for() {
    let host = TestServer::start(&["--allow-origin", "null"]).await;
    let mut site = Site::new().await.unwrap();
    let snippet = include_str!("../../../../../www/embed/iframe.html");
    let listener = "<script>addEventListener('message', ({ data }) => { if (data.type === 'udp-ready') globalThis.ready = data.detail })</script>";
    let address = format!("http://{}", host.http());
    site.page(
        "/",
        "",
        &[
            listener,
            &snippet.replace("http://127.0.0.1:8000", &address),
        ]
        .concat(),
    );
    let origin = site.serve();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let ready = page
            .wait_for("the frame's udp-ready", "return globalThis.ready")
            .await?;
        ensure!(ready["mode"] == "live", "{ready}");
        page.wait_for(
            "the height",
            "return document.querySelector('iframe').height !== '640'",
        )
        .await?;
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn an_experiment_begins_as_on_the_page_and_a_wrong_one_is_named() {
    let body = "<udp-echo mode=simulated experiment=buffer></udp-echo>\
        <script>globalThis.said = [];
            for (const name of ['udp-echoed', 'udp-told', 'udp-error'])
                addEventListener(name, ({ detail }) => said.push([name, detail]))</script>";
    let origin = site(body).await.unwrap();
    in_chromium(async |page| {
        page.open(&origin).await?;
        let find = |what: &str| format!("return said.find(([name, detail]) => {what})?.[1]");
        let told = page
            .wait_for("the server's rules", &find("detail.server"))
            .await?;
        ensure!(told["server"]["rules"]["buffer"] == 4096, "{told}");
        page.script("document.querySelector('udp-echo').send(new Uint8Array(5000))")
            .await?;
        let echoed = page
            .wait_for("the echo", &find("name === 'udp-echoed'"))
            .await?;
        ensure!(
            echoed["bytes"] == 5000 && echoed["answer"] == 4096,
            "{echoed}"
        );

        page.script(
            "const wrong = document.createElement('udp-echo');
             wrong.mode = 'simulated';
             wrong.experiment = 'nonsense';
             document.querySelector('udp-echo').replaceWith(wrong)",
        )
        .await?;
        let error = page
            .wait_for("the complaint", &find("name === 'udp-error'"))
            .await?;
        let message = error["message"].as_str().unwrap_or_default();
        ensure!(
            error["code"] == "bad-attribute"
                && message.contains("nonsense")
                && message.contains("first-echo"),
            "{error}"
        );
        Ok(())
    })
    .await;
}

#[test]
fn loader_types_and_catalogue_name_the_same_attributes_methods_and_events() {
    let loader = include_str!("../../../../../www/element/udp-echo.js");
    let types = include_str!("../../../../../www/element/udp-echo.d.ts");
    let catalogue: Value = serde_json::from_str(include_str!(
        "../../../../../www/element/custom-elements.json"
    ))
    .unwrap();
    let element = &catalogue["modules"][0]["declarations"][0];
    let names = |key: &str| -> Vec<String> {
        let items = element[key].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let line = loader
        .lines()
        .find(|line| line.contains("\"autosend buffer"))
        .unwrap();
    let mut observed: Vec<_> = line.trim().trim_matches(['"', ';']).split(' ').collect();
    observed.extend(["loading", "role", "theme"]);
    observed.sort_unstable();
    assert_eq!(names("attributes"), observed);
    for attribute in element["attributes"].as_array().unwrap() {
        let field = attribute["fieldName"].as_str().unwrap();
        assert!(
            types.contains(&format!("  {field}: ")),
            "{field} is not in the types"
        );
    }
    for method in names("members") {
        assert!(
            types.contains(&format!("  {method}(")) || method == "state",
            "{method}"
        );
    }
    for event in names("events") {
        assert!(types.contains(&format!("\"{event}\"")), "{event}");
    }
}

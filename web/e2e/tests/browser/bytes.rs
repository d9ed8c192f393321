//! The bytes: written either way, shown as they were on the wire, copied as lines that work; and the ruler of sizes.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use test_support::program::Program;
use thirtyfour::Key;

use crate::axe::assert_accessible_in_both_schemes;
use crate::browser::in_chromium;
use crate::first_echo::{open_live, wait_for_fate};
use crate::page::{Page, Scheme, eventually};
use test_support::host::TestServer;

/// Opens the page and waits for the bytes, which come in a chunk of their own.
async fn open_bytes(page: &Page, host: &TestServer) -> Result<()> {
    open_live(page, host).await?;
    page.wait_for_in_widget("the bytes", "[part=byte-view] [part=row]")
        .await
}

/// Writes into a part as a visitor does, in place of what stands there.
async fn write(page: &Page, part: &str, text: &str) -> Result<()> {
    page.part(part).await?.click().await?;
    page.select_all().await?;
    page.press(text).await
}

/// What a reader reads in a place of the frame, or in a field.
async fn read(page: &Page, selector: &str) -> Result<String> {
    let selector = Value::from(selector);
    let text = page
        .in_widget(&format!(
            "const view = root.querySelector('[part=byte-view]');
            const found = view.querySelector({selector}) ?? root.querySelector({selector});
            return found?.matches('textarea, input') ? found.value : found?.textContent ?? ''"
        ))
        .await?;
    Ok(text.as_str().context("a text")?.to_owned())
}

async fn ensure_reads(page: &Page, selector: &str, expected: &str) -> Result<()> {
    let what = format!("{expected:?} at {selector}");
    wait_to_read(page, selector, &what, |text| text == expected).await
}

/// Waits for a text: a panel draws when it has rested, a while after what it shows has happened.
async fn wait_to_read(
    page: &Page,
    selector: &str,
    what: &str,
    is_it: impl Fn(&str) -> bool,
) -> Result<()> {
    let mut last = String::new();
    let waited = eventually(what, async || {
        last = read(page, selector).await?;
        Ok(is_it(&last).then_some(()))
    });
    waited.await.with_context(|| format!("it reads {last:?}"))
}

/// Fields of the header as a reader sees them: bytes, name, value.
async fn header(page: &Page) -> Result<Vec<[String; 3]>> {
    let fields = page
        .in_widget(
            "return [...root.querySelectorAll('[part=header-field]')]
                .map((field) => [...field.children].map((child) => child.textContent))",
        )
        .await?;
    serde_json::from_value(fields).context("fields of a header")
}

/// Picks the datagram with this number.
async fn pick(page: &Page, number: u64) -> Result<()> {
    page.in_widget(&format!(
        "root.querySelector('tr[data-number=\"{number}\"]').click()"
    ))
    .await?;
    let title = json!(format!("Datagram {number}:"));
    page.wait_for(
        "the datagram's bytes",
        &format!(
            "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=caption]').textContent.startsWith({title})"
        ),
    )
    .await?;
    Ok(())
}

/// Chooses which bytes of it are shown.
async fn show(page: &Page, stage: u32) -> Result<()> {
    page.in_widget(&format!(
        "root.querySelector('[data-stage=\"{stage}\"]').click()"
    ))
    .await?;
    Ok(())
}

#[tokio::test]
async fn hex_and_text_follow_each_other_and_nothing_is_lost() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_bytes(page, &host).await?;
        write(page, "hex", "54 68 ff:0a").await?;
        ensure_reads(page, "[part=text]", "Th\\xff\n").await?;
        ensure_reads(page, "[data-ref=bytes-length]", "4 characters, 4 bytes").await?;
        ensure_reads(page, "[part=row-text]", "Th\u{fffd}␊").await?;
        // The header names the ports that are really in use.
        let client = read(page, "[data-ref=client]").await?;
        let port: u16 = client.rsplit(':').next().context("a port")?.parse()?;
        let fields = header(page).await?;
        let values: Vec<_> = fields.iter().map(|[_, _, value]| value.as_str()).collect();
        let expected = [port.to_string(), host.udp().port().to_string(), "12 = 8 + 4".to_owned()];
        ensure!(values[..3] == expected, "{fields:?}");
        ensure!(fields[0][0].replace(' ', "") == format!("{port:04x}"), "{fields:?}");

        write(page, "text", "Gr\\u{fc}\\xc3\\x9fe\\x00<script>alert(1)</script>").await?;
        let hex = "47 72 c3 bc c3 9f 65 00 3c 73 63 72 69 70 74 3e 61 6c 65 72 74 28 31 29 3c 2f 73 63 72 69 70 74 3e";
        ensure_reads(page, "[part=hex]", hex).await?;
        ensure_reads(page, "[part=message]", "Grüße\0<script>alert(1)</script>").await?;
        // Broken hex is told by place and character; it stands where it was typed, and the message stays as it was.
        write(page, "hex", "54 6g 73").await?;
        let complaint = "Character 5, “g”, is no hex digit; digits are 0 to 9 and a to f. The message stays as it was.";
        ensure_reads(page, "[data-ref=hex-broken]", complaint).await?;
        page.press(Key::Tab + "").await?;
        ensure_reads(page, "[part=hex]", "54 6g 73").await?;
        ensure_reads(page, "[part=text]", "T").await?;

        write(page, "text", "<script>alert(1)</script>").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "echoed").await?;
        let scripts = page.in_widget("return root.querySelectorAll('script').length").await?;
        ensure!(scripts == json!(0), "a payload became markup");
        // A message without a trace of text is sent and comes back too.
        write(page, "hex", "00ff 80").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 2, "echoed").await?;
        pick(page, 2).await?;
        show(page, 2).await?;
        wait_to_read(page, "[part=row-hex]", "the bytes of the answer", |row| row.trim_end() == "00 ff 80").await?;
        let back = header(page).await?;
        ensure!(back[0][2] == host.udp().port().to_string() && back[1][2] == port.to_string(), "{back:?}");

        page.in_widget("root.querySelector('[part=copy]').open = true").await?;
        // Connecting once more leaves the chunk's style sheet where it was.
        page.script("return document.querySelector('udp-echo').connect().then(() => true)").await?;
        let display = page
            .in_widget("return getComputedStyle(root.querySelector('[part=header-fields]')).display")
            .await?;
        ensure!(display == json!("grid"), "the bytes have lost their style: {display}");
        assert_accessible_in_both_schemes(page, "bytes").await
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn lines_copied_from_the_page_send_the_same_bytes_to_the_echo_server() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open_bytes(page, &host).await?;
        let payload = b"it's 100% \"sure\" \\ $(x) `y`\n\0\xff!";
        let hex: Vec<String> = payload.iter().map(|byte| format!("{byte:02x}")).collect();
        write(page, "hex", &hex.join(" ")).await?;
        // What the button hands to the clipboard, which a browser without a window may not have.
        page.script(
            "window.copied = []; navigator.clipboard.writeText = async (text) => { window.copied.push(text) }",
        )
        .await?;
        page.in_widget("root.querySelector('[part=copy] summary').click()").await?;
        page.wait_for_in_widget("the lines", "[part=command]:not(:empty)").await?;
        page.in_widget("root.querySelectorAll('[data-copy]').forEach((button) => button.click())").await?;
        let copied = page.wait_for("five copies", "return window.copied.length === 5 && window.copied").await?;
        let copied: Vec<String> = serde_json::from_value(copied)?;
        ensure_reads(page, "li:last-child > [part=copied]", "Copied").await?;
        ensure!(copied[0] == r#"b'it\'s 100% "sure" \\ $(x) `y`\n\x00\xff!'"#, "{}", copied[0]);
        // Python prints the answer as a literal, the others print it as it is.
        let literal = format!("{}\n", copied[0]).into_bytes();
        let answers = [&literal, payload.as_slice(), payload, payload];
        for (line, expected) in copied[1..].iter().zip(answers) {
            let printed = run_in_bash(line).await;
            ensure!(printed == expected, "{line} printed {printed:?}");
        }
        // The reader copies it where the page may not by any way: because the browser says no, or has no clipboard for this page.
        page.script("document.execCommand = () => false").await?;
        let refusals = [
            "navigator.clipboard.writeText = async () => { throw 0 }",
            "Object.defineProperty(navigator, 'clipboard', { value: undefined })",
        ];
        for (refusal, line) in refusals.into_iter().zip(1..) {
            page.script(refusal).await?;
            page.in_widget(&format!("root.querySelectorAll('[data-copy]')[{line}].click()")).await?;
            let said = format!("li:nth-child({}) > [part=copied]", line + 1);
            let refused = |text: &str| text.starts_with("This browser does not let the page copy.");
            wait_to_read(page, &said, "that it was not copied", refused).await?;
            let selected = page.in_widget("return root.getSelection().toString()").await?;
            ensure!(selected == json!(copied[line]), "{selected}");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// What a line prints that is pasted into a shell. On a busy machine the program in it may give up before the answer is
/// there, as it does after a second, and is then run again.
async fn run_in_bash(line: &str) -> Vec<u8> {
    let mut printed = Vec::new();
    for _ in 0..5 {
        let mut bash = Program::other("bash", &[]);
        bash.write(format!("{line}\n").as_bytes()).await;
        printed = bash.output().await;
        if !printed.is_empty() {
            break;
        }
    }
    printed
}

#[tokio::test]
async fn the_ruler_goes_by_keys_to_the_last_byte_and_the_system_refuses_the_next() {
    let host = TestServer::start(&["--buffer", "4096"]).await;
    in_chromium(async |page| {
        open_bytes(page, &host).await?;
        page.in_widget("root.querySelector('[part=thumb]').focus()").await?;
        page.press(Key::End + "").await?;
        ensure_reads(page, "[part=outlook]", "65,508 bytes: more than one datagram carries").await?;
        let slider = page
            .in_widget("const thumb = root.querySelector('[part=thumb]');
                return ['role', 'aria-valuenow', 'aria-valuemax', 'aria-valuetext'].map((name) => thumb.getAttribute(name))")
            .await?;
        ensure!(
            slider == json!(["slider", "65508", "65508", "65,508 bytes: more than one datagram carries"]),
            "{slider}"
        );
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "rejected").await?;
        wait_to_read(page, "[data-ref=ruler-remark]", "the system's own words", |remark| {
            remark.starts_with("Datagram 1, 65,508 bytes, was rejected: ") && remark.contains("Message too long")
        })
        .await?;

        page.in_widget("root.querySelector('[part=thumb]').focus()").await?;
        page.press(Key::PageDown + "").await?;
        let whole = "65,507 bytes: 45 fragments over IPv4 at MTU 1500, 63.6 % arrive whole";
        ensure_reads(page, "[part=outlook]", whole).await?;
        page.in_widget("const field = root.querySelector('#bytes-loss'); field.focus(); field.select()").await?;
        page.press("2").await?;
        ensure_reads(page, "[part=mark]:nth-child(6) [part=mark-odds]", "40.3 % arrive").await?;
        let drawn = page.in_widget("return root.querySelectorAll('[part=dump] [part=row]').length").await?;
        ensure!(drawn.as_u64().is_some_and(|rows| rows < 60), "{drawn} of 4,095 rows are drawn");
        // The end of it is there for who scrolls, and its last byte is the last.
        page.in_widget("const dump = root.querySelector('[part=dump]'); dump.scrollTop = dump.scrollHeight").await?;
        page.wait_for_in_widget("the last row", "[part=row][aria-rowindex='4095']").await?;
        ensure_reads(page, "[part=row]:last-child [part=offset]", "ffe0").await?;

        page.part("send").await?.click().await?;
        wait_for_fate(page, 2, "echoed").await?;
        pick(page, 2).await?;
        show(page, 2).await?;
        ensure_reads(page, "[part=caption]", "Datagram 2: 4,096 bytes").await?;
        let cut = "Cut: the server's buffer took 4,096 bytes; the last 61,411 bytes are gone, and no answer has them.";
        ensure_reads(page, "[part=remark][data-sign=cut]", cut).await?;
        page.in_widget("root.querySelector('[part=dump]').scrollTop = 255 * 24").await?;
        let edge = "[part=row][aria-rowindex='257'] [part~=cut]";
        page.wait_for_in_widget("the first row that was cut away", edge).await?;
        let before = "[part=row][aria-rowindex='256'] [part~=cut]";
        ensure!(page.in_widget(&format!("return root.querySelector(\"{before}\")")).await?.is_null());

        for width in [390, 1280] {
            page.emulate(width, 900, Scheme::Light).await?;
            page.frames(2).await?;
            let collisions = page
                .in_widget("const boxes = [...root.querySelectorAll('[part=scale-mark]')].map((tick) => tick.getBoundingClientRect());
                    const ruler = root.querySelector('[part=scale]').getBoundingClientRect();
                    return boxes.filter((box, index) => index && box.left < boxes[index - 1].right + 2
                        || box.left < ruler.left - 12 || box.right > ruler.right + 12).length")
                .await?;
            ensure!(collisions == json!(0), "{collisions} labels collide at {width} pixels");
        }
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn files_long_lines_and_turned_bits_are_taken_or_told() {
    let host = TestServer::start(&[]).await;
    let folder = tempfile::tempdir().expect("a folder for files");
    in_chromium(async |page| {
        open_bytes(page, &host).await?;
        // A gigabyte that takes no room on the disk: it is refused before a byte of it is read.
        let huge = folder.path().join("huge.bin");
        File::create(&huge)?.set_len(1 << 30)?;
        choose(page, &huge).await?;
        page.wait_for_in_widget("the refusal", "[part=byte-view] [data-ref=source]:not(:empty)").await?;
        let refusal = "“\u{2068}huge.bin\u{2069}” has 1,073,741,824 bytes; one datagram carries 65,507 bytes at most. The file was not read, and the message stays as it was.";
        ensure_reads(page, "[data-ref=source]", refusal).await?;
        ensure_reads(page, "[data-ref=bytes-length]", "42 characters, 42 bytes").await?;
        let small = folder.path().join("small.bin");
        std::fs::write(&small, b"\x00\xffab")?;
        let letters = folder.path().join("letters.txt");
        std::fs::write(&letters, b"abc")?;
        choose(page, &small).await?;
        page.wait_for("the file's bytes", "return document.querySelector('udp-echo').shadowRoot.querySelector('[part=hex]').value === '00 ff 61 62'").await?;

        page.in_widget("const field = root.querySelector('#bytes-random'); field.focus(); field.select()").await?;
        page.press("2000").await?;
        page.in_widget("root.querySelector('[data-act=random]').click()").await?;
        wait_to_read(page, "[data-ref=bytes-length]", "the length", |length| length.ends_with(", 2,000 bytes")).await?;
        // The first page ends where no character is cut in two, which chance decides here.
        wait_to_read(page, "[data-ref=page]", "the first page", |page_of| {
            page_of.starts_with("Bytes 0 to 1,02") && page_of.ends_with(" of 2,000")
        })
        .await?;

        // A line of 100,000 characters, as it is pasted.
        page.script("window.longest = 0; new PerformanceObserver((list) => list.getEntries()
            .forEach((task) => { window.longest = Math.max(window.longest, task.duration) })).observe({ type: 'longtask' })")
            .await?;
        page.in_widget("const field = root.querySelector('[part=text]'); field.focus(); field.value = 'x'.repeat(100000);
            field.dispatchEvent(new InputEvent('input', { bubbles: true }))").await?;
        // What was there before the page's end is gone, what was behind it is not.
        let is_whole = |page_of: &str| page_of.starts_with("Bytes 0 to 99,999 of 100,97");
        wait_to_read(page, "[data-ref=page]", "the whole line", is_whole).await?;
        page.in_widget("root.querySelector('[part=hex]').focus()").await?;
        let is_a_page = |page_of: &str| page_of.starts_with("Bytes 0 to 1,023 of 100,97");
        wait_to_read(page, "[data-ref=page]", "a page again", is_a_page).await?;
        page.frames(2).await?;
        println!("longest task while 100,000 characters were pasted: {} ms", page.script("return window.longest").await?);

        page.script("document.querySelector('udp-echo').setAttribute('corrupt', '100 0')").await?;
        // There is too much to be written over a page at a time; a file takes its place.
        choose(page, &letters).await?;
        page.wait_for_in_widget("the other message", "[part=pages][hidden]").await?;
        page.part("send").await?.click().await?;
        wait_for_fate(page, 1, "dropped").await?;
        pick(page, 1).await?;
        wait_to_read(page, "[part=remark][data-sign=turned]", "which bit was turned", |sentence| {
            sentence.starts_with("Byte ") && sentence.contains(" turned over on the way there: 6")
        })
        .await?;
        let marked = page
            .in_widget("return ['row-hex', 'row-text'].map((part) => root.querySelectorAll(`[part=${part}] [part~=turned]`).length)")
            .await?;
        ensure!(marked == json!([1, 1]), "the turned byte is marked in both columns: {marked}");
        show(page, 2).await?;
        ensure_reads(page, "[part=caption]", "No answer to show: lost on the link.").await
    })
    .await;
    host.shutdown().await;
}

/// Chooses a file as a visitor does.
async fn choose(page: &Page, file: &Path) -> Result<()> {
    let path = file.to_str().context("a path in UTF-8")?;
    let field = page.part("file").await?;
    field.send_keys(path).await.context("choose a file")
}

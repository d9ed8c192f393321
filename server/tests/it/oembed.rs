//! oEmbed: what other sites learn of a link to this host.

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use test_support::host::{TestServer, get};

/// What `/oembed` answers when it is asked for this address: the head, and the JSON if it is any.
async fn asked(host: &TestServer, url: &str, more: &str) -> (String, Value) {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("url", url);
    let path = format!("/oembed?{}{more}", query.finish());
    let (head, body) = get(host.http(), &path, &[]).await;
    (
        head,
        serde_json::from_str(&body).unwrap_or(Value::String(body)),
    )
}

#[tokio::test]
async fn a_link_to_the_widget_becomes_a_frame_with_its_attributes() {
    let host = TestServer::start(&[]).await;
    let base = format!("http://{}", host.http());
    let (head, rich) = asked(&host, &format!("{base}/embed?view=mini&loss=20+0"), "").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let head = head.to_lowercase();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    assert_eq!(rich["version"], "1.0");
    assert_eq!(rich["type"], "rich");
    assert_eq!(rich["provider_url"], format!("{base}/"));
    assert_eq!(
        (&rich["width"], &rich["height"]),
        (&800.into(), &340.into())
    );
    let html = rich["html"].as_str().unwrap();
    let begins = format!("<iframe src=\"{base}/embed?view=mini&amp;loss=20+0\" ");
    assert!(html.starts_with(&begins), "{html}");
    // The page itself is shown as its widget.
    let (_, rich) = asked(
        &host,
        &format!("{base}/#race=2"),
        "&maxwidth=400&maxheight=300",
    )
    .await;
    let html = rich["html"].as_str().unwrap();
    assert!(
        html.starts_with(&format!("<iframe src=\"{base}/embed\" ")),
        "{html}"
    );
    assert_eq!(
        (&rich["width"], &rich["height"]),
        (&400.into(), &300.into())
    );
    assert!(html.contains("width=\"400\" height=\"300\""), "{html}");
}

#[tokio::test]
async fn nothing_but_a_page_of_this_host_is_embedded() {
    let host = TestServer::start(&[]).await;
    let own = host.http();
    for url in [
        String::new(),
        "embed".to_owned(),
        "/embed".to_owned(),
        "https://evil.example/embed".to_owned(),
        format!("https://{own}/embed"),
        format!("http://localhost:{}/embed", own.port()),
        format!("http://{own}.evil.example/embed"),
        format!("http://evil.example\\@{own}/embed"),
        format!("http://user:word@{own}/embed"),
        format!("http://{own}/relay.json"),
        format!("http://{own}/embed/"),
        format!("http://{own}//evil.example/embed"),
        format!("javascript:alert('http://{own}/embed')"),
    ] {
        let (head, said) = asked(&host, &url, "").await;
        assert!(head.starts_with("HTTP/1.1 404"), "{url}: {head}");
        assert!(
            said.as_str().unwrap().contains("no page of this host"),
            "{said}"
        );
    }
    let (head, body) = get(own, "/oembed", &[]).await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    assert!(body.contains("url="), "{body}");
    let (head, said) = asked(&host, &format!("http://{own}/embed"), "&format=xml").await;
    assert!(head.starts_with("HTTP/1.1 501"), "{head}");
    assert!(said.as_str().unwrap().contains("format=json"), "{said}");
}

#[tokio::test]
async fn markup_in_a_link_stays_text() {
    let host = TestServer::start(&[]).await;
    let own = host.http();
    let hostile = format!("http://{own}/embed?message=\"><script>alert(1)</script>&view='");
    let (_, rich) = asked(&host, &hostile, "").await;
    let html = rich["html"].as_str().unwrap();
    assert_eq!(html.matches('<').count(), 2, "{html}");
    assert!(!html.contains("script>"), "{html}");
    // So it is with the line in the page's own head.
    let path = "/embed?message=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&view='\"><i>";
    let (_, page) = get(own, path, &[]).await;
    assert!(
        !page.contains("<i>") && !page.contains("alert(1)</script>"),
        "{page}"
    );
}

#[tokio::test]
async fn a_page_leads_to_its_own_answer_and_a_browser_gets_it_compressed() {
    let host = TestServer::start(&["--allow-host=udp.example", "--trusted-proxy=127.0.0.1"]).await;
    let own = host.http();
    if udp_echo::page::bundle_id().is_none() {
        return;
    }
    let through_tls = [
        ("Host", "udp.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-For", "192.0.2.7"),
    ];
    let here = format!("http://{own}");
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let rows: [(&str, Headers<'_>, &str); 3] = [
        ("/", &[("Accept-Encoding", "gzip, br")], &here),
        ("/embed?view=mini&count=3", &[], &here),
        ("/embed?view=mini", &through_tls, "https://udp.example"),
    ];
    for (path, headers, base) in rows {
        let (head, page) = get(own, path, headers).await;
        assert!(!head.to_lowercase().contains("content-encoding"), "{head}");
        assert!(!head.to_lowercase().contains("etag"), "{head}");
        let link = page
            .lines()
            .find(|line| line.contains("application/json+oembed"));
        let (_, href) = link.unwrap().split_once("href=\"").unwrap();
        let href = href.split('"').next().unwrap().replace("&amp;", "&");
        let url = url::Url::parse(&href).unwrap();
        assert_eq!(url.path(), "/oembed");
        assert!(href.starts_with(base), "{href}");
        let (name, page) = url.query_pairs().next().unwrap();
        assert_eq!((&*name, &*page), ("url", &*format!("{base}{path}")));
        let (head, _) = get(own, &href[base.len()..], headers).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{href}: {head}");
    }
    let browser = [
        ("Accept-Encoding", "gzip, br"),
        ("Sec-Fetch-Dest", "document"),
    ];
    let (head, _) = get(own, "/", &browser).await;
    let head = head.to_lowercase();
    assert!(
        head.contains("content-encoding: br") && head.contains("etag"),
        "{head}"
    );
    assert!(
        head.contains("vary: accept-encoding, sec-fetch-dest"),
        "{head}"
    );
}

#[tokio::test]
async fn below_a_path_all_addresses_are_those_that_the_proxy_passes_on() {
    let host = TestServer::start(&["--allow-host=docs.example", "--trusted-proxy=127.0.0.1"]).await;
    let headers = [
        ("Host", "docs.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/demo"),
    ];
    for (url, frame) in [
        ("/demo/", "/demo/embed"),
        ("/demo/embed?view=mini", "/demo/embed?view=mini"),
        ("/demo", ""),
        ("/", ""),
        ("/embed", ""),
        ("/demo/demo/embed", ""),
    ] {
        let path = format!("/oembed?url=https://docs.example{url}");
        let (head, body) = get(host.http(), &path, &headers).await;
        if frame.is_empty() {
            assert!(head.starts_with("HTTP/1.1 404"), "{url}: {head}");
            continue;
        }
        let rich: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(rich["provider_url"], "https://docs.example/demo/");
        let begins = format!("<iframe src=\"https://docs.example{frame}\" ");
        assert!(
            rich["html"].as_str().unwrap().starts_with(&begins),
            "{rich}"
        );
    }
    if udp_echo::page::bundle_id().is_none() {
        return;
    }
    let (_, page) = get(host.http(), "/embed?view=mini", &headers).await;
    let href = "href=\"https://docs.example/demo/oembed?url=https%3A%2F%2Fdocs.example%2Fdemo%2Fembed%3Fview%3Dmini\"";
    assert!(page.contains(href), "{page}");
}

#[tokio::test]
async fn what_is_no_path_of_the_server_s_own_or_comes_from_nobody_trusted_counts_as_none() {
    let host = TestServer::start(&["--allow-host=udp.example", "--trusted-proxy=127.0.0.1"]).await;
    let own = host.http();
    if udp_echo::page::bundle_id().is_none() {
        return;
    }
    for (prefix, path) in [
        ("/demo", "/demo"),
        ("/demo/", "/demo"),
        ("/a/b-c", "/a/b-c"),
        ("/", ""),
        ("", ""),
        ("//evil.example", ""),
        ("/../up", ""),
        ("demo", ""),
        ("/\"><script>", ""),
    ] {
        let proxied = [("Host", "udp.example"), ("X-Forwarded-Prefix", prefix)];
        let (_, page) = get(own, "/embed?view=mini", &proxied).await;
        let (_, link) = page.split_once("json+oembed").unwrap();
        let (_, href) = link.split_once("href=\"").unwrap();
        let (href, _) = href.split_once('"').unwrap();
        let top = format!("http://udp.example{path}/oembed?");
        let query = href
            .strip_prefix(&top)
            .unwrap_or_else(|| panic!("{prefix}: {href}"));
        // The proxy takes the path away.
        let (_, body) = get(own, &format!("/oembed?{query}"), &proxied).await;
        let rich: Value =
            serde_json::from_str(&body).unwrap_or_else(|_| panic!("{prefix}: {body}"));
        let html = rich["html"].as_str().unwrap();
        let begins = format!("<iframe src=\"http://udp.example{path}/embed?view=mini\" ");
        assert!(html.starts_with(&begins), "{prefix}: {html}");
        assert_eq!(rich["provider_url"], format!("http://udp.example{path}/"));
    }
    // Nobody else's word about it counts.
    let host = TestServer::start(&[]).await;
    let forged = [("X-Forwarded-Prefix", "/demo")];
    let (_, page) = get(host.http(), "/embed", &forged).await;
    assert!(!page.contains("/demo"), "{page}");
}

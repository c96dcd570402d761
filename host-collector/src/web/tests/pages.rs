//! The page over a socket.

use super::*;

const BROWSER: &str = "Host: localhost\r\nAccept: text/html,*/*;q=0.8\r\n";

fn name(page: &Reply, ending: &str) -> String {
    let text = page.text();
    let parts = text.split("\"page/").filter_map(|part| part.split('"').next());
    parts.map(str::to_owned).find(|name| name.ends_with(ending)).unwrap()
}

#[test]
fn a_browser_gets_the_page_and_who_takes_no_html_the_list() {
    let house = House::open(&options());
    let page = house.ask(format!("GET /?view=live HTTP/1.1\r\n{BROWSER}\r\n"));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
    assert!(house.get("/").text().contains("  POST /v1/traces  "));
    let list = house.ask(format!("GET /?list HTTP/1.1\r\n{BROWSER}\r\n"));
    assert_eq!(list.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn parts_of_the_page_stay_and_the_page_is_asked_for_anew() {
    let house = House::open(&options());
    let page = house.ask(format!("GET / HTTP/1.1\r\n{BROWSER}\r\n"));
    for (ending, content_type) in
        [(".js", "text/javascript; charset=utf-8"), (".css", "text/css; charset=utf-8")]
    {
        let part = house.get(&format!("/page/{}", name(&page, ending)));
        assert_eq!((part.status, part.header("content-type")), (200, Some(content_type)));
        let forever = Some("public, max-age=31536000, immutable");
        assert_eq!(part.header("cache-control"), forever);
    }
    let tag = page.header("etag").unwrap();
    let again =
        house.ask(format!("GET / HTTP/1.1\r\n{BROWSER}If-None-Match: \"x\", W/{tag}\r\n\r\n"));
    assert_eq!((again.status, &*again.text()), (304, ""));
    let other = house.get("/page/spandrel-0.js");
    assert_eq!((other.status, other.header("cache-control")), (404, Some("no-store")));
}

#[test]
fn whoever_takes_gzip_gets_the_same_page_shorter() {
    use flate2::read::GzDecoder;

    let house = House::open(&options());
    let plain = house.ask(format!("GET / HTTP/1.1\r\n{BROWSER}\r\n"));
    let short = house.ask(format!("GET / HTTP/1.1\r\n{BROWSER}Accept-Encoding: gzip\r\n\r\n"));
    assert_eq!(
        (plain.header("content-encoding"), short.header("content-encoding")),
        (None, Some("gzip"))
    );
    let mut text = String::new();
    GzDecoder::new(&*short.body).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    assert_ne!(plain.header("etag"), short.header("etag"), "the bytes are not the same");
}

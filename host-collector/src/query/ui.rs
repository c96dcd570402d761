//! The user interfaces of Jaeger and Zipkin as they come, out of a folder: which file answers a path,
//! and what a page is told in place of what a Jaeger would write into it.

use super::{Answer, TEXT, decoded};

/// Reads a file by its path inside of a folder, which is made of plain names joined by `/`.
pub type Folder<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

const INDEX: &str = "index.html";
const HTML: &str = "text/html; charset=utf-8";

/// Answers a path of Jaeger's user interface: a file if there is one, else its page, which knows the rest.
///
/// `version` is what the page shows as Jaeger's; with an archive it has a button for it.
#[must_use]
pub fn jaeger(path: &str, folder: Folder<'_>, version: &str, has_archive: bool) -> Answer {
    let Some(name) = inside(path) else { return missing() };
    match file(&name, folder) {
        Some(answer) => answer,
        None if name.starts_with("static/") => missing(),
        None => match folder(INDEX) {
            Some(page) => Answer::new(200, HTML, jaeger_page(&page, version, has_archive)),
            None => no_page("jaeger-ui"),
        },
    }
}

/// Answers a path of Zipkin's user interface, which lies below `/zipkin/`.
#[must_use]
pub fn zipkin(path: &str, folder: Folder<'_>) -> Answer {
    let Some(below) = path.strip_prefix("/zipkin/") else {
        return Answer::new(302, TEXT, Vec::new()).with("location", "/zipkin/");
    };
    let Some(name) = inside(below) else { return missing() };
    match file(&name, folder) {
        Some(answer) => answer,
        None if name.starts_with("static/") => missing(),
        None => match folder(INDEX) {
            Some(page) => Answer::new(200, HTML, page),
            None => no_page("zipkin-ui"),
        },
    }
}

fn missing() -> Answer {
    Answer::new(404, TEXT, b"404 Not Found\n".to_vec())
}

fn no_page(flag: &str) -> Answer {
    let text = format!("there is no index.html in the folder that --{flag} names\n");
    Answer::new(500, TEXT, text.into_bytes())
}

/// The path without what would lead out of a folder; none if it tries to.
fn inside(path: &str) -> Option<String> {
    let mut names = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let name = decoded(&segment.replace('+', "%2B"))?;
        let leads_out = name == "." || name == ".." || name.contains(['/', '\\', ':', '\0']);
        if leads_out || name.is_empty() {
            return None;
        }
        names.push(name);
    }
    Some(names.join("/"))
}

/// A file other than the page.
fn file(name: &str, folder: Folder<'_>) -> Option<Answer> {
    if name.is_empty() || name == INDEX {
        return None;
    }
    let body = folder(name)?;
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => HTML,
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("ttf") => "font/ttf",
        Some("txt") => TEXT,
        _ => "application/octet-stream",
    };
    let answer = Answer::new(200, kind, body);
    // The names of these change with what is in them.
    let is_lasting = name.starts_with("static/");
    Some(if is_lasting { answer.with("cache-control", "public, max-age=86400") } else { answer })
}

fn jaeger_page(page: &[u8], version: &str, has_archive: bool) -> Vec<u8> {
    let able = format!(
        "{{\"archiveStorage\":{has_archive},\"metricsStorage\":false,\
         \"searchWithoutServiceName\":true,\"aiAssistant\":false}}"
    );
    let mut told = crate::json::Writer::default();
    told.raw("{\"gitCommit\":\"\",\"gitVersion\":");
    told.string(version);
    told.raw(",\"buildDate\":\"\"}");
    // A closing tag in it would end the script.
    let version = String::from_utf8_lossy(&told.into_bytes()).replace("</", "<\\/");
    let mut page = String::from_utf8_lossy(page).into_owned();
    for (name, default, value) in [
        ("JAEGER_VERSION", "DEFAULT_VERSION", &*version),
        ("JAEGER_STORAGE_CAPABILITIES", "DEFAULT_STORAGE_CAPABILITIES", &able),
        ("JAEGER_BACKEND_CAPABILITIES", "DEFAULT_BACKEND_CAPABILITIES", &able),
    ] {
        page = page.replace(&format!("{name} = {default};"), &format!("{name} = {value};"));
    }
    page.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::RefCell;

    fn folder(name: &str) -> Option<Vec<u8>> {
        let text = match name {
            "index.html" => {
                "<script>JAEGER_CONFIG = DEFAULT_CONFIG; JAEGER_VERSION = DEFAULT_VERSION; \
                 JAEGER_STORAGE_CAPABILITIES = DEFAULT_STORAGE_CAPABILITIES;</script>"
            }
            "static/main-1.js" => "js",
            "favicon.ico" => "ico",
            _ => return None,
        };
        Some(text.as_bytes().to_vec())
    }

    #[test]
    fn a_file_is_served_and_everything_else_is_the_page() {
        let ask = |path: &str| {
            let answer = jaeger(path, &folder, "1</script>", true);
            (answer.status, answer.content_type, String::from_utf8(answer.body).unwrap())
        };
        let js = (200, "text/javascript; charset=utf-8", "js".to_owned());
        assert_eq!(ask("/static/main-1.js"), js);
        assert_eq!(ask("/favicon.ico").1, "image/x-icon");
        for path in ["/", "/search", "/trace/abc", "/index.html", ""] {
            let (status, kind, page) = ask(path);
            assert_eq!((status, kind), (200, HTML));
            assert!(page.contains("JAEGER_CONFIG = DEFAULT_CONFIG;"), "{page}");
            assert!(page.contains(r#"{"gitCommit":"","gitVersion":"1<\/script>""#), "{page}");
            assert!(
                page.contains(r#""archiveStorage":true,"metricsStorage":false"#)
                    && !page.contains("DEFAULT_STORAGE")
            );
        }
        assert_eq!(ask("/static/none.js").0, 404);
        assert_eq!(jaeger("/", &|_| None, "", false).status, 500);
    }

    #[test]
    fn zipkin_lies_below_its_prefix() {
        assert_eq!(zipkin("/zipkin/traces/1", &folder).content_type, HTML);
        assert_eq!(zipkin("/zipkin/static/main-1.js", &folder).body, b"js");
        let away = zipkin("/zipkin", &folder);
        assert_eq!((away.status, &*away.headers[0].1), (302, "/zipkin/"));
    }

    #[test]
    fn nobody_gets_out_of_the_folder() {
        for path in [
            "/../secret",
            "/static/../../secret",
            "/%2e%2e/secret",
            "/static/%2E%2E%2fsecret",
            "/static/..%5csecret",
            "/C:/secret",
            "/a%00b",
            "/%zz",
        ] {
            assert_eq!(
                jaeger(path, &|_| panic!("{path} was read"), "", false).status,
                404,
                "{path}"
            );
        }
    }

    proptest! {
        #[test]
        fn only_plain_names_are_read(path: String, like in "[./%25ef\\\\:a]{0,20}") {
            for path in [path, like] {
                let seen = RefCell::new(Vec::new());
                let read = |name: &str| {
                    seen.borrow_mut().push(name.to_owned());
                    None
                };
                let _ = (jaeger(&path, &read, "", false), zipkin(&format!("/zipkin/{path}"), &read));
                for name in seen.into_inner() {
                    prop_assert!(!name.starts_with('/') && !name.contains('\\'));
                    prop_assert!(name.split('/').all(|part| !["", ".", ".."].contains(&part)));
                }
            }
        }
    }
}

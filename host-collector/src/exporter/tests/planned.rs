//! What options and environment come to.

use super::*;
use crate::exporter::http::Url;
use std::fs;

fn options(otlp: &[&str]) -> Options {
    let otlp = otlp.iter().map(|text| text.parse().unwrap()).collect();
    Options { export_otlp: otlp, ..Options::default() }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let find = |name: &str| variables.iter().find(|(found, _)| *found == name);
    Environment::read(|name| find(name).map(|(_, value)| (*value).to_owned())).unwrap()
}

fn names(options: &Options, variables: &[(&str, &str)]) -> Vec<String> {
    let plans = plans(options, &environment(variables)).unwrap();
    // Without what tells apart those that look alike.
    plans.iter().map(|plan| plan.name().rsplit_once('-').unwrap().0.to_owned()).collect()
}

#[test]
fn nothing_is_exported_unless_somebody_asks_for_it() {
    assert!(names(&Options::default(), &[]).is_empty());
    let headers = [("OTEL_EXPORTER_OTLP_HEADERS", "a=b")];
    assert!(names(&Options::default(), &headers).is_empty());
}

#[test]
fn an_endpoint_of_the_environment_counts_where_no_option_names_one() {
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://env:1")];
    assert_eq!(names(&Options::default(), &variables), ["otlp-http-http---env-1-v1-traces"]);
    assert_eq!(
        names(&options(&["http://flag:1"]), &variables),
        ["otlp-http-http---flag-1-v1-traces"]
    );
}

#[test]
fn the_protocol_is_what_is_said_or_what_the_port_is_for() {
    let kind = |text: &str, variables: &[(&str, &str)]| {
        let name = names(&options(&[text]), variables).remove(0);
        name.split("-http---").next().unwrap().to_owned()
    };
    assert_eq!(kind("http://h:4318", &[]), "otlp-http");
    assert_eq!(kind("http://h:4317", &[]), "otlp-grpc");
    assert_eq!(kind("http://h:4317 protocol=http/protobuf", &[]), "otlp-http");
    let grpc = [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    assert_eq!(kind("http://h:4318", &grpc), "otlp-grpc");
    assert_eq!(kind("http://h:4318 protocol=http/protobuf", &grpc), "otlp-http");
    assert_eq!(kind("http://h:4318 protocol=http/json", &grpc), "otlp-json");
}

#[test]
fn what_is_kept_for_one_server_is_kept_for_no_other() {
    let long = format!("http://h/{}", "x".repeat(500));
    let texts = [
        "http://h",
        "http://h?key=1",
        "http://h?key=2",
        "http://h protocol=grpc",
        &long,
        &format!("{long}y"),
    ];
    let plans = plans(&options(&texts), &environment(&[])).unwrap();
    let names: std::collections::HashSet<String> = plans.iter().map(Plan::name).collect();
    assert_eq!(names.len(), texts.len());
    for name in names {
        assert!(name.len() < 120 && !name.contains(['/', ':', '?', '=']), "{name}");
    }
}

#[test]
fn a_zipkin_has_a_path_of_its_own_and_no_protocol() {
    let plan = |text: &str| {
        let options = Options { export_zipkin: vec![text.parse().unwrap()], ..Options::default() };
        let variables = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")];
        plans(&options, &environment(&variables)).map(|mut plans| plans.remove(0))
    };
    let plain = plan("http://h:9411").unwrap();
    assert_eq!((plain.target().url.path(), plain.target().headers.len()), ("/api/v2/spans", 0));
    assert_eq!(plan("http://h/zipkin").unwrap().target().url.path(), "/zipkin");
    let error = plan("http://h protocol=grpc").unwrap_err().to_string();
    assert!(error.contains("always Zipkin's JSON"), "{error}");
}

#[test]
fn headers_go_only_where_they_were_meant_to_go() {
    let sent = |text: &str, variables: &[(&str, &str)]| {
        let plans = plans(&options(&[text]), &environment(variables)).unwrap();
        let headers = plans[0].target().headers.iter();
        let text = headers.map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
        text.collect::<Vec<_>>().join(" ")
    };
    let variables = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20env,x-scope=env")];
    assert_eq!(
        sent("http://h header=x-scope:flag", &variables),
        "authorization=Bearer env x-scope=flag"
    );
    let elsewhere = [variables[0], ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://env")];
    assert_eq!(sent("http://h", &elsewhere), "");

    let folder = std::env::temp_dir().join(format!("spandrel-plan-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (token, list) = (folder.join("token"), folder.join("headers"));
    fs::write(&token, "secret\n").unwrap();
    fs::write(&list, "X-One: 1\n\nX-Two: a:b\n").unwrap();
    let text = format!("http://h token-file={} headers-file={}", token.display(), list.display());
    assert_eq!(sent(&text, &[]), "x-one=1 x-two=a:b authorization=Bearer secret");
    fs::write(&list, "nothing\n").unwrap();
    let error = plans(&options(&[&text]), &environment(&[])).unwrap_err().to_string();
    assert!(error.contains("no NAME: VALUE"), "{error}");
    fs::remove_dir_all(&folder).unwrap();
    let error = plans(&options(&[&text]), &environment(&[])).unwrap_err().to_string();
    assert!(error.starts_with("--export-otlp http://h/v1/traces: cannot read"), "{error}");
}

#[test]
fn what_cannot_be_is_an_error_before_anything_starts() {
    let same = options(&["http://h:4318", "http://h:4318/v1/traces"]);
    let error = plans(&same, &environment(&[])).unwrap_err().to_string();
    assert!(error.contains("given twice"), "{error}");
    let half = options(&["https://h cert=a"]);
    let error = plans(&half, &environment(&[])).unwrap_err().to_string();
    assert!(error.contains("go together"), "{error}");
    let tls = options(&["https://h ca=/no/such/file"]);
    let plan = plans(&tls, &environment(&[])).unwrap().remove(0);
    let error = plan.start(spool(), send::Limits::default()).unwrap_err().to_string();
    assert!(error.contains("cannot read /no/such/file"), "{error}");
}

#[test]
fn a_door_of_our_own_is_refused_and_one_of_the_environment_is_left_out() {
    let doors = ["127.0.0.1:7727".parse().unwrap()];
    let two = plans(&options(&["http://localhost:7727", "http://h:1"]), &environment(&[])).unwrap();
    let error = without_own_doors(two, &doors).unwrap_err();
    assert!(matches!(error.fault, Fault::Loop), "{error}");
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:7727")];
    let one = plans(&Options::default(), &environment(&variables)).unwrap();
    assert!(without_own_doors(one, &doors).unwrap().is_empty());
    let other = plans(&options(&["http://127.0.0.1:4318"]), &environment(&[])).unwrap();
    assert_eq!(without_own_doors(other.clone(), &doors).unwrap(), other);
    assert_eq!(other[0].target().url, Url::parse("http://127.0.0.1:4318/v1/traces").unwrap());
}

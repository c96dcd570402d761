//! Who is answered: names, pages of elsewhere, and doors that must not open.

use super::*;
use crate::web::{ListenError, StartError};

#[test]
fn a_name_that_is_not_ours_reads_nothing() {
    let house = House::open(&options());
    let ask = |host: &str| house.ask(format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    for ours in ["localhost", "127.0.0.1:7727", "[::1]"] {
        assert_eq!(ask(ours).status, 200, "{ours}");
    }
    let refused = ask("evil.example");
    assert_eq!(refused.status, 421);
    assert!(refused.text().contains("--allow-host"), "{refused:?}");
    let absolute = house.ask("GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(absolute.status, 421, "what the line says counts");
    assert_eq!(house.ask("GET /metrics HTTP/1.1\r\n\r\n").status, 400);

    let open = House::open(&Options { allow_hosts: vec!["Gateway.LAN".to_owned()], ..options() });
    let reply = open.ask("GET /metrics HTTP/1.1\r\nHost: gateway.lan:7727\r\n\r\n");
    assert_eq!(reply.status, 200);
}

#[test]
fn pages_of_elsewhere_read_answers_only_where_they_are_let() {
    let closed = House::open(&options());
    let get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://ui.example\r\n\r\n";
    let reply = closed.ask(get);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, None));
    let hostile = "Origin: http://ui.example\r\nContent-Type: application/json\r\n";
    assert_eq!(closed.post(hostile, b"{}").status, 403);

    let open =
        House::open(&Options { cors_origins: vec!["http://ui.example".into()], ..options() });
    let reply = open.ask(get);
    assert_eq!(reply.header("access-control-allow-origin"), Some("http://ui.example"));
    assert_eq!(reply.header("vary"), Some("origin"));
    assert_eq!(open.post(hostile, b"{}").status, 200);
    let preflight = "OPTIONS /v1/traces HTTP/1.1\r\nHost: localhost\r\nOrigin: http://ui.example\r\n\
                     Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a\r\n\r\n";
    let reply = open.ask(preflight);
    assert_eq!((reply.status, reply.header("access-control-allow-headers")), (204, Some("x-a")));
    let other = preflight.replace("ui.example", "evil.example");
    let reply = open.ask(other);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (405, None));
}

#[test]
fn a_door_to_the_network_needs_tls_or_tokens_or_somebody_who_says_so() {
    let network = || vec![Place(Some("0.0.0.0:0".parse().unwrap()))];
    let refused = House::try_open(&Options { otlp_http: network(), ..at(&[]) }, Vec::new());
    let error = refused.err().unwrap();
    assert!(matches!(error, StartError::Listen(ListenError::Unguarded { .. })), "{error}");
    assert!(error.to_string().contains("--otlp-http"), "{error}");
    let open = House::open(&Options { otlp_http: network(), insecure: true, ..at(&[]) });
    let port = open.at("otlp_http").port();
    let mut client = Client::at(([127, 0, 0, 1], port).into());
    client.send(post("/v1/traces", "Content-Type: application/x-protobuf\r\n", spans(1).bytes()));
    assert_eq!(client.reply().unwrap().status, 200);
}

#[test]
fn a_port_in_use_names_the_flag_and_opens_nothing() {
    let first = House::open(&options());
    let taken = vec![Place(Some(first.at("http")))];
    let options = Options { zipkin_http: taken, ..options() };
    let error = House::try_open(&options, Vec::new()).err().unwrap();
    assert!(matches!(error, StartError::Listen(ListenError::InUse { .. })), "{error}");
    let port = first.at("http").port();
    let says = format!("TCP port {port} of 127.0.0.1 is in use");
    let text = error.to_string();
    assert!(text.starts_with(&says) && text.contains("--zipkin-http 127.0.0.1:PORT"), "{text}");
}

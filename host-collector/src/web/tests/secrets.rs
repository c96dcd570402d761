//! TLS, certificates of clients, and tokens.

use super::calls::{call, framed};
use super::*;
use crate::query;
use crate::tls::testing::Authority;
use crate::tls::{self, Identity, Roots};
use crate::web::{Answer, Family};
use ::http::StatusCode;
use rustls_pki_types::ServerName;
use std::path::{Path, PathBuf};
use tokio_rustls::TlsConnector;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A client that trusts `authority` and shows `identity`.
fn connector(authority: &Authority, identity: Option<&Path>, protocol: &[u8]) -> TlsConnector {
    let identity = identity.map(|path| Identity::read(path, path).unwrap());
    let config = tls::client(Roots::File(&authority.certificate()), identity, &[protocol]);
    TlsConnector::from(Arc::new(config.unwrap()))
}

/// Speaks HTTP/1.1 over TLS; none if the server does not want to.
fn ask(house: &House, connector: &TlsConnector, at: SocketAddr, request: &str) -> Option<Reply> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let name = ServerName::try_from("localhost").unwrap();
    let answer = house._runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(at).await.unwrap();
        let mut stream = connector.connect(name, stream).await?;
        let request = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    });
    let answer = std::io::Cursor::new(answer.ok()?);
    Client::over(answer).reply()
}

fn with_tls(authority: &Authority, options: Options) -> Options {
    let path = authority.vouch(&["localhost", "127.0.0.1"]);
    Options { tls_cert: Some(path.clone()), tls_key: Some(path), ..options }
}

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[test]
fn loopback_speaks_with_and_without_tls_and_grpc_too() {
    let authority = Authority::new();
    let house = House::open(&with_tls(&authority, options()));
    let address = house.at("http");
    assert_eq!(house.get("/healthz").text(), "well\n");
    let plain = connector(&authority, None, b"http/1.1");
    assert_eq!(ask(&house, &plain, address, GET).unwrap().text(), "well\n");
    let connector = connector(&authority, None, b"h2");
    let outcome = house._runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = connector.connect(name, stream).await.unwrap();
        call(stream, EXPORT, &[], framed(0, spans(2).bytes())).await
    });
    assert_eq!((outcome.status(), house.shelf.spans()), ("0", 2));
}

#[test]
fn a_door_to_the_network_speaks_tls_alone() {
    let authority = Authority::new();
    let anywhere = vec![Place(Some("0.0.0.0:0".parse().unwrap()))];
    let house = House::open(&with_tls(&authority, Options { http: anywhere, ..at(&[]) }));
    let address = ([127, 0, 0, 1], house.at("http").port()).into();
    let connector = connector(&authority, None, b"http/1.1");
    assert_eq!(ask(&house, &connector, address, GET).unwrap().status, 200);
    let mut plain = Client::at(address);
    plain.send(GET);
    assert!(plain.is_hung_up());
    assert!(!plain.rest.starts_with(b"HTTP"), "{:?}", plain.rest);
}

#[test]
fn where_clients_must_show_a_certificate_only_those_get_in() {
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = Some(authority.certificate());
    let house = House::open(&Options { tls_client_ca: ca, ..with_tls(&authority, options()) });
    let address = house.at("http");
    let known = authority.vouch(&["client.example"]);
    let stranger = other.vouch(&["client.example"]);
    let status = |identity: Option<&Path>| {
        let connector = connector(&authority, identity, b"http/1.1");
        ask(&house, &connector, address, GET).map(|reply| reply.status)
    };
    assert_eq!(
        [status(Some(&known)), status(None), status(Some(&stranger))],
        [Some(200), None, None]
    );
}

#[test]
fn who_begins_tls_and_stops_is_hung_up_on() {
    let authority = Authority::new();
    let limits =
        crate::web::Limits { first_time: Duration::from_millis(200), ..Default::default() };
    let house = House::open(&with_tls(&authority, Options { limits, ..options() }));
    for begin in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut client = Client::at(house.at("http"));
        client.send(begin);
        assert!(client.is_hung_up());
    }
}

/// A file of one token that nobody else can read.
fn token_file(authority: &Authority) -> PathBuf {
    let path = authority.folder().join("tokens");
    std::fs::write(&path, "# ours\n0123456789abcdef\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    path
}

#[test]
fn who_has_no_token_learns_nothing_but_that_the_collector_is_well() {
    let folder = Authority::new();
    let house = House::open(&Options { token_file: Some(token_file(&folder)), ..options() });
    assert_eq!(house.get("/healthz").status, 200);
    let refused = house.get("/metrics");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
    let ask = |token: &str| {
        house
            .ask(format!("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n\r\n"))
            .status
    };
    assert_eq!([ask("Bearer 0123456789abcdef"), ask("Bearer 0123456789abcdeF")], [200, 401]);
    let form = "Content-Type: application/x-protobuf\r\n";
    assert_eq!((house.post(form, spans(1).bytes()).status, house.shelf.spans()), (401, 0));
    let allowed = format!("{form}Authorization: Bearer 0123456789abcdef\r\n");
    assert_eq!((house.post(&allowed, spans(1).bytes()).status, house.shelf.spans()), (200, 1));
}

#[test]
fn tokens_open_doors_to_the_network() {
    let folder = Authority::new();
    let anywhere = vec![Place(Some("0.0.0.0:0".parse().unwrap()))];
    let token_file = Some(token_file(&folder));
    let house = House::open(&Options { otlp_http: anywhere, token_file, ..at(&[]) });
    let mut client = Client::at(([127, 0, 0, 1], house.at("otlp_http").port()).into());
    client.send(post("/v1/traces", "", b""));
    assert_eq!(client.reply().unwrap().status, 401);
}

fn with_cookie(house: &House, request: &str, cookie: &str) -> Reply {
    house.ask(request.replace("\r\n\r\n", &format!("\r\nCookie: {cookie}\r\n\r\n")))
}

fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn the_page_brings_a_cookie_by_which_its_changes_are_known() {
    let order = Route::post(Family::Own, "/order", "", |_, _| Answer::empty(StatusCode::OK));
    let thing = Route::delete(Family::Own, "/thing", "", |_, _| Answer::empty(StatusCode::OK));
    let what = Route::get(Family::Own, query::own::COLLECTOR, "", |ask, _| {
        Answer::text(StatusCode::OK, &ask.proof)
    });
    let house = House::with_routes(&options(), vec![order, thing, what]);
    let page = house.ask("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n");
    let cookie = cookie_of(&page);
    let get = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", query::own::COLLECTOR);
    let known = with_cookie(&house, &get, &cookie);
    assert!(known.header("set-cookie").is_none());
    let proof = known.text().trim().to_owned();
    let change = |proof: &str, cookie: &str| {
        let headers = format!("x-spandrel-csrf: {proof}\r\nCookie: {cookie}\r\n");
        house.ask(post("/order", &headers, b"")).status
    };
    assert_eq!(change(&proof, &cookie), 200);
    let delete = |headers: &str| {
        let request = format!("DELETE /thing HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        house.ask(request).status
    };
    let both = format!("x-spandrel-csrf: {proof}\r\nCookie: {cookie}\r\n");
    assert_eq!(delete(&both), 200);
    assert_eq!(delete(&format!("{both}Origin: http://evil.example\r\n")), 403);
    assert_eq!([delete(""), delete(&format!("Cookie: {cookie}\r\n"))], [403, 403]);
    assert_eq!(change("", &cookie), 403);
    assert_eq!(change(&proof, ""), 403);
    assert_eq!(change(&proof, "spandrel=v.1.2.3"), 403);
    // Whoever comes without one, or with one of a collector that is no more, has a new one at once.
    let new = with_cookie(&house, &get, "spandrel=v.1.2.3");
    assert_eq!(change(new.text().trim(), &cookie_of(&new)), 200);
}

#[test]
fn where_there_are_tokens_a_browser_needs_a_link() {
    let folder = Authority::new();
    let house = House::open(&Options { token_file: Some(token_file(&folder)), ..options() });
    let get = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n";
    let refused = house.ask(get);
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("open the link that the collector printed"));
    for wrong in ["/login", "/login?once=", "/login?once=0123456789abcdef0123456789abcdef"] {
        let reply = house.get(wrong);
        assert_eq!((reply.status, reply.header("set-cookie")), (403, None), "{wrong}");
    }
    let link = house.running.as_ref().unwrap().visitors().draw_link().unwrap();
    let link = format!("/login?once={link}");
    let entered = house.get(&link);
    assert_eq!((entered.status, entered.header("location")), (303, Some("./")));
    let set = entered.header("set-cookie").unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    assert_eq!(with_cookie(&house, get, &cookie_of(&entered)).status, 200);
    assert_eq!(house.get(&link).status, 403, "it lets in once");
}

use super::testing::{Received, Reply, Server};
use super::*;
use crate::tls::testing::Authority;
use crate::tls::{self, Identity};
use bytes::Bytes;
use client::Failure;
use http::{HeaderMap, StatusCode};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

fn client(url: &str, version: Version, files: &Files) -> Client {
    let url = Url::parse(url).unwrap();
    let connector = Connector::new(&url, version, files).unwrap();
    let headers = [("x-scope".parse().unwrap(), "site".parse().unwrap())];
    Client::new(url, version, connector, HeaderMap::from_iter(headers))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn requests_share_a_connection_and_come_in_pieces_as_a_whole() {
    let piece = vec![b'x'; 100_000];
    for version in [Version::Http1, Version::Http2] {
        let server = Server::start(version, None, |received: &Received| {
            Reply::http(200, received.body.get(..2).unwrap_or_default())
        });
        let mut client = client(&format!("{}/in?a=b", server.url()), version, &Files::default());
        run(async {
            for number in 0..3_u8 {
                let pieces = [Bytes::from(vec![number; 2]), Bytes::new(), piece.clone().into()];
                let answer = client.post(&pieces).await.unwrap();
                assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &[number; 2][..]));
            }
        });
        for number in 0..3_u8 {
            let received = server.next();
            assert_eq!((received.connection, &*received.path), (0, "/in"));
            assert_eq!(received.body, [&[number; 2][..], &piece].concat());
            assert_eq!(received.headers["x-scope"], "site");
            if version == Version::Http1 {
                assert_eq!(received.headers["content-length"], "100002");
                assert_eq!(received.headers["host"], server.address.to_string());
            }
        }
    }
}

#[test]
fn a_server_is_believed_by_its_certificate_and_may_ask_for_ours() {
    let authority = Authority::new();
    for version in [Version::Http1, Version::Http2] {
        let path = authority.vouch(&["127.0.0.1"]);
        let identity = Identity::read(&path, &path).unwrap();
        let protocols: &[&[u8]] = &[b"h2", b"http/1.1"];
        let config = tls::server(identity, Some(&authority.certificate()), protocols).unwrap();
        let server = Server::start(version, Some(config), |_: &Received| Reply::http(200, b"in"));
        let url = server.url().replace("http:", "https:");
        let own = authority.vouch(&["gateway"]);
        let known = Files {
            authority: Some(authority.certificate()),
            identity: Some((own.clone(), own.clone())),
        };
        let answer = run(client(&url, version, &known).post(&[Bytes::from_static(b"x")])).unwrap();
        assert_eq!(answer.body, b"in");
        assert_eq!(server.next().body, b"x");

        let unknown = Files { identity: None, ..known.clone() };
        run(client(&url, version, &unknown).post(&[])).unwrap_err();
        let other = Authority::new();
        let stranger = Files { authority: Some(other.certificate()), ..known };
        let failure = run(client(&url, version, &stranger).post(&[])).unwrap_err();
        let Failure::Unreachable(why) = failure else { panic!("{failure:?}") };
        assert!(why.contains("no TLS with it"), "{why}");
        assert!(server.so_far().is_empty());
    }
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_made_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1000];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        }
    });
    let mut client = client(&url, Version::Http1, &Files::default());
    run(async {
        for _ in 0..2 {
            let answer = client.post(&[Bytes::from_static(b"x")]).await.unwrap();
            assert_eq!(answer.body, b"ok");
        }
    });
    server.join().unwrap();
}

/// What comes of a server that sends these bytes and closes.
fn answered(bytes: &'static [u8]) -> Result<Answer, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1000];
        assert!(stream.read(&mut request).unwrap() > 0);
        // A client that has enough goes.
        let _ = stream.write_all(bytes);
    });
    let answer =
        run(client(&url, Version::Http1, &Files::default()).post(&[Bytes::from_static(b"x")]));
    server.join().unwrap();
    answer
}

#[test]
fn what_is_no_answer_is_a_failure_and_what_is_cut_off_is_an_answer() {
    for garbage in [&b""[..], b"hello\r\n", b"\0\0\x12\x04\0\0\0\0\0", b"HTTP/1.1 2"] {
        let failure = answered(garbage).unwrap_err();
        assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
    }
    let cut = answered(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
    assert_eq!((cut.status, &*cut.body), (StatusCode::OK, &b"half"[..]));
    let long: Vec<u8> = [&b"HTTP/1.1 400 Bad\r\n\r\n"[..], &[b'x'; 1 << 20]].concat();
    let long = answered(long.leak()).unwrap();
    assert_eq!((long.status, long.body.len()), (StatusCode::BAD_REQUEST, 64 << 10));
}

#[test]
fn nobody_at_home_is_unreachable() {
    // A port that nobody listens on: bound, and let go again.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut client = client(&format!("http://127.0.0.1:{port}"), Version::Http1, &Files::default());
    let failure = run(client.post(&[])).unwrap_err();
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
}

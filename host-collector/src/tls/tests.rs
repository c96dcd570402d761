use super::testing::Authority;
use super::*;
use rustls::{ClientConnection, Connection, ServerConnection};
use rustls_pki_types::ServerName;
use std::fs;

/// Both sides of a connection without a network, until both are content.
fn shake(client: ClientConfig, server: ServerConfig, name: &str) -> Result<Vec<u8>, rustls::Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client: Connection = ClientConnection::new(client.into(), name)?.into();
    let mut server: Connection = ServerConnection::new(server.into())?.into();
    for _ in 0..10 {
        pass(&mut client, &mut server)?;
        pass(&mut server, &mut client)?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(client.alpn_protocol().unwrap_or_default().to_vec())
}

fn pass(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

fn identity(authority: &Authority, name: &str) -> Identity {
    let path = authority.vouch(&[name]);
    Identity::read(&path, &path).unwrap()
}

fn client_of(authority: &Authority, identity: Option<Identity>) -> ClientConfig {
    client(Roots::File(&authority.certificate()), identity, &[b"h2"]).unwrap()
}

#[test]
fn whoever_is_vouched_for_is_believed_for_its_name_alone() {
    let authority = Authority::new();
    let serve = || server(identity(&authority, "collector.test"), None, &[b"h2"]).unwrap();
    let shaken = shake(client_of(&authority, None), serve(), "collector.test");
    assert_eq!(shaken.unwrap(), b"h2");
    let wrong = shake(client_of(&authority, None), serve(), "other.test").unwrap_err();
    assert!(matches!(wrong, rustls::Error::InvalidCertificate(_)), "{wrong}");
    let stranger = client_of(&Authority::new(), None);
    let unknown = shake(stranger, serve(), "collector.test").unwrap_err();
    assert!(matches!(unknown, rustls::Error::InvalidCertificate(_)), "{unknown}");
}

#[test]
fn a_server_may_ask_who_its_clients_are() {
    let authority = Authority::new();
    let serve = || {
        let identity = identity(&authority, "127.0.0.1");
        server(identity, Some(&authority.certificate()), &[b"h2"]).unwrap()
    };
    let known = client_of(&authority, Some(identity(&authority, "gateway")));
    shake(known, serve(), "127.0.0.1").unwrap();
    shake(client_of(&authority, None), serve(), "127.0.0.1").unwrap_err();
    let other = Authority::new();
    let stranger = client_of(&authority, Some(identity(&other, "gateway")));
    shake(stranger, serve(), "127.0.0.1").unwrap_err();
}

#[test]
fn a_file_that_is_no_certificate_says_so() {
    let authority = Authority::new();
    let path = authority.folder().join("nothing.pem");
    let why = |path: &Path| client(Roots::File(path), None, &[]).unwrap_err().to_string();
    assert!(why(&path).starts_with("cannot read"), "{}", why(&path));
    fs::write(&path, "certificate, please").unwrap();
    assert!(why(&path).contains("no certificate in PEM"), "{}", why(&path));
    fs::write(&path, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    assert!(why(&path).contains("is no PEM"), "{}", why(&path));
    fs::write(&path, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
    assert!(why(&path).contains("cannot be used"), "{}", why(&path));
    let error = Identity::read(&authority.certificate(), &authority.certificate()).unwrap_err();
    assert!(error.to_string().contains("no private key in PEM"), "{error}");
}

// SPDX-License-Identifier: Apache-2.0
//! The webhook with TLS in the host, and a certificate made here.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::client::{Client, event, head};
use crate::{Receiver, host, opened, rows};

/// A file with a certificate and its key, and a client that trusts it.
fn certificate() -> (NamedTempFile, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all((made.signing_key.serialize_pem() + &made.cert.pem()).as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (file, Arc::new(client))
}

fn connect(config: &Arc<ClientConfig>, to: std::net::SocketAddr) -> Client<StreamOwned<ClientConnection, TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    Client::over(StreamOwned::new(connection, TcpStream::connect(to).unwrap()))
}

#[test]
fn events_come_over_tls_and_who_does_not_speak_it_is_told() {
    const EACH: usize = 250;
    let host = host!();
    let (file, trusting) = certificate();
    let config = json!({"sslCertificate": file.path()}).to_string();
    let mut receiver = Receiver::start(&host, "https", &config, &["ka.auditid"]);
    let address = receiver.address;
    let clients: Vec<_> = (0..4)
        .map(|connection| {
            let trusting = Arc::clone(&trusting);
            thread::spawn(move || {
                let mut client = connect(&trusting, address);
                for number in 0..EACH {
                    let body = event(&format!("{connection}-{number}")).to_string();
                    assert_eq!(client.post(&body).unwrap().status, 200);
                }
                assert_eq!(client.post("{").unwrap().status, 400);
            })
        })
        .collect();

    let mut plain = Client::connect(address).unwrap();
    plain.send(head("content-length: 2") + "{}").unwrap();
    let told = plain.until_end();
    assert!(told.starts_with("HTTP/1.0 400 ") && told.contains("sent an HTTP request to an HTTPS server"), "{told}");
    // What begins as a handshake and is none.
    let mut broken = Client::connect(address).unwrap();
    broken.send(b"\x16\x03\x01garbage garbage garbage").unwrap();
    let _alert = broken.until_end();
    // Who does not trust the certificate does not send its events.
    let (_other_file, not_trusting) = certificate();
    assert!(connect(&not_trusting, address).post(&event("never").to_string()).is_err());

    clients.into_iter().for_each(|client| client.join().unwrap());
    let mut ids: Vec<String> = receiver.rows(4 * EACH).concat();
    ids.sort();
    let mut expected: Vec<String> =
        (0..4).flat_map(|connection| (0..EACH).map(move |number| format!("{connection}-{number}"))).collect();
    expected.sort();
    assert_eq!(ids, expected);
    let (run, _) = receiver.host.interrupt();
    let run = run.succeeded();
    assert_eq!(rows(run.lines()).len(), 4 * EACH);
    assert!(run.stderr.contains("no TLS with a client"), "{}", run.stderr);
}

#[test]
fn a_certificate_that_cannot_be_used_is_told() {
    let host = host!();
    let config = json!({"sslCertificate": "/nowhere/cert.pem"}).to_string();
    let run = falconet_tests::sysdig::run_with(&host, opened(&config, "https://127.0.0.1:0/k8s-audit"), [""; 0]);
    assert_eq!(run.code, Some(1), "{}", run.shown());
    assert!(run.stderr.contains("cannot use sslCertificate /nowhere/cert.pem: No such file"), "{}", run.shown());
}

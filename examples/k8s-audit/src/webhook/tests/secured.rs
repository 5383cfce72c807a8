// SPDX-License-Identifier: Apache-2.0
//! TLS, with a certificate made here.

use std::io::{Read, Write};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::*;

struct Secured {
    webhook: Webhook,
    sink: Kept,
    client: ClientConfig,
}

fn pem() -> (String, String, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem(), roots)
}

fn bind(pem: &str) -> Result<(Webhook, Kept), WebhookError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    let config = Config { ssl_certificate: file.path().into(), ..config() };
    let sink = Kept::default();
    let endpoint = Endpoint { tls: true, ..endpoint("/k8s-audit") };
    let limits = Limits { handshake_time: Duration::from_millis(500), ..Limits::default() };
    Ok((Webhook::bind(&endpoint, &config, limits, sink.clone())?, sink))
}

fn secured() -> Secured {
    let (certificate, key, roots) = pem();
    let (webhook, sink) = bind(&(key + &certificate)).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Secured { webhook, sink, client }
}

impl Secured {
    async fn connect(&self, protocol: &[u8]) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
        let mut client = self.client.clone();
        client.alpn_protocols = vec![protocol.to_vec()];
        let stream = tokio::net::TcpStream::connect(self.webhook.address()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
        stream
    }
}

#[test]
fn http1_and_http2() {
    let secured = secured();
    run(async {
        let stream = secured.connect(b"http/1.1").await;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        for (body, status) in [(event(1).to_string(), 200), ("{".into(), 400), (event(2).to_string(), 200)] {
            let sent = request("POST", "/k8s-audit", "application/json", body);
            assert_eq!(Reply::of(sender.send_request(sent).await.unwrap()).await.status, status);
        }
        let stream = secured.connect(b"h2").await;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        for (path, status) in [("/k8s-audit", 200), ("/other", 404), ("/k8s-audit", 200)] {
            let sent = request("POST", &format!("https://localhost{path}"), "application/json", event(3).to_string());
            assert_eq!(Reply::of(sender.send_request(sent).await.unwrap()).await.status, status);
        }
    });
    assert_eq!(secured.sink.len(), 4);
}

#[test]
fn a_plain_client_is_told() {
    let secured = secured();
    let mut stream = TcpStream::connect(secured.webhook.address()).unwrap();
    stream.write_all(b"POST /k8s-audit HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{answer}");
    assert!(answer.ends_with("Client sent an HTTP request to an HTTPS server.\n"), "{answer}");
}

#[test]
fn a_broken_or_missing_handshake_is_cut() {
    let secured = secured();
    for (bytes, at_least) in [(&b"\x16\x03\x01garbage garbage"[..], 0), (b"\x16", 400), (b"", 400)] {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(secured.webhook.address()).unwrap();
        stream.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        // What comes is a TLS alert, or nothing.
        let _reset = stream.read_to_end(&mut rest);
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(at_least) && took < Duration::from_secs(3), "{bytes:?}: {took:?}");
    }
    assert_eq!(secured.sink.len(), 0);
}

#[test]
fn a_pem_that_cannot_be_used_says_why() {
    let (certificate, key, _) = pem();
    let (_, other_key, _) = pem();
    for (pem, says) in [
        (String::new(), "there is no certificate in it"),
        (key.clone(), "there is no certificate in it"),
        (certificate.clone(), "there is no private key in it"),
        (certificate.clone() + &other_key, "keys may not be consistent: KeyMismatch"),
        (certificate.replace("END", "MEND") + &key, "base64 decode error"),
        (certificate.replacen("MII", "!!!", 1) + &key, ""),
    ] {
        let text = bind(&pem).unwrap_err().to_string();
        assert!(text.starts_with("cannot use sslCertificate /") && text.contains(says), "{says}: {text}");
    }
    let config = Config { ssl_certificate: "/nowhere.pem".into(), ..config() };
    let endpoint = Endpoint { tls: true, ..endpoint("/") };
    let text = Webhook::bind(&endpoint, &config, Limits::default(), Kept::default()).unwrap_err().to_string();
    assert!(text.starts_with("cannot use sslCertificate /nowhere.pem: No such file"), "{text}");
    drop(bind(&(certificate + &key)).unwrap());
}

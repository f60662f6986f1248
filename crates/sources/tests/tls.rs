//! Over TLS, under an authority of the test: trusted if the file says so, and only while the certificate is good.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::server::{Answer, Server};
use common::{Rig, file, index};
use haltline_sources::Trouble;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate of `authority` for `host` that ends with the year.
fn server(authority: &Authority, host: &str, until: i32) -> Server {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(until, 12, 31));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    Server::tls(TlsAcceptor::from(Arc::new(config)), |_, _| Answer::json("{\"value\": 2746.56}"))
}

fn written(authority: &Authority, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, authority.pem()).unwrap();
    path
}

fn rig(server: &Server, authority: Option<&Path>) -> Rig {
    let http = if authority.is_some() { "[http]\nca = { env = \"CA\" }\n" } else { "" };
    let text = http.to_owned() + &index("tries = 1");
    let ca = authority.unwrap_or(Path::new("")).to_string_lossy();
    Rig::new(&file(&text, &[("URL", &server.url()), ("CA", &ca)]))
}

#[test]
fn a_trusted_authority_is_enough_and_connections_are_kept() {
    let authority = authority("ours");
    let server = server(&authority, "localhost", 4095);
    let mut rig = rig(&server, Some(&written(&authority, "good.pem")));
    for _ in 0..50 {
        assert_eq!(rig.pull().failure, None);
    }
    assert!(server.connections() <= 2, "{}", server.connections());
}

#[test]
fn what_cannot_be_trusted_is_not() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let path = written(&ours, "ours.pem");
    for (server, authority, why) in [
        (server(&ours, "localhost", 2019), Some(&*path), "the certificate has expired"),
        (server(&theirs, "localhost", 4095), Some(&*path), "the authority of the certificate is not trusted"),
        (server(&ours, "localhost", 4095), None, "the authority of the certificate is not trusted"),
        (server(&ours, "elsewhere", 4095), Some(&*path), "the certificate is of another host"),
    ] {
        let failure = rig(&server, authority).pull().failure.unwrap();
        assert_eq!((failure.trouble, &*failure.text), (Trouble::Tls, why));
        assert_eq!(server.requests(), 0);
    }
}

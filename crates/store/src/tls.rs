//! How a connection to PostgreSQL is made, with TLS as its URL asks for.

use std::sync::Arc;

use base::{Error, Result};
use postgres::config::SslMode;
use postgres::{Client, Config, NoTls};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Everything needed to connect, again and again.
pub(crate) struct Dial {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Dial {
    /// Reads a `postgres://` URL. As in libpq, `sslmode` is `disable`, `allow`, `prefer` (the
    /// default), `require` (encrypted, but whoever answers is believed unless `sslrootcert` names
    /// an authority), `verify-ca` or `verify-full`; the last two both check the host's name too.
    pub fn parse(url: &str) -> Result<Self> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authority, mut rest) = ("prefer", None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", value)) => authority = Some(value),
                _ => rest.push(pair),
            }
        }
        let (needed, verified) = match (mode, authority) {
            ("disable", _) => (SslMode::Disable, false),
            ("allow" | "prefer", _) => (SslMode::Prefer, false),
            ("require", None) => (SslMode::Require, false),
            ("require" | "verify-ca" | "verify-full", _) => (SslMode::Require, true),
            _ => return Err(Error::internal(format!("sslmode={mode} is not known"))),
        };
        let mut config: Config = format!("{address}?{}", rest.join("&")).parse().map_err(unreadable)?;
        config.ssl_mode(needed).application_name("wardroom");
        let tls = match needed {
            SslMode::Disable => None,
            _ if verified => Some(verifying(authority)?),
            _ => Some(believing()?),
        };
        Ok(Self { config, tls })
    }

    pub fn connect(&self) -> std::result::Result<Client, postgres::Error> {
        match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        }
    }
}

fn unreadable(_: postgres::Error) -> Error {
    // The parser's message may quote the URL, and with it the password.
    Error::internal("the PostgreSQL URL can't be read")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn verifying(authority: Option<&str>) -> Result<MakeRustlsConnect> {
    let mut roots = RootCertStore::empty();
    match authority {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path).map_err(Error::internal)?;
            for certificate in certificates {
                roots.add(certificate.map_err(Error::internal)?).map_err(Error::internal)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = builder.map_err(Error::internal)?.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn believing() -> Result<MakeRustlsConnect> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let verifier = Arc::new(Believe(provider()));
    let config = builder.map_err(Error::internal)?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// Encrypts without asking who answers, which is what `sslmode=require` means.
#[derive(Debug)]
struct Believe(Arc<CryptoProvider>);

impl ServerCertVerifier for Believe {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sslmode_means_what_it_means_in_libpq() {
        let dial = |query: &str| Dial::parse(&format!("postgres://u:p@h/d?{query}"));
        assert!(dial("sslmode=disable").unwrap().tls.is_none());
        assert!(dial("").unwrap().tls.is_some());
        assert_eq!(dial("sslmode=verify-full").unwrap().config.get_ssl_mode(), SslMode::Require);
        assert!(dial("sslmode=maybe").is_err());
    }

    #[test]
    fn an_unreadable_url_is_not_quoted() {
        let error = Dial::parse("postgres://u:hunter2@h:port/d").err().unwrap();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

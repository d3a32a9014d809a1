use std::error::Error;
use std::io;

use tokio_rustls::rustls::{CertificateError, Error as TlsError, InvalidMessage};

/// What went wrong between two that tried to agree on TLS, in words that say
/// what to do; `None` where that was not what went wrong.
pub fn tls_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(trouble) = error.downcast_ref::<TlsError>() {
            return Some(words(trouble));
        }
        // An I/O error is the cause that it holds, and names only that one's.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

fn words(trouble: &TlsError) -> String {
    match trouble {
        TlsError::InvalidCertificate(certificate) => of_certificate(certificate),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS there: `http` instead of `https`, or another port".to_owned()
        }
        other => other.to_string(),
    }
}

fn of_certificate(trouble: &CertificateError) -> String {
    match trouble {
        // Another one of the same name may be trusted, with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is signed by nobody whom this machine trusts; name the certificate of who signed it, as a \
             file, in `SSL_CERT_FILE`"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, by this machine's clock".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, by this machine's clock".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<String> = presented.iter().map(|name| name_of(name)).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("its certificate is for {names}, not for `{}`", expected.to_str())
        }
        other => format!("its certificate is not accepted: {}", TlsError::InvalidCertificate(other.clone())),
    }
}

/// `a.example` of `DnsName("a.example")`.
fn name_of(presented: &str) -> String {
    let name = presented.split_once('(').map_or(presented, |(_, name)| name.trim_end_matches(')'));
    format!("`{}`", name.trim_matches('"'))
}

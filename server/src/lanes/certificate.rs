//! The certificate of the lanes: the host's own, or one from files.
//!
//! A browser takes a certificate by its hash alone if it is an ECDSA one that is valid for two weeks at most. So the host makes such
//! ones itself, and another before the last one ends.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use wtransport::tls::rustls::ServerConfig;
use wtransport::tls::rustls::crypto::ring;
use wtransport::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wtransport::tls::rustls::version::TLS13;
use wtransport::tls::self_signed::SelfSignedIdentityBuilder;
use wtransport::tls::self_signed::time::{Duration as Span, OffsetDateTime};
use wtransport::tls::{Certificate as Pem, CertificateChain, PrivateKey, WEBTRANSPORT_ALPN};

use super::Shown;

/// How long before its making a certificate is valid already: clocks differ.
const BACKDATED: Span = Span::hours(1);

/// How long a certificate of the host's own is valid: less than the 14 days that browsers allow.
const VALID: Span = Span::days(13);

/// How long before the end another one is made.
const RENEWED_BEFORE: Span = Span::days(2);

/// How often the host looks whether its own certificate is to be renewed: no machine sleeps so long that it ends meanwhile.
const OWN_LOOK: Duration = Duration::from_secs(3600);

/// How often the host looks whether the files have changed.
const FILES_LOOK: Duration = Duration::from_secs(5);

/// Where certificates come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The host makes them, for these names.
    Own {
        /// Names and addresses in the certificate.
        names: Vec<String>,
        /// When the last one is to be renewed.
        due: OffsetDateTime,
    },
    /// From a file, with its key from another one.
    Files {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// When both had been changed when they were read last, as far as the system tells; `None` before that.
        seen: Option<[Option<SystemTime>; 2]>,
    },
}

/// A certificate that can be shown, and what pages are told of it.
#[derive(Debug)]
pub(super) struct Certificate {
    /// What TLS needs.
    pub(super) tls: ServerConfig,
    /// What pages are told.
    pub(super) shown: Shown,
}

impl Source {
    /// Certificates of the host's own, for these names.
    pub(super) fn own(names: Vec<String>) -> Self {
        let due = OffsetDateTime::UNIX_EPOCH;
        Self::Own { names, due }
    }

    /// Certificates from files.
    pub(super) fn files(certificate: PathBuf, key: PathBuf) -> Self {
        Self::Files {
            certificate,
            key,
            seen: None,
        }
    }

    /// How often [`Source::next`] is worth a call.
    pub(super) fn look(&self) -> Duration {
        match self {
            Self::Own { .. } => OWN_LOOK,
            Self::Files { .. } => FILES_LOOK,
        }
    }

    /// The certificate to show from now on, if that is another one than before; the first call has one.
    ///
    /// # Errors
    /// A file that cannot be read, or a key that is not the certificate's: names the file and the flag. It is not tried again
    /// before a file changes once more.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Certificate>> {
        match self {
            Self::Own { names, due } => {
                let now = OffsetDateTime::now_utc();
                if now < *due {
                    return Ok(None);
                }
                *due = now + VALID - BACKDATED - RENEWED_BEFORE;
                make(names, now).map(Some)
            }
            Self::Files {
                certificate,
                key,
                seen,
            } => {
                let changed = Some([changed(certificate), changed(key)]);
                if changed == *seen {
                    return Ok(None);
                }
                *seen = changed;
                read(certificate, key).await.map(Some)
            }
        }
    }
}

fn changed(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).ok()?.modified().ok()
}

/// A certificate of the host's own.
fn make(names: &[String], now: OffsetDateTime) -> anyhow::Result<Certificate> {
    let begins = now - BACKDATED;
    let ends = begins + VALID;
    let identity = SelfSignedIdentityBuilder::new()
        .subject_alt_names(names)
        .validity_period(begins, ends)
        .build();
    let identity = identity.context("make a certificate for the lanes")?;
    let chain = identity.certificate_chain();
    let hashes = chain.as_slice().iter().map(hash);
    Ok(Certificate {
        shown: Shown {
            hashes: hashes.collect(),
            expires: ends.unix_timestamp().try_into().ok(),
        },
        tls: tls(chain, identity.private_key())?,
    })
}

/// The certificate in these files. An authority vouches for it, so no hash is told.
async fn read(certificate: &Path, key: &Path) -> anyhow::Result<Certificate> {
    let name = certificate.display();
    let chain = CertificateChain::load_pemfile(certificate)
        .await
        .with_context(|| format!("read the certificate {name} of --tls-cert"))?;
    ensure!(
        !chain.as_slice().is_empty(),
        "{name} has no certificate in PEM; --tls-cert takes a chain of them"
    );
    let private = PrivateKey::load_pemfile(key)
        .await
        .with_context(|| format!("read the key {} of --tls-key", key.display()))?;
    let tls = tls(&chain, &private).with_context(|| {
        let key = key.display();
        format!("the key {key} of --tls-key does not belong to the certificate {name} of --tls-cert, or is of a kind that is unknown here")
    })?;
    Ok(Certificate {
        tls,
        shown: Shown::default(),
    })
}

fn tls(chain: &CertificateChain, key: &PrivateKey) -> anyhow::Result<ServerConfig> {
    let chain = chain.as_slice().iter();
    let chain = chain.map(|certificate| CertificateDer::from(certificate.der().to_vec()));
    let key = PrivateKeyDer::try_from(key.secret_der().to_vec()).map_err(anyhow::Error::msg)?;
    let mut tls = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[&TLS13])
        .context("set TLS up")?
        .with_no_client_auth()
        .with_single_cert(chain.collect(), key)?;
    tls.alpn_protocols = vec![WEBTRANSPORT_ALPN.to_vec()];
    Ok(tls)
}

fn hash(certificate: &Pem) -> String {
    let hash = certificate.hash();
    let bytes: &[u8; 32] = hash.as_ref();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
    }

    #[tokio::test]
    async fn a_certificate_of_the_hosts_own_is_one_that_browsers_take_by_its_hash() {
        let mut source = Source::own(names());
        let first = source.next().await.unwrap().unwrap();
        let [hash] = &first.shown.hashes[..] else {
            panic!("one hash");
        };
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let left = first.shown.expires.unwrap() as i64 - OffsetDateTime::now_utc().unix_timestamp();
        let days = left as f64 / 86_400.0;
        assert!(days > 12.0 && days < 13.0, "{days} days");
        assert!(source.next().await.unwrap().is_none(), "not due yet");
    }

    #[tokio::test]
    async fn another_one_is_made_before_the_last_one_ends() {
        let mut source = Source::own(names());
        let first = source.next().await.unwrap().unwrap();
        let Source::Own { due, .. } = &mut source else {
            panic!("its own");
        };
        let ends = OffsetDateTime::from_unix_timestamp(first.shown.expires.unwrap() as i64);
        assert!(*due < ends.unwrap() - Span::days(1));
        *due = OffsetDateTime::now_utc();
        let second = source.next().await.unwrap().unwrap();
        assert_ne!(first.shown.hashes, second.shown.hashes);
    }

    #[tokio::test]
    async fn files_are_read_again_when_they_change() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        let write = async |name: &str| {
            let identity = wtransport::Identity::self_signed([name]).unwrap();
            let chain = identity.certificate_chain();
            chain.store_pemfile(&certificate).await.unwrap();
            identity
                .private_key()
                .store_secret_pemfile(&key)
                .await
                .unwrap();
        };
        let mut source = Source::files(certificate.clone(), key.clone());
        let said = source.next().await.unwrap_err();
        assert!(format!("{said:#}").contains("cert.pem"), "{said:#}");
        write("one.example").await;
        let read = source.next().await.unwrap().unwrap();
        assert_eq!(read.shown, Shown::default());
        assert!(source.next().await.unwrap().is_none());
        // A key that is another's leaves the certificate as it is.
        let other = wtransport::Identity::self_signed(["two.example"]).unwrap();
        other
            .private_key()
            .store_secret_pemfile(&key)
            .await
            .unwrap();
        set_changed(&key, 10);
        let said = format!("{:#}", source.next().await.unwrap_err());
        assert!(
            said.contains("key.pem") && said.contains("--tls-key"),
            "{said}"
        );
        assert!(source.next().await.unwrap().is_none(), "said once");
        write("two.example").await;
        set_changed(&key, 20);
        assert!(source.next().await.unwrap().is_some());
    }

    /// Moves a file's time on: two writes may have the same.
    fn set_changed(file: &Path, seconds: u64) {
        let file = std::fs::File::options().write(true).open(file).unwrap();
        let at = SystemTime::now() + Duration::from_secs(seconds);
        file.set_modified(at).unwrap();
    }
}

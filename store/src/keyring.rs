//! Encryption of secrets at rest, with a key that isn't in the database.

use std::{collections::BTreeMap, fmt};

use berth_model::{Error, Ids, Result};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;

/// The keys that secrets are sealed with: the newest seals, all open.
pub struct Keyring {
    newest: String,
    keys: BTreeMap<String, [u8; 32]>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("newest", &self.newest)
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// Reads lines of `id:64 hexadecimal digits`; the last line's key is the newest. Empty lines
    /// and lines that begin with `#` don't count.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = BTreeMap::new();
        let mut newest = None;
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || {
                format!(
                    "line {}: write a key as id:64 hexadecimal digits",
                    index + 1
                )
            };
            let (id, hex) = line.split_once(':').ok_or_else(wrong)?;
            let key: berth_model::Sha256 = hex.parse().map_err(|_| wrong())?;
            keys.insert(id.to_owned(), key.0);
            newest = Some(id.to_owned());
        }
        let newest = newest.ok_or("there is no key in it")?;
        Ok(Self { newest, keys })
    }

    /// A line for a new key.
    #[must_use]
    pub fn generate_line(ids: &Ids) -> String {
        let key = berth_model::Sha256(ids.bytes());
        format!("{}:{key}\n", ids.uuid().simple())
    }

    /// Seals a secret. `bound_to` names its place: opened elsewhere, it doesn't open.
    /// XChaCha20-Poly1305; the result is nonce and ciphertext.
    pub(crate) fn seal(
        &self,
        ids: &Ids,
        bound_to: &str,
        secret: &[u8],
    ) -> Result<(String, Vec<u8>)> {
        let nonce: [u8; NONCE_BYTES] = ids.bytes();
        let payload = Payload {
            msg: secret,
            aad: bound_to.as_bytes(),
        };
        let sealed = self
            .cipher(&self.newest)?
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| Error::internal("sealing a secret failed"))?;
        Ok((self.newest.clone(), [nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Keyring::seal`] made.
    pub(crate) fn open(&self, key_id: &str, bound_to: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, sealed) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or_else(|| Error::internal("a sealed secret is too short"))?;
        self.cipher(key_id)?
            .decrypt(
                XNonce::from_slice(nonce),
                Payload {
                    msg: sealed,
                    aad: bound_to.as_bytes(),
                },
            )
            .map_err(|_| Error::internal(format!("a secret does not open with key {key_id}")))
    }

    /// HMAC-SHA-256 under the oldest key, for hashes that must not be guessable from the database.
    pub(crate) fn keyed_hash(&self, bytes: &[u8]) -> Vec<u8> {
        // The oldest: a hash must stay the same while newer keys come.
        let key = self.keys.values().next().map_or(&[0; 32], |key| key);
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(bytes);
        mac.finalize().into_bytes().to_vec()
    }

    fn cipher(&self, key_id: &str) -> Result<XChaCha20Poly1305> {
        let key = self.keys.get(key_id);
        let key = key.ok_or_else(|| Error::internal(format!("the keyring has no key {key_id}")))?;
        Ok(XChaCha20Poly1305::new(key.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use berth_model::SystemClock;

    use super::*;

    #[test]
    fn a_secret_opens_only_in_its_place() {
        let ids = Ids::new(Arc::new(SystemClock));
        let keyring = Keyring::parse(&Keyring::generate_line(&ids)).unwrap();
        let (key_id, sealed) = keyring.seal(&ids, "here", b"secret").unwrap();
        assert_eq!(keyring.open(&key_id, "here", &sealed).unwrap(), b"secret");
        assert!(keyring.open(&key_id, "there", &sealed).is_err());
        assert!(keyring.open(&key_id, "here", &sealed[..10]).is_err());
    }

    #[test]
    fn an_older_key_still_opens() {
        let ids = Ids::new(Arc::new(SystemClock));
        let old = Keyring::generate_line(&ids);
        let keyring = Keyring::parse(&old).unwrap();
        let (key_id, sealed) = keyring.seal(&ids, "here", b"secret").unwrap();
        let both = Keyring::parse(&(old + &Keyring::generate_line(&ids))).unwrap();
        assert_eq!(both.open(&key_id, "here", &sealed).unwrap(), b"secret");
        assert_ne!(both.seal(&ids, "here", b"secret").unwrap().0, key_id);
    }
}

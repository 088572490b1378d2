//! Envelope encryption: each secret is sealed with a key of its own, and that key with one of the
//! keyring. A new key of the keyring seals the small keys anew; the secrets themselves are not
//! opened for it.
//!
//! Sealed, in this order: [`MARK`]; nonce and ciphertext of the secret's own key under the
//! keyring's; nonce and ciphertext of the secret under its own. Both are XChaCha20-Poly1305, and
//! both are bound to the place where they are kept. An older Berth sealed a secret with the
//! keyring's key itself (nonce, ciphertext); such a one still opens.

use berth_model::Ids;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

/// A key's bytes.
pub(crate) type Key = [u8; 32];

/// What an envelope begins with. An older Berth's nonce is the same once in 2^32: then what follows
/// doesn't open as an envelope, and is tried as the older form.
const MARK: &[u8; 4] = b"BE1\n";

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Of a secret's own key, wrapped: nonce, key, tag.
const WRAPPED_BYTES: usize = NONCE_BYTES + size_of::<Key>() + TAG_BYTES;

/// Seals a secret with a new key of its own. `bound_to` names its place: opened elsewhere, it
/// doesn't open. `None` only for a secret that is longer than the cipher takes (256 GiB).
pub(crate) fn seal(key: &Key, ids: &Ids, bound_to: &str, secret: &[u8]) -> Option<Vec<u8>> {
    let own: Key = ids.bytes();
    let wrapped = encrypt(key, ids, &of_key(bound_to), &own)?;
    let sealed = encrypt(&own, ids, bound_to, secret)?;
    Some([MARK.as_slice(), &wrapped, &sealed].concat())
}

/// Opens what [`seal`] made with this key and for this place.
pub(crate) fn open(key: &Key, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let envelope = parts(sealed).and_then(|(wrapped, sealed)| {
        let own = own_key(key, bound_to, wrapped)?;
        decrypt(&own, bound_to, sealed)
    });
    envelope.or_else(|| decrypt(key, bound_to, sealed))
}

/// The same secret under another key of the keyring.
pub(crate) fn rewrap(
    (old, new): (&Key, &Key),
    ids: &Ids,
    bound_to: &str,
    sealed: &[u8],
) -> Option<Vec<u8>> {
    if let Some((wrapped, sealed)) = parts(sealed)
        && let Some(own) = own_key(old, bound_to, wrapped)
    {
        let wrapped = encrypt(new, ids, &of_key(bound_to), &own)?;
        return Some([MARK.as_slice(), &wrapped, sealed].concat());
    }
    seal(new, ids, bound_to, &decrypt(old, bound_to, sealed)?)
}

fn own_key(key: &Key, bound_to: &str, wrapped: &[u8]) -> Option<Key> {
    decrypt(key, &of_key(bound_to), wrapped)?.try_into().ok()
}

/// The wrapped key and the sealed secret.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    sealed.strip_prefix(MARK)?.split_at_checked(WRAPPED_BYTES)
}

/// What the secret's own key is bound to: never the same as a secret.
fn of_key(bound_to: &str) -> String {
    format!("key of {bound_to}")
}

fn encrypt(key: &Key, ids: &Ids, bound_to: &str, plain: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE_BYTES] = ids.bytes();
    let payload = Payload {
        msg: plain,
        aad: bound_to.as_bytes(),
    };
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(XNonce::from_slice(&nonce), payload).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &Key, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
    let payload = Payload {
        msg: sealed,
        aad: bound_to.as_bytes(),
    };
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use berth_model::SystemClock;
    use proptest::prelude::*;

    use super::*;

    const OLD: Key = [1; 32];
    const NEW: Key = [2; 32];

    fn ids() -> Ids {
        Ids::seeded(Arc::new(SystemClock), 1)
    }

    #[test]
    fn a_secret_opens_with_its_key_in_its_place_alone() {
        let sealed = seal(&OLD, &ids(), "here", b"secret").unwrap();
        assert_eq!(open(&OLD, "here", &sealed).unwrap(), b"secret");
        assert_eq!(open(&NEW, "here", &sealed), None);
        assert_eq!(open(&OLD, "there", &sealed), None);
    }

    #[test]
    fn what_an_older_berth_sealed_opens_and_becomes_an_envelope() {
        let older = encrypt(&OLD, &ids(), "here", b"secret").unwrap();
        assert_eq!(open(&OLD, "here", &older).unwrap(), b"secret");
        let newer = rewrap((&OLD, &NEW), &ids(), "here", &older).unwrap();
        assert!(newer.starts_with(MARK));
        assert_eq!(open(&NEW, "here", &newer).unwrap(), b"secret");
    }

    #[test]
    fn a_new_key_seals_the_small_key_anew_and_leaves_the_secret() {
        let first = seal(&OLD, &ids(), "here", b"secret").unwrap();
        let second = rewrap((&OLD, &NEW), &ids(), "here", &first).unwrap();
        assert_eq!(open(&NEW, "here", &second).unwrap(), b"secret");
        assert_eq!(open(&OLD, "here", &second), None);
        assert_eq!(parts(&first).unwrap().1, parts(&second).unwrap().1);
        assert_eq!(rewrap((&NEW, &OLD), &ids(), "here", &first), None);
        assert_eq!(rewrap((&OLD, &NEW), &ids(), "there", &first), None);
    }

    proptest! {
        #[test]
        fn no_changed_byte_goes_unnoticed(at in 0_usize..170, change in 1_u8..) {
            let mut sealed = seal(&OLD, &ids(), "here", &[7; 54]).unwrap();
            prop_assert_eq!(sealed.len(), 170);
            sealed[at] ^= change;
            prop_assert_eq!(open(&OLD, "here", &sealed), None);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, marked: bool) {
            let bytes = if marked { [MARK.as_slice(), &bytes].concat() } else { bytes };
            prop_assert_eq!(open(&OLD, "here", &bytes), None);
            prop_assert_eq!(rewrap((&OLD, &NEW), &ids(), "here", &bytes), None);
        }
    }
}

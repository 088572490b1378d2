//! The keys that secrets at rest are sealed with: a file, not the database.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use berth_model::{Error, Ids, Result};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::envelope::{self, Key};

/// What the key for hashes of requests is derived with: a key of the keyring seals and nothing
/// else.
const OF_HASHES: &[u8] = b"berth: hashes of requests";

/// The keys that secrets are sealed with: the newest seals, all open.
///
/// One that was read from a file follows it: what is sealed next is sealed with the newest key that
/// is in the file then, and a key that isn't known is looked for there. So a key can be added and
/// one that seals nothing be removed while processes run.
pub struct Keyring {
    file: Option<PathBuf>,
    keys: RwLock<Arc<Keys>>,
}

/// In the order of the file; never empty.
struct Keys {
    keys: Vec<(String, Key)>,
    /// Of the file, when it was read.
    stamp: Option<Stamp>,
}

/// What changes with a file: when it was written, and its length in bytes.
type Stamp = (SystemTime, u64);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("newest", &self.current().newest().0)
            .finish_non_exhaustive()
    }
}

impl Keys {
    fn parse(text: &str) -> Result<Self, String> {
        let mut keys: Vec<(String, Key)> = Vec::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: &str| format!("line {}: {what}", index + 1);
            let form = || wrong("write a key as id:64 hexadecimal digits");
            let (id, hex) = line.split_once(':').ok_or_else(form)?;
            let key: berth_model::Sha256 = hex.parse().map_err(|_| form())?;
            if id.is_empty() {
                return Err(form());
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(wrong("this id is there already; each key has its own"));
            }
            keys.push((id.to_owned(), key.0));
        }
        if keys.is_empty() {
            return Err("there is no key in it".to_owned());
        }
        Ok(Self { keys, stamp: None })
    }

    fn read(file: &Path) -> Result<Self, String> {
        // Before the text: what is written in between is noticed the next time.
        let stamp = stamp(file);
        let text = fs::read_to_string(file).map_err(|cause| cause.to_string())?;
        Ok(Self {
            stamp,
            ..Self::parse(&text)?
        })
    }

    fn newest(&self) -> &(String, Key) {
        self.keys.last().expect("parse refuses none")
    }

    fn get(&self, id: &str) -> Option<&Key> {
        self.keys
            .iter()
            .find(|(known, _)| known == id)
            .map(|(_, key)| key)
    }
}

impl Keyring {
    /// Reads lines of `id:64 hexadecimal digits`; the last line's key is the newest. Empty lines
    /// and lines that begin with `#` don't count. The error is for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self {
            file: None,
            keys: RwLock::new(Arc::new(Keys::parse(text)?)),
        })
    }

    /// Reads them from a file, and follows it from then on. The error is for people.
    pub fn file(file: &Path) -> Result<Self, String> {
        Ok(Self {
            file: Some(file.to_owned()),
            keys: RwLock::new(Arc::new(Keys::read(file)?)),
        })
    }

    /// A line for a new key.
    #[must_use]
    pub fn generate_line(ids: &Ids) -> String {
        let key = berth_model::Sha256(ids.bytes());
        format!("{}:{key}\n", ids.uuid().simple())
    }

    /// The ids of the keys, the newest last.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.fresh().keys.iter().map(|(id, _)| id.clone()).collect()
    }

    /// Seals a secret with the newest key, whose id is given too. `bound_to` names its place:
    /// opened elsewhere, it doesn't open.
    pub(crate) fn seal(
        &self,
        ids: &Ids,
        bound_to: &str,
        secret: &[u8],
    ) -> Result<(String, Vec<u8>)> {
        let keys = self.fresh();
        let (id, key) = keys.newest();
        let sealed = envelope::seal(key, ids, bound_to, secret);
        let sealed = sealed.ok_or_else(|| Error::internal("sealing a secret failed"))?;
        Ok((id.clone(), sealed))
    }

    /// Opens what [`Keyring::seal`] made.
    pub(crate) fn open(&self, key_id: &str, bound_to: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        envelope::open(&self.key(key_id)?, bound_to, sealed).ok_or_else(|| unopened(key_id))
    }

    /// The same secret under the newest key, whose id is given too.
    pub(crate) fn rewrap(
        &self,
        ids: &Ids,
        key_id: &str,
        bound_to: &str,
        sealed: &[u8],
    ) -> Result<(String, Vec<u8>)> {
        let (old, keys) = (self.key(key_id)?, self.fresh());
        let (id, new) = keys.newest();
        let sealed = envelope::rewrap((&old, new), ids, bound_to, sealed);
        Ok((id.clone(), sealed.ok_or_else(|| unopened(key_id))?))
    }

    /// HMAC-SHA-256 under the newest key, and that key's id: for hashes that must not be guessable
    /// from the database.
    pub(crate) fn keyed_hash(&self, bytes: &[u8]) -> (String, Vec<u8>) {
        let keys = self.fresh();
        let (id, key) = keys.newest();
        (id.clone(), hash(key, bytes))
    }

    /// Whether a hash is that of these bytes under this key; without one, an older Berth made it
    /// with a key that it didn't write down.
    pub(crate) fn keyed_hash_is(
        &self,
        key_id: Option<&str>,
        bytes: &[u8],
        found: &[u8],
    ) -> Result<bool> {
        match key_id {
            Some(id) => Ok(hash(&self.key(id)?, bytes) == found),
            None => Ok(self
                .fresh()
                .keys
                .iter()
                .any(|(_, key)| hmac(key, bytes) == found)),
        }
    }

    /// A key; the file may have it since it was last read.
    fn key(&self, id: &str) -> Result<Key> {
        let known = self.current().get(id).copied();
        known
            .or_else(|| self.fresh().get(id).copied())
            .ok_or_else(|| Error::internal(format!("the keyring has no key {id}")))
    }

    fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys as the file has them now. A file that can't be read leaves them as they are.
    fn fresh(&self) -> Arc<Keys> {
        let current = self.current();
        let Some(file) = &self.file else {
            return current;
        };
        if stamp(file) == current.stamp {
            return current;
        }
        match Keys::read(file) {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
                keys
            }
            Err(cause) => {
                tracing::warn!(
                    cause,
                    "the keyring can't be read again; its keys stay as they were"
                );
                current
            }
        }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let meta = fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn unopened(key_id: &str) -> Error {
    Error::internal(format!("a secret does not open with key {key_id}"))
}

fn hash(key: &Key, bytes: &[u8]) -> Vec<u8> {
    hmac(&hmac(key, OF_HASHES), bytes)
}

fn hmac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use std::{fs::File, time::Duration};

    use berth_model::SystemClock;

    use super::*;

    fn ids() -> Ids {
        Ids::seeded(Arc::new(SystemClock), 1)
    }

    fn line(id: &str, digit: char) -> String {
        format!("{id}:{}\n", digit.to_string().repeat(64))
    }

    #[test]
    fn the_last_line_seals_whatever_its_id_and_all_lines_open() {
        // In the order of ids it would be the first.
        let old = Keyring::parse(&line("b", '1')).unwrap();
        let both = Keyring::parse(&(line("b", '1') + "# a comment\n\n" + &line("a", '2'))).unwrap();
        let (key_id, sealed) = old.seal(&ids(), "here", b"secret").unwrap();
        assert_eq!(both.open(&key_id, "here", &sealed).unwrap(), b"secret");
        assert_eq!(both.seal(&ids(), "here", b"secret").unwrap().0, "a");
        assert_eq!(both.ids(), ["b", "a"]);
    }

    #[test]
    fn a_rewrapped_secret_needs_the_old_key_no_longer() {
        let both = Keyring::parse(&(line("b", '1') + &line("a", '2'))).unwrap();
        let old = Keyring::parse(&line("b", '1')).unwrap();
        let new = Keyring::parse(&line("a", '2')).unwrap();
        let (key_id, sealed) = old.seal(&ids(), "here", b"secret").unwrap();
        let (key_id, sealed) = both.rewrap(&ids(), &key_id, "here", &sealed).unwrap();
        assert_eq!(key_id, "a");
        assert_eq!(new.open("a", "here", &sealed).unwrap(), b"secret");
        let error = new.open("b", "here", &sealed).unwrap_err();
        assert_eq!(error.cause_text(), "the keyring has no key b");
    }

    #[test]
    fn a_hash_names_its_key_and_outlives_the_others() {
        let old = Keyring::parse(&line("b", '1')).unwrap();
        let both = Keyring::parse(&(line("b", '1') + &line("a", '2'))).unwrap();
        let new = Keyring::parse(&line("a", '2')).unwrap();
        let (key_id, first) = old.keyed_hash(b"x");
        assert!(both.keyed_hash_is(Some(&key_id), b"x", &first).unwrap());
        assert!(!both.keyed_hash_is(Some(&key_id), b"y", &first).unwrap());
        let (key_id, second) = both.keyed_hash(b"x");
        assert_ne!(first, second);
        assert!(new.keyed_hash_is(Some(&key_id), b"x", &second).unwrap());
        assert!(new.keyed_hash_is(Some("b"), b"x", &first).is_err());
        // What an older Berth wrote, by a key that it didn't name.
        let older = hmac(&[0x11; 32], b"x");
        assert!(both.keyed_hash_is(None, b"x", &older).unwrap());
        assert!(!new.keyed_hash_is(None, b"x", &older).unwrap());
    }

    #[test]
    fn what_is_no_keyring_is_explained() {
        for (text, told) in [
            ("# nothing\n", "there is no key in it"),
            ("a:12\n", "line 1: write a key as id:64 hexadecimal digits"),
            (
                "\n:0000000000000000000000000000000000000000000000000000000000000000",
                "line 2: write a key as id:64 hexadecimal digits",
            ),
        ] {
            assert_eq!(Keyring::parse(text).unwrap_err(), told);
        }
        let twice = Keyring::parse(&(line("a", '1') + &line("a", '2'))).unwrap_err();
        assert_eq!(
            twice,
            "line 2: this id is there already; each key has its own"
        );
    }

    #[test]
    fn a_keyring_follows_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyring");
        // Writes it with a time of its own: two writes may come within one tick of the disk.
        let write = |text: &str, second: u64| {
            fs::write(&file, text).unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            File::options()
                .append(true)
                .open(&file)
                .unwrap()
                .set_modified(at)
                .unwrap();
        };
        write(&line("b", '1'), 1);
        let keyring = Keyring::file(&file).unwrap();
        let (key_id, first) = keyring.seal(&ids(), "here", b"secret").unwrap();
        write(&(line("b", '1') + &line("a", '2')), 2);
        let (newer, second) = keyring.seal(&ids(), "here", b"secret").unwrap();
        assert_eq!((key_id.as_str(), newer.as_str()), ("b", "a"));
        assert!(keyring.open("b", "here", &first).is_ok());
        write(&line("a", '2'), 3);
        assert_eq!(keyring.ids(), ["a"]);
        assert!(keyring.open("b", "here", &first).is_err());
        write(&(line("a", '2') + &line("c", '3')), 4);
        let other = Keyring::file(&file).unwrap();
        let (key_id, third) = other.seal(&ids(), "here", b"secret").unwrap();
        assert_eq!(keyring.open(&key_id, "here", &third).unwrap(), b"secret");
        // One that is broken, or gone, changes nothing.
        write("half a li", 5);
        assert!(keyring.open("a", "here", &second).is_ok());
        assert_eq!(keyring.ids(), ["a", "c"]);
        fs::remove_file(&file).unwrap();
        assert_eq!(keyring.ids(), ["a", "c"]);
    }
}

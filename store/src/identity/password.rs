//! Passwords: argon2id (RFC 9106) with the parameters that OWASP's cheat sheet asks for, 19 MiB and
//! two passes.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread::available_parallelism,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use berth_model::{Error, ErrorCode, Message, Result, message};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use zxcvbn::{Score, zxcvbn};

use crate::{Store, connect::unavailable};

/// The fewest characters of a password.
const CHARACTERS_LEAST: usize = 10;

/// Of these, what must be left when the person's name and address are taken out.
const OWN_LEAST: usize = 6;

/// The most bytes of one: nobody types more, and what is longer is work for nothing.
const BYTES_MOST: usize = 256;

/// Memory of a hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;

/// What is compared where there is no password: the same work.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash(b"nobody", &[0; 16]).ok());

/// Whose turn it is to hash, and how often that was done.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// As many as there are cores: more would only be slower each, and each takes memory.
    turns: Semaphore,
    made: AtomicU64,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        LazyLock::force(&NOBODYS);
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            turns: Semaphore::new(cores),
            made: AtomicU64::new(0),
        }
    }
}

impl Store {
    /// How many passwords were hashed since the process began, to keep one or to compare one: each
    /// takes 19 MiB and some 20 ms.
    #[must_use]
    pub fn password_hashes(&self) -> u64 {
        self.passwords.made.load(Ordering::Relaxed)
    }

    /// A new password as it is kept.
    pub(super) async fn password_hash(&self, password: &str) -> Result<String> {
        let (text, salt) = (password.to_owned(), self.ids.bytes::<16>());
        self.password_turn(move || hash(text.as_bytes(), &salt))
            .await?
    }

    /// Whether it is the password. Without one to compare with it never is, and takes as long.
    pub(super) async fn password_is(&self, password: &str, kept: Option<String>) -> Result<bool> {
        let text = password.to_owned();
        let known = kept.is_some();
        let kept = kept.or_else(|| NOBODYS.clone()).unwrap_or_default();
        let same = self
            .password_turn(move || verify(text.as_bytes(), &kept))
            .await??;
        Ok(same && known)
    }

    async fn password_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let passwords = Arc::clone(&self.passwords);
        let _turn = timeout(self.wait, passwords.turns.acquire())
            .await
            .map_err(unavailable)?
            .map_err(Error::internal)?;
        passwords.made.fetch_add(1, Ordering::Relaxed);
        spawn_blocking(work).await.map_err(Error::internal)
    }
}

/// Whether it is good enough for a new password. `known`: words that a guesser would begin with,
/// such as the account's name and address.
pub(super) fn password_check(password: &str, known: &[&str]) -> Result<()> {
    if password.len() > BYTES_MOST {
        return Err(weak(message!(
            "Give at most {most} bytes.",
            most = BYTES_MOST
        )));
    }
    if password.chars().count() < CHARACTERS_LEAST {
        return Err(weak(message!(
            "Give {least} characters or more.",
            least = CHARACTERS_LEAST
        )));
    }
    let words: Vec<&str> = known
        .iter()
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| word.chars().count() > 2)
        .collect();
    let own = words.iter().fold(password.to_lowercase(), |rest, word| {
        rest.replace(&word.to_lowercase(), "")
    });
    let is_guessed = zxcvbn(password, &words).score() < Score::Three;
    if is_guessed || own.chars().count() < OWN_LEAST {
        return Err(weak(
            "This password is easily guessed. Several words that don't belong together make a good one.",
        ));
    }
    Ok(())
}

fn weak(message: impl Into<Message>) -> Error {
    Error::new(ErrorCode::WeakPassword, message).at("password")
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, 2, 1, None).map_err(wrong)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String> {
    let hash: PasswordHash = argon2()?
        .hash_password_with_salt(password, salt)
        .map_err(wrong)?;
    Ok(hash.to_string())
}

/// The parameters are those of the hash.
fn verify(password: &[u8], kept: &str) -> Result<bool> {
    let kept = PasswordHash::new(kept).map_err(wrong)?;
    Ok(argon2()?.verify_password(password, &kept).is_ok())
}

fn wrong(cause: impl std::fmt::Display) -> Error {
    Error::internal(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_kept_as_owasp_asks() {
        let kept = hash(b"correct horse", &[1; 16]).unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(verify(b"correct horse", &kept).unwrap());
        assert!(!verify(b"correct horsf", &kept).unwrap());
        assert_ne!(kept, hash(b"correct horse", &[2; 16]).unwrap());
    }

    #[test]
    fn what_is_short_or_guessed_is_refused() {
        let known = ["anna.example@mail.example", "Anna Example"];
        for password in [
            "short",
            "1234567890",
            "password123",
            "anna.example1",
            "aaaaaaaaaaaaaaa",
            "qwertzuiop",
        ] {
            let refused = password_check(password, &known).map_err(|error| error.code());
            assert_eq!(refused, Err(ErrorCode::WeakPassword), "{password}");
        }
        let long = "x".repeat(257);
        assert!(password_check(&long, &known).is_err());
        for password in [
            "brass otter plays slowly",
            "tG7#pq!Lm2wz",
            "grüne Möwe über Kiel",
        ] {
            assert!(password_check(password, &known).is_ok(), "{password}");
        }
    }
}

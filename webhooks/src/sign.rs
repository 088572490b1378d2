//! Signatures as Standard Webhooks defines them (its specification, "Signature scheme").

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`: for each secret `v1,` and the base64 of the HMAC-SHA-256 of
/// `id.timestamp.body`, with a space between. `timestamp` is in seconds since 1970. `None` when a
/// secret isn't `whsec_` and base64.
pub(crate) fn signatures(
    secrets: &[String],
    id: &str,
    timestamp: i64,
    body: &str,
) -> Option<String> {
    let each = secrets.iter().map(|secret| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    });
    let each: Option<Vec<String>> = each.collect();
    each.filter(|all| !all.is_empty()).map(|all| all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own test suites.
    #[test]
    fn the_known_answer_is_given() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let signed = signatures(
            &[secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(
            signed.unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn every_secret_signs_and_none_is_no_signature() {
        let secrets = ["whsec_AAAA".to_owned(), "whsec_BBBB".to_owned()];
        let both = signatures(&secrets, "id", 1, "{}").unwrap();
        let one = |index: usize| signatures(&secrets[index..=index], "id", 1, "{}").unwrap();
        assert_eq!(both, format!("{} {}", one(0), one(1)));
        assert_ne!(one(0), one(1));
        assert_eq!(signatures(&[], "id", 1, "{}"), None);
        assert_eq!(signatures(&["AAAA".to_owned()], "id", 1, "{}"), None);
    }
}

//! Scalars: types, not strings.
//!
//! What needs a look at its text to be refused (a domain name, an address) takes any string here
//! and is checked by the mutation, so that a wrong one is a typed user error with its field and not
//! a failure of the whole request.

use async_graphql::scalar;
use serde::{Deserialize, Serialize};

macro_rules! text_scalar {
    ($name:ident, $text:literal, $description:literal) => {
        #[doc = $description]
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub String);

        scalar!($name, $text, $description);

        impl $name {
            /// As it is written.
            pub fn of(value: impl ToString) -> Self {
                Self(value.to_string())
            }
        }
    };
}

macro_rules! integer_scalar {
    ($name:ident, $text:literal, $description:literal) => {
        #[doc = $description]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub i64);

        scalar!($name, $text, $description);
    };
}

text_scalar!(
    DomainName,
    "DomainName",
    "A domain name such as `example.org`: ASCII (IDNA A-labels), lower case, without a final dot. \
     Given with other letters it is converted (UTS 46)."
);
text_scalar!(
    EmailAddress,
    "EmailAddress",
    "An e-mail address such as `anna@example.org`."
);
text_scalar!(
    Cidr,
    "Cidr",
    "An IP prefix such as `192.0.2.0/24` or `2001:db8::/64`."
);
text_scalar!(
    IpAddress,
    "IpAddress",
    "An IPv4 or IPv6 address such as `192.0.2.1`."
);
text_scalar!(Sha256, "Sha256", "A SHA-256 digest: 64 hexadecimal digits.");
integer_scalar!(
    Bytes,
    "Bytes",
    "A size in bytes: a JSON number without a fraction, up to 2^53 - 1, so that every JSON reader \
    keeps it exactly."
);
integer_scalar!(
    BigInt,
    "BigInt",
    "A whole number: a JSON number without a fraction, from -(2^53 - 1) to 2^53 - 1, so that \
    every JSON reader keeps it exactly."
);

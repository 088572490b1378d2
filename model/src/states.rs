//! A macro for the enumerations that are `text` with a CHECK in SQL and enums in GraphQL.

/// An enumeration of stable names: what SQL, GraphQL and logs share.
pub trait States: Copy + Eq + Send + Sync + 'static {
    /// Its name, as in GraphQL.
    const NAME: &'static str;
    /// What it tells, for the schema.
    const DESCRIPTION: &'static str;
    /// Every value, its stable name and what it means, in the order of their declaration.
    const VALUES: &'static [(Self, &'static str, &'static str)];
}

/// Declares an enum whose variants have one stable SCREAMING_SNAKE_CASE name, the same in SQL, in
/// GraphQL and in logs.
macro_rules! states {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident { $( $(#[doc = $vdoc:literal])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $( $(#[doc = $vdoc])* #[serde(rename = $text)] $variant, )+ }

        impl $name {
            /// Every variant, in the order of their declaration.
            pub const ALL: &'static [$name] = &[ $( $name::$variant, )+ ];

            /// The stable name, as in SQL and GraphQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $text, )+ }
            }
        }

        impl crate::states::States for $name {
            const NAME: &'static str = stringify!($name);
            const DESCRIPTION: &'static str = concat!($($doc),*);
            const VALUES: &'static [(Self, &'static str, &'static str)] =
                &[ $( ($name::$variant, $text, concat!($($vdoc),*)), )+ ];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            fn from_str(text: &str) -> Result<Self, crate::Error> {
                match text {
                    $( $text => Ok($name::$variant), )+
                    other => Err(crate::Error::internal(format!(
                        concat!(stringify!($name), " has no value {:?}"), other
                    ))),
                }
            }
        }
    };
}

pub(crate) use states;

//! What all nouns have in common in GraphQL: a newtype around the model's, an id, a loader.

use std::{fmt::Display, str::FromStr};

use async_graphql::{Context, ID, Result, dataloader::Loader};
use berth_model::{Error, Id};

use super::Loaders;
use crate::context::request;

/// A typed id that can be written and read.
pub(crate) trait GlobalId:
    Id + Display + FromStr<Err = Error> + Send + Sync + 'static
{
}

impl<I: Id + Display + FromStr<Err = Error> + Send + Sync + 'static> GlobalId for I {}

/// A noun as GraphQL shows it.
pub(crate) trait Noun: Sized + Send + Sync {
    /// The model's type.
    type Model: Clone + Send + Sync + 'static;
    /// Its id.
    type Id: GlobalId + Eq + std::hash::Hash;

    /// As GraphQL shows it.
    fn wrap(model: Self::Model) -> Self;

    /// Its id.
    fn key(&self) -> Self::Id;
}

/// Declares the newtype of a noun: `noun!(Deployment, DeploymentId)`.
macro_rules! noun {
    ($name:ident, $id:ident) => {
        #[doc = concat!("A ", stringify!($name), " as GraphQL shows it.")]
        #[derive(Clone)]
        pub(crate) struct $name(pub berth_model::$name);

        impl crate::graphql::noun::Noun for $name {
            type Model = berth_model::$name;
            type Id = berth_model::$id;

            fn wrap(model: Self::Model) -> Self {
                Self(model)
            }

            fn key(&self) -> Self::Id {
                self.0.id
            }
        }
    };
}

pub(crate) use noun;

/// One by its id, in a batch with its like; nothing when the caller can't see it.
pub(crate) async fn find<N>(ctx: &Context<'_>, id: N::Id) -> Result<Option<N>>
where
    N: Noun,
    Loaders: Loader<N::Id, Value = N::Model, Error = std::sync::Arc<Error>>,
{
    Ok(request(ctx).loaders.load_one(id).await?.map(N::wrap))
}

/// The same, where there may be none to look for.
pub(crate) async fn find_opt<N>(ctx: &Context<'_>, id: Option<N::Id>) -> Result<Option<N>>
where
    N: Noun,
    Loaders: Loader<N::Id, Value = N::Model, Error = std::sync::Arc<Error>>,
{
    match id {
        Some(id) => find(ctx, id).await,
        None => Ok(None),
    }
}

/// Several, each in its place.
pub(crate) async fn find_many<N>(ctx: &Context<'_>, ids: &[N::Id]) -> Result<Vec<Option<N>>>
where
    N: Noun,
    N::Id: Copy,
    Loaders: Loader<N::Id, Value = N::Model, Error = std::sync::Arc<Error>>,
{
    let found = request(ctx).loaders.load_many(ids.iter().copied()).await?;
    let each = ids.iter().map(|id| found.get(id).cloned().map(N::wrap));
    Ok(each.collect())
}

/// One that is there whenever what refers to it is.
pub(crate) async fn get<N>(ctx: &Context<'_>, id: N::Id) -> Result<N>
where
    N: Noun,
    Loaders: Loader<N::Id, Value = N::Model, Error = std::sync::Arc<Error>>,
{
    let found = find(ctx, id).await?;
    Ok(found.ok_or_else(|| Error::not_found(<N::Id as Id>::NOUN))?)
}

/// An id as GraphQL shows it.
pub(crate) fn global(id: impl Display) -> ID {
    ID(id.to_string())
}

//! The pages that people see, in the brand of the storefront whose people they are: signing in and up,
//! their account, and what they let clients do (OAuth's authorisation endpoint).
//!
//! Plain HTML made here, without scripts. A page's realm is told by its host, or by `/s/{storefront}`
//! under the API's own. An authorisation request travels in the query from page to page and is read
//! anew on each, so that nothing of it needs to be kept, and there is no other way out of here than
//! to a client's own redirect URI. Every change is a form that only a page of ours can have made
//! (`form`).

mod account;
mod authorize;
mod consent;
mod cookie;
mod factor;
mod form;
mod identity;
mod page;
mod place;
mod request;
mod reset;
mod sign_in;
mod sign_up;
mod style;
mod terms;
mod throttle;
mod view;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use berth_model::{Clock, IdentityIssuers, Ids};
use berth_store::Store;

use crate::throttle::Throttle;

pub use identity::identity_callback;
pub use place::issuer;

/// What the pages need.
#[derive(Clone)]
pub struct PagesState {
    /// The database.
    pub store: Store,
    /// What asks identity providers.
    pub issuers: Arc<dyn IdentityIssuers>,
    /// Where clients reach the API, such as `https://api.example.org`. No slash at the end.
    pub public_url: String,
    /// The provider's name, on the pages of its own realm.
    pub provider_name: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub ids: Arc<Ids>,
}

/// The pages of this process.
struct Site {
    state: PagesState,
    throttle: Throttle,
}

/// Where the authorisation endpoint is, below the issuer (RFC 6749 section 3.1).
pub const AUTHORIZE: &str = "/oauth/authorize";

/// Every page.
pub fn router(state: PagesState) -> Router {
    let throttle = Throttle::new(Arc::clone(&state.clock));
    let site = Arc::new(Site { state, throttle });
    Router::new()
        .merge(pages())
        .nest("/s/{storefront}", pages())
        .route(AUTHORIZE, get(authorize::show).post(authorize::decide))
        .with_state(site)
}

fn pages() -> Router<Arc<Site>> {
    Router::new()
        .route("/pages.css", get(style::sheet))
        .route("/brand.css", get(style::brand))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/code", get(factor::show).post(factor::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-up", get(sign_up::show).post(sign_up::submit))
        .route("/sign-up/code", get(sign_up::code).post(sign_up::finish))
        .route("/reset", get(reset::show).post(reset::submit))
        .route("/reset/code", get(reset::code).post(reset::finish))
        .route("/terms", get(terms::show).post(terms::submit))
        .merge(identity::routes())
        .merge(account::routes())
}

//! What a person is asked before a client may act in their name, and for which tenant.

use askama::Template;
use berth_model::{
    Account, Caller, Error, ErrorCode, GrantGive, Membership, RedirectUri, Result, Session,
    TenantId, TokenScope, TokenScopes, policy,
};

use crate::{
    authorize::Authorization,
    request::{Asked, Prompt, Wanted, Wrong},
    view::Frame,
};

/// For which tenant a client acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// For this one.
    Tenant(TenantId),
    /// For none: with the account alone.
    Account,
}

impl Choice {
    fn tenant_id(self) -> Option<TenantId> {
        match self {
            Self::Tenant(id) => Some(id),
            Self::Account => None,
        }
    }
}

/// What comes next for a request.
pub(crate) enum Step<'a> {
    /// Nobody is signed in.
    SignIn,
    /// There are new terms to accept.
    Terms,
    /// The person is asked.
    Ask(Box<ConsentPage<'a>>),
    /// It was allowed before.
    Given(Choice),
    /// It can't be.
    Not(Wrong),
}

/// A tenant to choose.
pub(crate) struct Offer {
    value: String,
    label: String,
    role: &'static str,
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    frame: Frame<'a>,
    client: &'a str,
    name: &'a str,
    email: &'a str,
    action: String,
    sign_out: String,
    /// Several to choose from; empty if there is nothing to choose.
    choices: Vec<Offer>,
    tenant: String,
    tenant_name: String,
    scopes: Vec<TokenScope>,
    target: String,
}

/// What comes next.
pub(crate) async fn step<'a>(authorization: &'a Authorization, asked: &Asked) -> Result<Step<'a>> {
    let page = &authorization.page;
    let quiet = asked.prompt == Prompt::Nothing;
    let Some(session) = page.session.as_ref() else {
        return Ok(match quiet {
            true => Step::Not(Wrong::new("login_required", "Nobody is signed in.")),
            false => Step::SignIn,
        });
    };
    if asked.prompt == Prompt::Login && !is_fresh(authorization, session) {
        return Ok(Step::SignIn);
    }
    if terms_missing(authorization, session).await? {
        return Ok(match quiet {
            true => Step::Not(Wrong::new("interaction_required", "There are new terms.")),
            false => Step::Terms,
        });
    }
    let memberships = page.site.state.store.membership_list(session).await?;
    let mut offered = match offers(asked, &memberships) {
        Ok(offered) => offered,
        Err(wrong) => return Ok(Step::Not(wrong)),
    };
    let account = &session.account;
    let open = |choice: &Choice| open(authorization, asked, account, &memberships, *choice);
    offered.retain(|choice| !open(choice).is_empty());
    if offered.is_empty() {
        return Ok(Step::Not(nothing_open()));
    }
    if let [only] = *offered
        && asked.prompt != Prompt::Consent
        && is_given(authorization, account, only, open(&only)).await?
    {
        return Ok(Step::Given(only));
    }
    if quiet {
        let text = "The person must be asked.";
        return Ok(Step::Not(Wrong::new("interaction_required", text)));
    }
    let scopes = offered.iter().flat_map(|choice| open(choice).iter());
    let scopes = scopes.collect();
    let view = view(authorization, account, &memberships, &offered, scopes);
    Ok(Step::Ask(Box::new(view)))
}

/// With `prompt=login` somebody must have signed in for this request: a minute ago at most.
fn is_fresh(authorization: &Authorization, session: &Session) -> bool {
    let now = authorization.page.site.state.clock.now();
    (now - session.created_at).num_seconds() < 60
}

/// Whether the storefront has terms that the person didn't accept.
async fn terms_missing(authorization: &Authorization, session: &Session) -> Result<bool> {
    let page = &authorization.page;
    let Some(version) = &page.place.brand.terms_version else {
        return Ok(false);
    };
    let protection = page.site.state.store.account_protection(session).await?;
    Ok(protection.terms_version.as_ref() != Some(version))
}

/// What can be chosen, one at least.
fn offers(asked: &Asked, memberships: &[Membership]) -> std::result::Result<Vec<Choice>, Wrong> {
    let theirs = |id: TenantId| memberships.iter().any(|one| one.tenant.id == id);
    Ok(match asked.tenant {
        Some(Wanted::Account) => vec![Choice::Account],
        Some(Wanted::Tenant(id)) if theirs(id) => vec![Choice::Tenant(id)],
        Some(Wanted::Tenant(_)) => {
            let text = "The person is not a member of this tenant.";
            return Err(Wrong::new("access_denied", text));
        }
        None if memberships.is_empty() => vec![Choice::Account],
        None => memberships
            .iter()
            .map(|one| Choice::Tenant(one.tenant.id))
            .collect(),
    })
}

/// Whether nothing need be asked. Of a client that can keep no secret, anybody can say that they are
/// it: then the person is asked each time.
async fn is_given(
    authorization: &Authorization,
    account: &Account,
    choice: Choice,
    scopes: TokenScopes,
) -> Result<bool> {
    let client = &authorization.client;
    if client.is_public {
        return Ok(false);
    }
    let store = &authorization.page.site.state.store;
    store
        .consent_covers(account, client.id, choice.tenant_id(), scopes)
        .await
}

/// What the client can be let do with this choice: what it asks for, as far as the person may.
fn open(
    authorization: &Authorization,
    asked: &Asked,
    account: &Account,
    memberships: &[Membership],
    choice: Choice,
) -> TokenScopes {
    let theirs = match choice {
        Choice::Account => policy::scopes(&Caller::Account(account.id, account.realm)),
        Choice::Tenant(id) => memberships
            .iter()
            .find(|one| one.tenant.id == id)
            .map(Membership::scopes)
            .unwrap_or_default(),
    };
    theirs.and(asked.scopes).and(authorization.client.scopes)
}

/// What is told when the person may do nothing of it.
pub(crate) fn nothing_open() -> Wrong {
    let text = "Nothing of what is asked for is open to this person.";
    Wrong::new("invalid_scope", text)
}

fn view<'a>(
    authorization: &'a Authorization,
    account: &'a Account,
    memberships: &[Membership],
    offered: &[Choice],
    scopes: TokenScopes,
) -> ConsentPage<'a> {
    let page = &authorization.page;
    let mut choices: Vec<Offer> = offered
        .iter()
        .filter_map(|choice| {
            memberships
                .iter()
                .find(|one| Some(one.tenant.id) == choice.tenant_id())
        })
        .map(|one| Offer {
            value: one.tenant.id.to_string(),
            label: one.tenant.name.clone(),
            role: page.words.role(&one.role),
        })
        .collect();
    let single = offered.len() == 1;
    let (tenant, tenant_name) = match choices.first() {
        Some(offer) => (offer.value.clone(), offer.label.clone()),
        None => ("none".to_owned(), String::new()),
    };
    if single {
        choices.clear();
    } else {
        choices.push(Offer {
            value: "none".to_owned(),
            label: page.words.consent_account.to_owned(),
            role: "",
        });
    }
    ConsentPage {
        frame: page.frame(page.words.consent_title),
        client: &authorization.client.name,
        name: &account.name,
        email: account.email.as_str(),
        action: format!("{}?{}", crate::AUTHORIZE, page.query),
        sign_out: page.href("/sign-out"),
        choices,
        tenant,
        tenant_name,
        scopes: scopes.iter().collect(),
        target: RedirectUri::source(&authorization.redirect_uri).unwrap_or_default(),
    }
}

/// A choice that came back from the page, if it is one that the request leaves.
pub(crate) async fn allowed(
    authorization: &Authorization,
    asked: &Asked,
    choice: Choice,
) -> Result<Choice> {
    if terms_missing(authorization, authorization.page.signed_in()?).await? {
        return Err(Error::new(
            ErrorCode::Forbidden,
            "The terms must be accepted first.",
        ));
    }
    match asked.tenant {
        None => Ok(choice),
        Some(Wanted::Account) if choice == Choice::Account => Ok(choice),
        Some(Wanted::Tenant(id)) if choice == Choice::Tenant(id) => Ok(choice),
        Some(_) => {
            tracing::warn!(client = %authorization.client.id, "a choice that was not offered");
            Err(Error::not_found("tenant"))
        }
    }
}

/// Lets the client act, and gives its code; none if nothing of what it asks for is open to the person. What they
/// may do only later, in another role, they were not shown: the client asks again.
pub(crate) async fn code(
    authorization: &Authorization,
    asked: &Asked,
    choice: Choice,
) -> Result<Option<String>> {
    let page = &authorization.page;
    let (store, session) = (&page.site.state.store, page.signed_in()?);
    let memberships = store.membership_list(session).await?;
    if let Choice::Tenant(id) = choice
        && !memberships.iter().any(|one| one.tenant.id == id)
    {
        return Err(Error::not_found("tenant"));
    }
    let account = &session.account;
    let scopes = open(authorization, asked, account, &memberships, choice);
    if scopes.is_empty() {
        return Ok(None);
    }
    let give = GrantGive {
        client: authorization.client.clone(),
        tenant_id: choice.tenant_id(),
        scopes,
        redirect_uri: authorization.redirect_uri.clone(),
        code_challenge: asked.code_challenge,
    };
    store.grant_give(session, &give).await.map(Some)
}

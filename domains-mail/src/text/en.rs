//! English.

use berth_model::{DeploymentNotice, Role, Timestamp};

use super::{Block, Content, Invitation, Labels, Words, code, says, text};

pub(super) struct English<'a> {
    pub(super) brand: &'a str,
}

const GOOD_FOR: &str = "The code is good for 15 minutes. Please give it to nobody, not even to us.";
const NOT_YOU: &str =
    "If this wasn't you, change your password now, and ask us for help if you can't sign in.";
const DID_NOT_ASK: &str =
    "If you didn't ask for this, you need not do anything: without the code nothing changes.";

fn date(at: Timestamp) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "administrator",
        Role::Billing => "billing",
        Role::Support => "support",
        Role::Viewer => "viewer",
        Role::PlatformAdmin => "the provider's administration",
        Role::PlatformSupport => "the provider's support",
        Role::PlatformBilling => "the provider's accounting",
    }
}

/// The application, the deployment and its name.
fn which(of: &DeploymentNotice) -> String {
    let DeploymentNotice {
        application,
        deployment,
        domain_name,
        ..
    } = of;
    format!("{application} for \"{deployment}\" ({domain_name})")
}

impl Words for English<'_> {
    fn labels(&self) -> Labels {
        Labels {
            farewell: "Kind regards",
            reference: "Reference",
            help: "Help",
            imprint: "Imprint",
            privacy: "Privacy",
            terms: "Terms",
            colon: ": ",
        }
    }

    fn greeting(&self, name: &str) -> String {
        match name {
            "" => "Hello,".to_owned(),
            name => format!("Hello {name},"),
        }
    }

    fn running(&self, of: &DeploymentNotice, username: &str) -> Content {
        let DeploymentNotice {
            application,
            deployment,
            domain_name,
            ..
        } = of;
        says(
            format!("{deployment} is ready"),
            [
                text(format!(
                    "{application} for \"{deployment}\" runs. It is known as {domain_name}."
                )),
                text(format!(
                    "Sign in there as \"{username}\". You find the first password where you ordered; we \
                     never send it by mail. Please change it when you sign in."
                )),
            ],
        )
    }

    fn degraded(&self, of: &DeploymentNotice, reason: &str) -> Content {
        says(
            format!("{} does not work as it should", of.deployment),
            [
                text(format!("{} does not answer as it should.", which(of))),
                text(reason),
                text(
                    "Your data is safe. You can try again where you ordered, or ask us for help; please \
                     give the reference below.",
                ),
            ],
        )
    }

    fn refused(&self, of: &DeploymentNotice, reason: &str) -> Content {
        says(
            format!("{} could not be set up", of.deployment),
            [
                text(format!("We could not set up {}.", which(of))),
                text(reason),
                text(
                    "Nothing was made. You can try again where you ordered, choose a smaller plan, or \
                     delete the order.",
                ),
            ],
        )
    }

    fn deleted(&self, of: &DeploymentNotice, until: Timestamp) -> Content {
        says(
            format!("{} was deleted", of.deployment),
            [
                text(format!("{} was deleted and has stopped.", which(of))),
                text(format!(
                    "All of its data is kept until {}. Until then you can restore it as it was.",
                    date(until)
                )),
                text("If you did not want this, restore it where you ordered, or ask us."),
            ],
        )
    }

    fn purged(&self, of: &DeploymentNotice) -> Content {
        says(
            format!("The data of {} was removed", of.deployment),
            [text(format!(
                "The time to restore {} is over. Its data was removed and can't be brought back.",
                which(of)
            ))],
        )
    }

    fn email_verify(&self, value: &str) -> Content {
        says(
            format!("Confirm your address for {}", self.brand),
            [
                text(format!(
                    "Welcome to {}! To confirm that this address is yours, type in this code:",
                    self.brand
                )),
                code(value),
                text(GOOD_FOR),
                text(
                    "If you didn't sign up, you need not do anything: without the code there will \
                     be no account.",
                ),
            ],
        )
    }

    fn sign_up_known(&self) -> Content {
        says(
            format!("You already have an account with {}", self.brand),
            [
                text(
                    "Somebody, probably you, tried to sign up with this address. It has an account \
                     already, so no new one was made.",
                ),
                text(
                    "If it was you, just sign in. If you don't know your password any more, you \
                     can set a new one there.",
                ),
                text(
                    "If it wasn't you, you need not do anything. Nobody was told that you have an \
                     account.",
                ),
            ],
        )
    }

    fn password_reset(&self, value: &str) -> Content {
        says(
            format!("Set a new password for {}", self.brand),
            [
                text("You want to set a new password. Type in this code to go on:"),
                code(value),
                text(GOOD_FOR),
                text(
                    "If you didn't ask for this, you need not do anything: your password stays as \
                     it is.",
                ),
            ],
        )
    }

    fn password_changed(&self, from: &str, at: Timestamp) -> Content {
        says(
            "Your password was changed",
            [
                text(format!(
                    "The password of your account with {} was changed on {}, from {from}.",
                    self.brand,
                    date(at)
                )),
                text(
                    "If it was you, all is well. If it wasn't, set a new password now with \
                     \"Forgot your password?\", and ask us for help.",
                ),
            ],
        )
    }

    fn email_change(&self, value: &str) -> Content {
        says(
            "Confirm your new address",
            [
                text(format!(
                    "This is to become the address of your account with {}. To confirm it, type in \
                     this code:",
                    self.brand
                )),
                code(value),
                text(GOOD_FOR),
                text(DID_NOT_ASK),
            ],
        )
    }

    fn email_changed(&self, hint: &str) -> Content {
        says(
            "Your account has a new address",
            [
                text(format!(
                    "Your account with {} belongs to the address {hint} from now on. This is the \
                     last mail to the old one.",
                    self.brand
                )),
                text(
                    "If it wasn't you, somebody else has your account: please ask us for help at \
                     once.",
                ),
            ],
        )
    }

    fn recovery_address_verify(&self, value: &str) -> Content {
        says(
            "Confirm your recovery address",
            [
                text(format!(
                    "This is to become the recovery address of your account with {}. With it you \
                     can get back in if you lose your other address. To confirm it, type in this \
                     code:",
                    self.brand
                )),
                code(value),
                text(GOOD_FOR),
                text(DID_NOT_ASK),
            ],
        )
    }

    fn recovery_address_changed(&self) -> Content {
        says(
            "Your recovery address was changed",
            [
                text(format!(
                    "The recovery address of your account with {} was changed.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn second_factor_on(&self) -> Content {
        says(
            "Signing in takes a second step now",
            [
                text(format!(
                    "From now on, signing in to your account with {} takes your password and a \
                     code from your authenticator app.",
                    self.brand
                )),
                text(
                    "Please keep your recovery codes in a safe place: they let you in if you lose \
                     the app.",
                ),
                text(NOT_YOU),
            ],
        )
    }

    fn second_factor_off(&self) -> Content {
        says(
            "Signing in no longer takes a second step",
            [
                text(format!(
                    "From now on, your password alone is enough to sign in to your account with \
                     {}.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn recovery_code_used(&self, left: u8) -> Content {
        let left = match left {
            0 => "You have none left. Please make new ones now.".to_owned(),
            1 => "You have one left. Please make new ones soon.".to_owned(),
            left => format!("You have {left} left."),
        };
        says(
            "A recovery code was used",
            [
                text(format!(
                    "Somebody signed in to your account with {} with one of your recovery codes. \
                     It can't be used again. {left}",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn recovery_codes_new(&self) -> Content {
        says(
            "You have new recovery codes",
            [
                text(format!(
                    "New recovery codes were made for your account with {}. The old ones no longer \
                     work.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn signed_in_elsewhere(&self, from: &str, browser: &str, at: Timestamp) -> Content {
        says(
            "A sign-in from a new browser",
            [
                text(format!(
                    "Somebody signed in to your account with {} from a browser that we had not \
                     seen before.",
                    self.brand
                )),
                text(format!(
                    "It was on {}, with {browser}, from {from}.",
                    date(at)
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn identity_link(&self, value: &str) -> Content {
        says(
            "Confirm that the account is yours",
            [
                text(format!(
                    "You want to sign in to your account with {} by an identity that you have \
                     elsewhere. To show that the account is yours, type in this code:",
                    self.brand
                )),
                code(value),
                text(GOOD_FOR),
                text(DID_NOT_ASK),
            ],
        )
    }

    fn identity_linked(&self, provider: &str) -> Content {
        says(
            format!("You can sign in with {provider} now"),
            [
                text(format!(
                    "From now on you can also sign in to your account with {} by your identity at \
                     {provider}.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn identity_unlinked(&self, provider: &str) -> Content {
        says(
            format!("You can no longer sign in with {provider}"),
            [
                text(format!(
                    "Your identity at {provider} no longer opens your account with {}.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn invitation(&self, of: &Invitation<'_>) -> Content {
        says(
            format!("{} invites you to {}", of.inviter, of.tenant),
            [
                text(format!(
                    "{} would like you to help run \"{}\" with {}. To accept, open this page:",
                    of.inviter, of.tenant, self.brand
                )),
                Block::Link(of.url.to_owned()),
                text("And type in this code:"),
                code(of.code),
                text(format!(
                    "If it no longer works, ask {} for a new one. If you don't want to, you need \
                     not do anything.",
                    of.inviter
                )),
            ],
        )
    }

    fn member_removed(&self, tenant: &str) -> Content {
        says(
            format!("You are no longer a member of {tenant}"),
            [
                text(format!(
                    "You can no longer see or manage what belongs to \"{tenant}\" with {}. Your \
                     account stays as it is.",
                    self.brand
                )),
                text("If you think that this is a mistake, please ask one of its owners."),
            ],
        )
    }

    fn role_changed(&self, tenant: &str, role: Role) -> Content {
        says(
            format!("You have a new role in {tenant}"),
            [
                text(format!(
                    "Your role in \"{tenant}\" with {} is now: {}.",
                    self.brand,
                    role_name(role)
                )),
                text("If you think that this is a mistake, please ask one of its owners."),
            ],
        )
    }

    fn support_grant_opened(&self, tenant: &str, reason: &str, until: Timestamp) -> Content {
        says(
            format!("Our support may act for {tenant}"),
            [
                text(format!(
                    "Until {}, our support may see and change what belongs to \"{tenant}\". \
                     Everything that it does is in the audit log.",
                    date(until)
                )),
                text(format!("The reason: {reason}")),
                text("If you didn't expect this, please ask us."),
            ],
        )
    }
}

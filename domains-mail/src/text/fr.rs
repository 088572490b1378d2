//! French, formal ("vous"). Non-breaking spaces stand where French typography wants them.

use berth_model::{DeploymentNotice, Role, Timestamp};
use chrono::Datelike;

use super::{Block, Content, Invitation, Labels, Words, code, says, text};

pub(super) struct French<'a> {
    pub(super) brand: &'a str,
}

const GOOD_FOR: &str =
    "Ce code est valable 15 minutes. Ne le communiquez à personne, pas même à nous.";
const NOT_YOU: &str = "Si ce n’était pas vous, changez votre mot de passe sans attendre. Si vous ne pouvez plus \
                       vous connecter, écrivez-nous.";
const DID_NOT_ASK: &str =
    "Si vous n’avez rien demandé, vous n’avez rien à faire : sans ce code, rien ne change.";

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

fn date(at: Timestamp) -> String {
    let day = match at.day() {
        1 => "1er".to_owned(),
        day => day.to_string(),
    };
    let month = MONTHS.get(at.month0() as usize).unwrap_or(&"");
    format!("{day} {month} {}", at.format("%Y à %-H h %M (UTC)"))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "propriétaire",
        Role::Admin => "administration",
        Role::Billing => "facturation",
        Role::Support => "assistance",
        Role::Viewer => "lecture seule",
        Role::PlatformAdmin => "administration du fournisseur",
        Role::PlatformSupport => "assistance du fournisseur",
        Role::PlatformBilling => "facturation du fournisseur",
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
    format!("{application} pour « {deployment} » ({domain_name})")
}

impl Words for French<'_> {
    fn labels(&self) -> Labels {
        Labels {
            farewell: "Cordialement",
            reference: "Référence",
            help: "Aide",
            imprint: "Mentions légales",
            privacy: "Confidentialité",
            terms: "Conditions d’utilisation",
            colon: " : ",
        }
    }

    fn greeting(&self, name: &str) -> String {
        match name {
            "" => "Bonjour,".to_owned(),
            name => format!("Bonjour {name},"),
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
            format!("{deployment} : tout est prêt"),
            [
                text(format!(
                    "{application} pour « {deployment} » fonctionne à l’adresse {domain_name}."
                )),
                text(format!(
                    "Connectez-vous avec l’identifiant « {username} ». Le premier mot de passe se trouve là où vous \
                     avez passé commande ; nous ne l’envoyons jamais par e-mail. Pensez à le changer lors de votre \
                     première connexion."
                )),
            ],
        )
    }

    fn degraded(&self, of: &DeploymentNotice, reason: &str) -> Content {
        says(
            format!("{} ne fonctionne pas comme prévu", of.deployment),
            [
                text(format!("{} ne répond pas comme prévu.", which(of))),
                text(format!("Le message reçu : {reason}")),
                text(
                    "Vos données sont en sécurité. Vous pouvez réessayer là où vous avez passé commande, ou nous \
                     demander de l’aide en indiquant la référence ci-dessous.",
                ),
            ],
        )
    }

    fn refused(&self, of: &DeploymentNotice, reason: &str) -> Content {
        says(
            format!("{} n’a pas pu être mis en place", of.deployment),
            [
                text(format!(
                    "Nous n’avons pas pu mettre en place {}.",
                    which(of)
                )),
                text(format!("Le message reçu : {reason}")),
                text(
                    "Rien n’a été créé. Vous pouvez réessayer là où vous avez passé commande, choisir une formule \
                     plus petite ou supprimer la commande.",
                ),
            ],
        )
    }

    fn deleted(&self, of: &DeploymentNotice, until: Timestamp) -> Content {
        says(
            format!("{} : suppression effectuée", of.deployment),
            [
                text(format!(
                    "La suppression de {} est effectuée, et le service est arrêté.",
                    which(of)
                )),
                text(format!(
                    "Toutes les données sont conservées jusqu’au {}. D’ici là, vous pouvez tout \
                     rétablir à l’identique.",
                    date(until)
                )),
                text(
                    "Si ce n’était pas voulu, rétablissez le service là où vous avez passé \
                     commande, ou écrivez-nous.",
                ),
            ],
        )
    }

    fn purged(&self, of: &DeploymentNotice) -> Content {
        says(
            format!("Les données de {} ont été effacées", of.deployment),
            [text(format!(
                "Le délai pour rétablir {} est écoulé. Les données ont été effacées et ne peuvent \
                 plus être récupérées.",
                which(of)
            ))],
        )
    }

    fn email_verify(&self, value: &str) -> Content {
        says(
            format!("Confirmez votre adresse pour {}", self.brand),
            [
                text(format!(
                    "Bienvenue chez {} ! Pour confirmer que cette adresse est bien la vôtre, \
                     saisissez ce code :",
                    self.brand
                )),
                code(value),
                text(GOOD_FOR),
                text(
                    "Si vous n’avez demandé aucune inscription, vous n’avez rien à faire : sans ce \
                     code, aucun compte ne sera créé.",
                ),
            ],
        )
    }

    fn sign_up_known(&self) -> Content {
        says(
            format!("Vous avez déjà un compte chez {}", self.brand),
            [
                text(
                    "Quelqu’un, sans doute vous, a voulu s’inscrire avec cette adresse. Elle a \
                     déjà un compte ; aucun nouveau n’a été créé.",
                ),
                text(
                    "Si c’était vous, connectez-vous simplement. Si vous avez oublié votre mot de \
                     passe, vous pourrez en choisir un nouveau.",
                ),
                text(
                    "Si ce n’était pas vous, vous n’avez rien à faire. Personne n’a appris que \
                     vous avez un compte.",
                ),
            ],
        )
    }

    fn password_reset(&self, value: &str) -> Content {
        says(
            format!("Nouveau mot de passe pour {}", self.brand),
            [
                text(
                    "Vous souhaitez choisir un nouveau mot de passe. Pour continuer, saisissez ce \
                     code :",
                ),
                code(value),
                text(GOOD_FOR),
                text(
                    "Si vous n’avez rien demandé, vous n’avez rien à faire : votre mot de passe \
                     reste le même.",
                ),
            ],
        )
    }

    fn password_changed(&self, from: &str, at: Timestamp) -> Content {
        says(
            "Votre mot de passe a été changé",
            [
                text(format!(
                    "Le mot de passe de votre compte chez {} a été changé le {}, depuis {from}.",
                    self.brand,
                    date(at)
                )),
                text(
                    "Si c’était vous, tout va bien. Sinon, choisissez sans attendre un nouveau mot \
                     de passe avec « Mot de passe oublié ? », et écrivez-nous.",
                ),
            ],
        )
    }

    fn email_change(&self, value: &str) -> Content {
        says(
            "Confirmez votre nouvelle adresse",
            [
                text(format!(
                    "Cette adresse doit devenir celle de votre compte chez {}. Pour la confirmer, \
                     saisissez ce code :",
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
            "Votre compte a une nouvelle adresse",
            [
                text(format!(
                    "Votre compte chez {} est désormais rattaché à l’adresse {hint}. Ceci est le \
                     dernier message envoyé à l’ancienne.",
                    self.brand
                )),
                text(
                    "Si ce n’était pas vous, quelqu’un d’autre a pris votre compte : écrivez-nous \
                     immédiatement.",
                ),
            ],
        )
    }

    fn recovery_address_verify(&self, value: &str) -> Content {
        says(
            "Confirmez votre adresse de secours",
            [
                text(format!(
                    "Cette adresse doit devenir l’adresse de secours de votre compte chez {}. Elle \
                     vous permettra d’y revenir si vous perdez l’autre. Pour la confirmer, \
                     saisissez ce code :",
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
            "Votre adresse de secours a été changée",
            [
                text(format!(
                    "L’adresse de secours de votre compte chez {} a été changée.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn second_factor_on(&self) -> Content {
        says(
            "La connexion en deux étapes est activée",
            [
                text(format!(
                    "Pour vous connecter à votre compte chez {}, il faut désormais votre mot de \
                     passe et un code de votre application d’authentification.",
                    self.brand
                )),
                text(
                    "Gardez vos codes de secours en lieu sûr : ils vous permettront d’entrer si \
                     vous perdez l’application.",
                ),
                text(NOT_YOU),
            ],
        )
    }

    fn second_factor_off(&self) -> Content {
        says(
            "La connexion en deux étapes est désactivée",
            [
                text(format!(
                    "Votre mot de passe suffit désormais pour vous connecter à votre compte chez \
                     {}.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn recovery_code_used(&self, left: u8) -> Content {
        let left = match left {
            0 => "Il ne vous en reste aucun. Créez-en de nouveaux dès maintenant.".to_owned(),
            1 => "Il vous en reste un. Créez-en bientôt de nouveaux.".to_owned(),
            left => format!("Il vous en reste {left}."),
        };
        says(
            "Un code de secours a été utilisé",
            [
                text(format!(
                    "Quelqu’un s’est connecté à votre compte chez {} avec l’un de vos codes de \
                     secours. Ce code n’est plus valable. {left}",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn recovery_codes_new(&self) -> Content {
        says(
            "Vous avez de nouveaux codes de secours",
            [
                text(format!(
                    "De nouveaux codes de secours ont été créés pour votre compte chez {}. Les \
                     anciens ne sont plus valables.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn signed_in_elsewhere(&self, from: &str, browser: &str, at: Timestamp) -> Content {
        says(
            "Connexion depuis un nouveau navigateur",
            [
                text(format!(
                    "Quelqu’un s’est connecté à votre compte chez {} depuis un navigateur que nous \
                     ne connaissions pas encore.",
                    self.brand
                )),
                text(format!(
                    "C’était le {}, avec {browser}, depuis {from}.",
                    date(at)
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn identity_link(&self, value: &str) -> Content {
        says(
            "Confirmez que le compte est le vôtre",
            [
                text(format!(
                    "Vous voulez vous connecter à votre compte chez {} avec une identité que vous \
                     avez ailleurs. Pour montrer que le compte est le vôtre, saisissez ce code :",
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
            format!("Vous pouvez désormais vous connecter avec {provider}"),
            [
                text(format!(
                    "Vous pouvez désormais aussi vous connecter à votre compte chez {} avec votre \
                     identité {provider}.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn identity_unlinked(&self, provider: &str) -> Content {
        says(
            format!("Vous ne pouvez plus vous connecter avec {provider}"),
            [
                text(format!(
                    "Votre identité {provider} n’ouvre plus votre compte chez {}.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn invitation(&self, of: &Invitation<'_>) -> Content {
        says(
            format!("{} vous invite à rejoindre {}", of.inviter, of.tenant),
            [
                text(format!(
                    "{} souhaite que vous participiez à la gestion de « {} » chez {}. Pour \
                     accepter, ouvrez cette page :",
                    of.inviter, of.tenant, self.brand
                )),
                Block::Link(of.url.to_owned()),
                text("Puis saisissez ce code :"),
                code(of.code),
                text(format!(
                    "S’il n’est plus valable, demandez-en un nouveau à {}. Si vous ne souhaitez \
                     pas accepter, vous n’avez rien à faire.",
                    of.inviter
                )),
            ],
        )
    }

    fn member_removed(&self, tenant: &str) -> Content {
        says(
            format!("Vous ne faites plus partie de {tenant}"),
            [
                text(format!(
                    "Vous ne pouvez plus voir ni gérer ce qui appartient à « {tenant} » chez {}. \
                     Votre compte reste inchangé.",
                    self.brand
                )),
                text("Si vous pensez qu’il s’agit d’une erreur, adressez-vous aux propriétaires."),
            ],
        )
    }

    fn role_changed(&self, tenant: &str, role: Role) -> Content {
        says(
            format!("Vous avez un nouveau rôle chez {tenant}"),
            [
                text(format!(
                    "Votre rôle dans « {tenant} » ({}) est désormais : {}.",
                    self.brand,
                    role_name(role)
                )),
                text("Si vous pensez qu’il s’agit d’une erreur, adressez-vous aux propriétaires."),
            ],
        )
    }

    fn support_grant_opened(&self, tenant: &str, reason: &str, until: Timestamp) -> Content {
        says(
            format!("Notre assistance peut agir pour {tenant}"),
            [
                text(format!(
                    "Jusqu’au {}, notre assistance peut voir et modifier ce qui appartient à \
                     « {tenant} ». Tout ce qu’elle fait est inscrit dans le journal.",
                    date(until)
                )),
                text(format!("Le motif : {reason}")),
                text("Si vous ne vous y attendiez pas, écrivez-nous."),
            ],
        )
    }
}

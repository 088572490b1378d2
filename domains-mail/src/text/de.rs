//! German, formal ("Sie").

use berth_model::{DeploymentNotice, Role, Timestamp};
use chrono::Datelike;

use super::{Block, Content, Invitation, Labels, Words, code, says, text};

pub(super) struct German<'a> {
    pub(super) brand: &'a str,
}

const GOOD_FOR: &str =
    "Der Code gilt 15 Minuten. Bitte geben Sie ihn niemandem weiter, auch uns nicht.";
const NOT_YOU: &str = "Falls Sie das nicht waren: Ändern Sie bitte sofort Ihr Passwort. Wenn Sie sich nicht \
                       mehr anmelden können, wenden Sie sich an uns.";
const DID_NOT_ASK: &str = "Falls Sie das nicht veranlasst haben, müssen Sie nichts tun: Ohne den Code ändert sich \
     nichts.";

const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

fn date(at: Timestamp) -> String {
    let month = MONTHS.get(at.month0() as usize).unwrap_or(&"");
    format!(
        "{}. {month} {}",
        at.day(),
        at.format("%Y um %H:%M Uhr (UTC)")
    )
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "Inhaber/in",
        Role::Admin => "Administration",
        Role::Billing => "Rechnungen",
        Role::Support => "Betreuung",
        Role::Viewer => "nur Lesen",
        Role::PlatformAdmin => "Verwaltung des Anbieters",
        Role::PlatformSupport => "Betreuung des Anbieters",
        Role::PlatformBilling => "Abrechnung des Anbieters",
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
    format!("{application} für „{deployment}“ ({domain_name})")
}

impl Words for German<'_> {
    fn labels(&self) -> Labels {
        Labels {
            farewell: "Freundliche Grüße",
            reference: "Vorgang",
            help: "Hilfe",
            imprint: "Impressum",
            privacy: "Datenschutz",
            terms: "Nutzungsbedingungen",
            colon: ": ",
        }
    }

    fn greeting(&self, name: &str) -> String {
        match name {
            "" => "Guten Tag,".to_owned(),
            name => format!("Guten Tag {name},"),
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
            format!("{deployment} ist bereit"),
            [
                text(format!(
                    "{application} für „{deployment}“ läuft und ist unter {domain_name} bekannt."
                )),
                text(format!(
                    "Melden Sie sich dort als „{username}“ an. Das erste Passwort finden Sie dort, wo Sie bestellt \
                     haben; per E-Mail verschicken wir es nie. Bitte ändern Sie es bei der ersten Anmeldung."
                )),
            ],
        )
    }

    fn degraded(&self, of: &DeploymentNotice, reason: &str) -> Content {
        says(
            format!("{} funktioniert nicht richtig", of.deployment),
            [
                text(format!("{} antwortet nicht so, wie es sollte.", which(of))),
                text(format!("Die Meldung lautet: {reason}")),
                text(
                    "Ihre Daten sind sicher. Sie können es dort, wo Sie bestellt haben, noch einmal versuchen \
                     oder uns um Hilfe bitten; nennen Sie uns dann bitte den Vorgang, der unten steht.",
                ),
            ],
        )
    }

    fn refused(&self, of: &DeploymentNotice, reason: &str) -> Content {
        says(
            format!("{} konnte nicht eingerichtet werden", of.deployment),
            [
                text(format!("Wir konnten {} nicht einrichten.", which(of))),
                text(format!("Die Meldung lautet: {reason}")),
                text(
                    "Es wurde nichts angelegt. Sie können es dort, wo Sie bestellt haben, noch einmal versuchen, \
                     einen kleineren Tarif wählen oder die Bestellung löschen.",
                ),
            ],
        )
    }

    fn deleted(&self, of: &DeploymentNotice, until: Timestamp) -> Content {
        says(
            format!("{} wurde gelöscht", of.deployment),
            [
                text(format!(
                    "{} wurde gelöscht und ist nicht mehr in Betrieb.",
                    which(of)
                )),
                text(format!(
                    "Alle Daten bleiben bis zum {} erhalten. Bis dahin können Sie alles \
                     wiederherstellen, wie es war.",
                    date(until)
                )),
                text(
                    "Falls Sie das nicht wollten, stellen Sie es dort, wo Sie bestellt haben, wieder her, oder \
                     wenden Sie sich an uns.",
                ),
            ],
        )
    }

    fn purged(&self, of: &DeploymentNotice) -> Content {
        says(
            format!("Die Daten von {} wurden entfernt", of.deployment),
            [text(format!(
                "Die Frist, in der Sie {} wiederherstellen konnten, ist abgelaufen. Die Daten wurden entfernt \
                 und lassen sich nicht zurückholen.",
                which(of)
            ))],
        )
    }

    fn email_verify(&self, value: &str) -> Content {
        says(
            format!("Bestätigen Sie Ihre Adresse für {}", self.brand),
            [
                text(format!(
                    "Willkommen bei {}! Geben Sie bitte diesen Code ein, um zu bestätigen, dass \
                     diese Adresse Ihnen gehört:",
                    self.brand
                )),
                code(value),
                text(GOOD_FOR),
                text(
                    "Falls Sie sich nicht registriert haben, müssen Sie nichts tun: Ohne den Code \
                     entsteht kein Konto.",
                ),
            ],
        )
    }

    fn sign_up_known(&self) -> Content {
        says(
            format!("Sie haben bereits ein Konto bei {}", self.brand),
            [
                text(
                    "Jemand, vermutlich Sie selbst, wollte sich mit dieser Adresse registrieren. \
                     Zu ihr gibt es bereits ein Konto; ein neues wurde nicht angelegt.",
                ),
                text(
                    "Wenn Sie es waren, melden Sie sich einfach an. Falls Sie Ihr Passwort nicht \
                     mehr wissen, können Sie dort ein neues festlegen.",
                ),
                text(
                    "Wenn Sie es nicht waren, müssen Sie nichts tun. Niemand hat erfahren, dass \
                     Sie ein Konto haben.",
                ),
            ],
        )
    }

    fn password_reset(&self, value: &str) -> Content {
        says(
            format!("Neues Passwort für {}", self.brand),
            [
                text(
                    "Sie möchten ein neues Passwort festlegen. Geben Sie dazu bitte diesen Code \
                     ein:",
                ),
                code(value),
                text(GOOD_FOR),
                text(
                    "Falls Sie das nicht veranlasst haben, müssen Sie nichts tun: Ihr Passwort \
                     bleibt, wie es ist.",
                ),
            ],
        )
    }

    fn password_changed(&self, from: &str, at: Timestamp) -> Content {
        says(
            "Ihr Passwort wurde geändert",
            [
                text(format!(
                    "Das Passwort Ihres Kontos bei {} wurde am {} von {from} aus geändert.",
                    self.brand,
                    date(at)
                )),
                text(
                    "Wenn Sie es waren, ist alles in Ordnung. Falls nicht, legen Sie über \
                     „Passwort vergessen?“ bitte sofort ein neues fest und wenden Sie sich an \
                     uns.",
                ),
            ],
        )
    }

    fn email_change(&self, value: &str) -> Content {
        says(
            "Bestätigen Sie Ihre neue Adresse",
            [
                text(format!(
                    "Dies soll die neue Adresse Ihres Kontos bei {} werden. Geben Sie bitte zur \
                     Bestätigung diesen Code ein:",
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
            "Ihr Konto hat eine neue Adresse",
            [
                text(format!(
                    "Ihr Konto bei {} gehört ab jetzt zur Adresse {hint}. Dies ist die letzte \
                     E-Mail an die alte.",
                    self.brand
                )),
                text(
                    "Falls Sie das nicht waren, hat jemand anderes Zugriff auf Ihr Konto: Bitte \
                     wenden Sie sich sofort an uns.",
                ),
            ],
        )
    }

    fn recovery_address_verify(&self, value: &str) -> Content {
        says(
            "Bestätigen Sie Ihre Ersatzadresse",
            [
                text(format!(
                    "Dies soll die Ersatzadresse Ihres Kontos bei {} werden. Mit ihr kommen Sie \
                     wieder hinein, wenn Sie Ihre andere Adresse verlieren. Geben Sie bitte zur \
                     Bestätigung diesen Code ein:",
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
            "Ihre Ersatzadresse wurde geändert",
            [
                text(format!(
                    "Die Ersatzadresse Ihres Kontos bei {} wurde geändert.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn second_factor_on(&self) -> Content {
        says(
            "Die Anmeldung in zwei Schritten ist eingeschaltet",
            [
                text(format!(
                    "Für die Anmeldung an Ihrem Konto bei {} brauchen Sie ab jetzt Ihr Passwort \
                     und einen Code aus Ihrer Authenticator-App.",
                    self.brand
                )),
                text(
                    "Bitte bewahren Sie Ihre Wiederherstellungscodes sicher auf: Mit ihnen kommen \
                     Sie hinein, wenn Sie die App verlieren.",
                ),
                text(NOT_YOU),
            ],
        )
    }

    fn second_factor_off(&self) -> Content {
        says(
            "Die Anmeldung in zwei Schritten ist ausgeschaltet",
            [
                text(format!(
                    "Für die Anmeldung an Ihrem Konto bei {} genügt ab jetzt Ihr Passwort.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn recovery_code_used(&self, left: u8) -> Content {
        let left = match left {
            0 => "Sie haben keinen mehr. Bitte erstellen Sie jetzt neue.".to_owned(),
            1 => "Sie haben noch einen. Bitte erstellen Sie bald neue.".to_owned(),
            left => format!("Sie haben noch {left}."),
        };
        says(
            "Ein Wiederherstellungscode wurde verwendet",
            [
                text(format!(
                    "Jemand hat sich mit einem Ihrer Wiederherstellungscodes an Ihrem Konto bei {} \
                     angemeldet. Dieser Code gilt nicht mehr. {left}",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn recovery_codes_new(&self) -> Content {
        says(
            "Sie haben neue Wiederherstellungscodes",
            [
                text(format!(
                    "Für Ihr Konto bei {} wurden neue Wiederherstellungscodes erstellt. Die alten \
                     gelten nicht mehr.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn signed_in_elsewhere(&self, from: &str, browser: &str, at: Timestamp) -> Content {
        says(
            "Anmeldung mit einem neuen Browser",
            [
                text(format!(
                    "Jemand hat sich mit einem Browser, den wir noch nicht kannten, an Ihrem Konto \
                     bei {} angemeldet.",
                    self.brand
                )),
                text(format!(
                    "Das war am {} mit {browser}, von {from} aus.",
                    date(at)
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn identity_link(&self, value: &str) -> Content {
        says(
            "Bestätigen Sie, dass das Konto Ihres ist",
            [
                text(format!(
                    "Sie möchten sich an Ihrem Konto bei {} mit einer Identität anmelden, die Sie \
                     anderswo haben. Geben Sie bitte diesen Code ein, um zu zeigen, dass das Konto \
                     Ihres ist:",
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
            format!("Sie können sich jetzt mit {provider} anmelden"),
            [
                text(format!(
                    "Ab jetzt können Sie sich auch mit Ihrer Identität bei {provider} an Ihrem \
                     Konto bei {} anmelden.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn identity_unlinked(&self, provider: &str) -> Content {
        says(
            format!("Sie können sich nicht mehr mit {provider} anmelden"),
            [
                text(format!(
                    "Ihre Identität bei {provider} öffnet Ihr Konto bei {} nicht mehr.",
                    self.brand
                )),
                text(NOT_YOU),
            ],
        )
    }

    fn invitation(&self, of: &Invitation<'_>) -> Content {
        says(
            format!("{} lädt Sie zu {} ein", of.inviter, of.tenant),
            [
                text(format!(
                    "{} möchte, dass Sie „{}“ bei {} mitbetreuen. Um anzunehmen, öffnen Sie bitte \
                     diese Seite:",
                    of.inviter, of.tenant, self.brand
                )),
                Block::Link(of.url.to_owned()),
                text("Und geben Sie diesen Code ein:"),
                code(of.code),
                text(format!(
                    "Falls er nicht mehr gilt, bitten Sie {} um einen neuen. Wenn Sie nicht \
                     möchten, müssen Sie nichts tun.",
                    of.inviter
                )),
            ],
        )
    }

    fn member_removed(&self, tenant: &str) -> Content {
        says(
            format!("Sie gehören nicht mehr zu {tenant}"),
            [
                text(format!(
                    "Was bei {} zu „{tenant}“ gehört, können Sie nicht mehr sehen oder verwalten. \
                     Ihr Konto bleibt, wie es ist.",
                    self.brand
                )),
                text(
                    "Falls Sie das für einen Irrtum halten, wenden Sie sich bitte an die Inhaberin \
                     oder den Inhaber.",
                ),
            ],
        )
    }

    fn role_changed(&self, tenant: &str, role: Role) -> Content {
        says(
            format!("Sie haben eine neue Rolle bei {tenant}"),
            [
                text(format!(
                    "Ihre Rolle bei „{tenant}“ ({}) ist jetzt: {}.",
                    self.brand,
                    role_name(role)
                )),
                text(
                    "Falls Sie das für einen Irrtum halten, wenden Sie sich bitte an die Inhaberin \
                     oder den Inhaber.",
                ),
            ],
        )
    }

    fn support_grant_opened(&self, tenant: &str, reason: &str, until: Timestamp) -> Content {
        says(
            format!("Unser Support darf für {tenant} handeln"),
            [
                text(format!(
                    "Bis zum {} darf unser Support sehen und ändern, was zu „{tenant}“ gehört. \
                     Alles, was er tut, steht im Protokoll.",
                    date(until)
                )),
                text(format!("Der Grund: {reason}")),
                text("Falls Sie das nicht erwartet haben, wenden Sie sich bitte an uns."),
            ],
        )
    }
}

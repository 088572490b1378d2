//! A deployment runs: where to sign in, and as whom. The password is never in a mail.

use berth_model::DeploymentNotice;

use super::Text;

pub(super) fn text(notice: &DeploymentNotice, administrator_username: &str) -> Text {
    let DeploymentNotice {
        application,
        deployment,
        domain_name,
        ..
    } = notice;
    Text {
        subject: format!("{deployment} is ready"),
        paragraphs: vec![
            format!("{application} for \"{deployment}\" runs. It is known as {domain_name}."),
            format!(
                "Sign in there as \"{administrator_username}\". You find the first password where you \
                 ordered; we never send it by mail. Please change it when you sign in."
            ),
        ],
    }
}

//! A deployment's data is gone.

use berth_model::DeploymentNotice;

use super::Text;

pub(super) fn text(notice: &DeploymentNotice) -> Text {
    let DeploymentNotice {
        application,
        deployment,
        domain_name,
        ..
    } = notice;
    Text {
        subject: format!("The data of {deployment} was removed"),
        paragraphs: vec![format!(
            "The time to restore {application} for \"{deployment}\" ({domain_name}) is over. Its data \
             was removed and can't be brought back."
        )],
    }
}

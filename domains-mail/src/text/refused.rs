//! There was no room for a deployment.

use berth_model::DeploymentNotice;

use super::Text;

pub(super) fn text(notice: &DeploymentNotice, reason: &str) -> Text {
    let DeploymentNotice {
        application,
        deployment,
        domain_name,
        ..
    } = notice;
    Text {
        subject: format!("{deployment} could not be set up"),
        paragraphs: vec![
            format!("We could not set up {application} for \"{deployment}\" ({domain_name})."),
            reason.to_owned(),
            "Nothing was made. You can try again where you ordered, choose a smaller plan, or delete \
             the order."
                .to_owned(),
        ],
    }
}

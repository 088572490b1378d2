//! A deployment should run and doesn't.

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
        subject: format!("{deployment} does not work as it should"),
        paragraphs: vec![
            format!("{application} for \"{deployment}\" ({domain_name}) does not answer as it should."),
            reason.to_owned(),
            "Your data is safe. You can try again where you ordered, or ask us for help; please give \
             the number below."
                .to_owned(),
        ],
    }
}

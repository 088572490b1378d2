//! A deployment was deleted: until when it can be restored.

use berth_model::{DeploymentNotice, Timestamp};

use super::Text;

pub(super) fn text(notice: &DeploymentNotice, retain_until: Timestamp) -> Text {
    let DeploymentNotice {
        application,
        deployment,
        domain_name,
        ..
    } = notice;
    let until = retain_until.format("%-d %B %Y, %H:%M UTC");
    Text {
        subject: format!("{deployment} was deleted"),
        paragraphs: vec![
            format!(
                "{application} for \"{deployment}\" ({domain_name}) was deleted and has stopped."
            ),
            format!(
                "All of its data is kept until {until}. Until then you can restore it as it was."
            ),
            "If you did not want this, restore it where you ordered, or ask us.".to_owned(),
        ],
    }
}

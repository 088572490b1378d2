//! From a notice to a mail: headers (RFC 5322) and a text with an HTML twin (RFC 2046 section
//! 5.1.4).

use std::time::SystemTime;

use berth_model::{DeploymentNotice, EmailAddress, Error, Recipient, Result, Sha256, Timestamp};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{Header, HeaderName, HeaderValue},
    },
};
use sha2::Digest;

use crate::text::{Text, text};

/// Tells robots not to answer (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The mail to one recipient.
pub(crate) fn compose(
    from: &Mailbox,
    notice: &DeploymentNotice,
    recipient: &Recipient,
    now: Timestamp,
) -> Result<Message> {
    let Text {
        subject,
        paragraphs,
    } = text(notice);
    let greeting = format!("Hello {},", recipient.name);
    let closing = format!(
        "{}\n{}",
        from.name.as_deref().unwrap_or("Berth"),
        notice.operation_id
    );
    let paragraphs: Vec<&str> = [greeting.as_str()]
        .into_iter()
        .chain(paragraphs.iter().map(String::as_str))
        .chain([closing.as_str()])
        .collect();
    let tag = tag(notice, recipient);
    let body = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        // Ours, and not random: the same notice is the same mail, byte for byte.
        .boundary(format!("berth-{tag}"))
        .singlepart(SinglePart::plain(paragraphs.join("\n\n") + "\n"))
        .singlepart(SinglePart::html(html(&subject, &paragraphs)));
    Message::builder()
        .from(from.clone())
        .to(mailbox(&recipient.name, &recipient.email)?)
        .subject(one_line(&subject))
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{tag}@{}>", from.email.domain())))
        .header(AutoSubmitted)
        .multipart(body)
        .map_err(Error::internal)
}

/// A name and an address as lettre's type. lettre panics on a name with a line's end, so none gets
/// there.
pub(crate) fn mailbox(name: &str, email: &EmailAddress) -> Result<Mailbox> {
    let email: Address = email.as_str().parse().map_err(Error::internal)?;
    Ok(Mailbox::new(Some(one_line(name)), email))
}

/// Text for a header: control characters become spaces.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ").trim().to_owned()
}

/// Operation, kind and recipient in one word: the same for the same mail, whenever it is sent.
fn tag(notice: &DeploymentNotice, recipient: &Recipient) -> String {
    // Not the address itself: a Message-ID travels further than the mail does.
    let digest = Sha256(sha2::Sha256::digest(recipient.email.as_str()).into()).to_string();
    let kind = notice
        .event
        .kind()
        .as_str()
        .to_lowercase()
        .replace('_', "-");
    format!(
        "{}.{kind}.{}",
        notice.operation_id.0.simple(),
        &digest[..16]
    )
}

fn html(subject: &str, paragraphs: &[&str]) -> String {
    let body: String = paragraphs
        .iter()
        .map(|text| format!("<p>{}</p>\n", escape(text).replace('\n', "<br>\n")))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <title>{}</title></head>\n<body>\n{body}</body>\n</html>\n",
        escape(subject)
    )
}

/// Text as HTML text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

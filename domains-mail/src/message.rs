//! From a notice to a mail: headers (RFC 5322) and a text with an HTML twin (RFC 2046 section
//! 5.1.4).

use std::time::SystemTime;

use berth_model::{Brand, EmailAddress, Error, Notice, Result};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{Header, HeaderName, HeaderValue},
    },
};

use crate::letter::{Letter, plain};

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

/// The language that it is in (RFC 3282).
#[derive(Clone)]
struct ContentLanguage(&'static str);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err("it is only written".into())
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.to_owned())
    }
}

/// The provider itself, as a sender.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) email: EmailAddress,
}

/// The mail that a notice is: the same, byte for byte, whenever it is made. It is from the brand, or
/// the provider where there is none; what comes back undelivered goes to the provider, whose mail
/// server sends it.
pub(crate) fn compose(provider: &Provider, notice: &Notice) -> Result<Message> {
    let own = Brand::named(&provider.name);
    let brand = notice.brand.as_ref().unwrap_or(&own);
    let from = brand.sender_email.as_ref().unwrap_or(&provider.email);
    let letter = Letter::new(notice, brand);
    let (id, recipient) = (notice.id, &notice.recipient);
    let body = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("berth-{id}"))
        .singlepart(SinglePart::plain(letter.text()))
        .singlepart(SinglePart::html(letter.html()?));
    let envelope = Envelope::new(
        Some(address(&provider.email)?),
        vec![address(&recipient.email)?],
    );
    let mut message = Message::builder()
        .envelope(envelope.map_err(Error::internal)?)
        .from(mailbox(&brand.name, from)?)
        .to(mailbox(&recipient.name, &recipient.email)?)
        .subject(letter.subject)
        .date(SystemTime::from(notice.created_at))
        .message_id(Some(format!("<{id}@{}>", provider.domain())))
        .header(AutoSubmitted)
        .header(ContentLanguage(letter.locale.tag()));
    if let Some(support) = &brand.support_email {
        message = message.reply_to(mailbox(&brand.name, support)?);
    }
    message.multipart(body).map_err(Error::internal)
}

impl Provider {
    fn domain(&self) -> &str {
        let at = self.email.as_str().rsplit_once('@');
        at.map_or("localhost", |(_, domain)| domain)
    }
}

fn address(email: &EmailAddress) -> Result<Address> {
    email.as_str().parse().map_err(Error::internal)
}

/// A name and an address as lettre's type. lettre panics on a name with a line's end, so none gets
/// there.
fn mailbox(name: &str, email: &EmailAddress) -> Result<Mailbox> {
    let name = Some(plain(name)).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address(email)?))
}

//! What people read: every kind in every language as text, and some of them as HTML.

use berth_model::{Brand, Role};

use super::{bodies::at, *};

fn letter(body: NoticeBody, locale: Locale) -> Letter {
    let mut notice = notice(body);
    notice.recipient.locale = locale;
    Letter::new(&notice, &Brand::named("Harbour"))
}

#[test]
fn each_notice_reads_as_written_down() {
    for locale in Locale::ALL {
        let mut all = String::new();
        for body in bodies() {
            let kind = body.kind();
            let letter = letter(body, *locale);
            all += &format!("=== {kind}\n{}\n\n{}\n", letter.subject, letter.text());
        }
        insta::assert_snapshot!(format!("text_{}", locale.tag()), all);
    }
}

#[test]
fn what_is_counted_and_named_reads_right() {
    let mut all = String::new();
    for locale in Locale::ALL {
        for left in [0, 1, 2] {
            let letter = letter(NoticeBody::RecoveryCodeUsed { left }, *locale);
            all += &format!("{}\n", letter.text().lines().nth(2).unwrap());
        }
        for role in Role::ALL {
            let tenant = "Village club".to_owned();
            let letter = letter(
                NoticeBody::RoleChanged {
                    tenant,
                    role: *role,
                },
                *locale,
            );
            all += &format!("{}\n", letter.text().lines().nth(2).unwrap());
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn no_language_but_english_has_english_words() {
    const LEFTOVERS: [&str; 9] = [
        " the ",
        " your ",
        " you ",
        " with ",
        " account",
        "Reference:",
        "Kind ",
        " were ",
        "Hello",
    ];
    for locale in [Locale::De, Locale::Fr] {
        for body in bodies() {
            // Its reason stays as it came.
            let text = letter(body, locale).text();
            let text: Vec<&str> = text
                .lines()
                .filter(|line| {
                    !["Meldung", "message reçu", "Grund", "motif"]
                        .iter()
                        .any(|word| line.contains(word))
                })
                .collect();
            let text = text.join("\n");
            for word in LEFTOVERS {
                assert!(!text.contains(word), "{word:?} in {text}");
            }
        }
    }
}

#[test]
fn html_shows_a_code_of_the_provider_itself() {
    insta::assert_snapshot!(letter(reset(), Locale::En).html().unwrap());
}

#[test]
fn html_shows_all_that_a_brand_has() {
    let mut notice = notice(bodies().remove(21));
    notice.recipient.locale = Locale::De;
    let letter = Letter::new(&notice, &brand("Sail & Co"));
    insta::assert_snapshot!(letter.html().unwrap());
}

#[test]
fn html_shows_hostile_names_as_what_they_are() {
    let hostile = "<script>alert(1)</script>\r\nBcc: x@y.example \u{202e}moc.live\u{2066}\"'";
    let mut notice = notice(NoticeBody::SupportGrantOpened {
        tenant: hostile.to_owned(),
        reason: hostile.to_owned(),
        until: at(),
    });
    notice.recipient.name = hostile.to_owned();
    notice.recipient.locale = Locale::Fr;
    let mut brand = brand(hostile);
    brand.logo_url = Some("https://shop.example/\"onerror=\"alert(1)".to_owned());
    let letter = Letter::new(&notice, &brand);
    insta::assert_snapshot!(letter.html().unwrap());
}

//! What may be reached and what may not, in every spelling.

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;

/// Addresses that nobody outside reaches, or that lead to such ones.
const PRIVATE: &[&str] = &[
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "168.63.129.16",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2400:cb00::1",
    "2a00:1450::1",
];

fn url(address: &str) -> String {
    if address.contains(':') {
        format!("https://[{address}]/hook")
    } else {
        format!("https://{address}/hook")
    }
}

fn refused(text: &str) -> String {
    let error = WebhookUrl::parse(text, Reach::Public).expect_err(text);
    assert_eq!(error.field(), Some("url"));
    error.message().to_owned()
}

#[test]
fn addresses_are_public_or_refused() {
    for address in PRIVATE {
        assert_eq!(
            refused(&url(address)),
            WebhookUrl::refusal().message(),
            "{address}"
        );
        assert!(!Reach::Public.allows(address.parse().unwrap()));
    }
    for address in PUBLIC {
        assert!(
            WebhookUrl::parse(&url(address), Reach::Public).is_ok(),
            "{address}"
        );
    }
}

#[test]
fn a_private_address_hides_in_no_spelling() {
    for text in [
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://①②⑦.⓪.⓪.①/",
        "https:127.0.0.1",
        "https:\\\\127.0.0.1\\x",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:0:0:1]:8443/",
    ] {
        assert_eq!(refused(text), WebhookUrl::refusal().message(), "{text}");
    }
}

#[test]
fn other_mistakes_are_explained() {
    let mut text = String::new();
    let long = format!("https://shop.example.org/{}", "x".repeat(1000));
    let longer = format!("https://shop.example.org/{}", "ü".repeat(400));
    for wrong in [
        "",
        "shop.example.org",
        "http://shop.example.org/",
        "file:///etc/passwd",
        "gopher://shop.example.org/",
        "https://anna:secret@shop.example.org/",
        "https://anna@shop.example.org/",
        "https://shop.example.org/#here",
        "https://",
        &long,
        &longer,
    ] {
        let shown: String = wrong.chars().take(40).collect();
        text += &format!("{shown:40} {}\n", refused(wrong));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn development_reaches_this_machine_and_no_other_private_one() {
    let parse = |text| WebhookUrl::parse(text, Reach::Development);
    assert!(parse("http://127.0.0.1:8000/hook").is_ok());
    assert!(parse("http://[::1]:8000/hook").is_ok());
    assert!(parse("http://shop.example.org/hook").is_ok());
    for text in [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "ftp://127.0.0.1/",
        "http://anna@127.0.0.1/",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_url_is_kept_as_it_was_read() {
    let url = WebhookUrl::parse(" https://SHOP.example.org:8443/a/../b?x ", Reach::Public);
    let url = url.unwrap();
    assert_eq!(url.as_str(), "https://shop.example.org:8443/b?x");
    assert_eq!(url.name(), Some(("shop.example.org".to_owned(), 8443)));
    let address = WebhookUrl::parse("https://1.1.1.1/", Reach::Public).unwrap();
    assert_eq!(address.name(), None);
}

proptest! {
    /// Beside the table above, by another library's reading of the blocks.
    #[test]
    fn no_address_of_a_private_block_is_public(bits: u32, high: u128) {
        const BLOCKS: [&str; 10] = [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        ];
        let four = IpAddr::from(bits.to_be_bytes());
        let private = BLOCKS.iter().any(|block| block.parse::<IpNet>().unwrap().contains(&four));
        prop_assert!(!(private && Reach::Public.allows(four)), "{}", four);
        let six = IpAddr::from(high.to_be_bytes());
        let global: IpNet = "2000::/3".parse().unwrap();
        prop_assert!(global.contains(&six) || !Reach::Public.allows(six), "{}", six);
        if let IpAddr::V4(four) = four {
            prop_assert!(!Reach::Public.allows(four.to_ipv6_mapped().into()));
        }
    }
}

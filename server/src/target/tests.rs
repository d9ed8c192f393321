use super::*;

/// What becomes of a way to write a place: refused in writing or resolving, or resolved to an address of this reach.
#[derive(Debug, PartialEq)]
enum Outcome {
    Refused,
    Reaches(Reach),
}

async fn outcome(place: &str) -> Outcome {
    let Ok(setting) = format!("x={place}").parse::<TargetSetting>() else {
        return Outcome::Refused;
    };
    let Ok(found) = setting.place.resolve().await else {
        return Outcome::Refused;
    };
    // Several addresses are as good as the worst of them.
    let reaches: Vec<_> = found
        .iter()
        .map(|address| Reach::of(address.ip()))
        .collect();
    let worst = [Reach::Never, Reach::Private, Reach::Public]
        .into_iter()
        .find(|reach| reaches.contains(reach));
    worst.map_or(Outcome::Refused, Outcome::Reaches)
}

/// Odd spellings of addresses have let requests pass where plain ones were checked. Here the check is made on what the
/// system resolved, so that a spelling can be refused, but can never reach further than the address it means.
#[tokio::test]
async fn no_spelling_reaches_further_than_its_address() {
    use Outcome::{Reaches, Refused};
    use Reach::{Never, Private, Public};
    #[rustfmt::skip]
    let table = [
        // Plain ones.
        ("8.8.8.8:53", Reaches(Public)), ("[2606:4700:4700::1111]:53", Reaches(Public)), ("1.1.1.1:1", Reaches(Public)),
        // This machine, in many dresses.
        ("127.0.0.1:7", Reaches(Private)), ("127.1:7", Reaches(Private)), ("127.0.1:7", Reaches(Private)),
        ("0x7f000001:7", Reaches(Private)), ("0x7f.0.0.1:7", Reaches(Private)), ("0x7f.1:7", Reaches(Private)),
        ("2130706433:7", Reaches(Private)), ("017700000001:7", Reaches(Private)), ("0177.0.0.1:7", Reaches(Private)),
        ("0177.0x0.0.1:7", Reaches(Private)), ("127.255.255.254:7", Reaches(Private)), ("127.0.0.0:7", Reaches(Private)),
        ("localhost:7", Reaches(Private)), ("LOCALHOST:7", Reaches(Private)), ("[::1]:7", Reaches(Private)),
        ("[0:0:0:0:0:0:0:1]:7", Reaches(Private)), ("[::ffff:127.0.0.1]:7", Reaches(Private)),
        ("[::ffff:7f00:1]:7", Reaches(Private)), ("[0:0:0:0:0:ffff:127.0.0.1]:7", Reaches(Private)),
        ("[::127.0.0.1]:7", Reaches(Private)), ("[64:ff9b::127.0.0.1]:7", Reaches(Private)),
        ("[64:ff9b::7f00:1]:7", Reaches(Private)), ("[2002:7f00:1::]:7", Reaches(Private)),
        // Networks that are not public.
        ("10.0.0.1:7", Reaches(Private)), ("10.255.255.255:7", Reaches(Private)), ("10.1:7", Reaches(Private)),
        ("172.16.0.1:7", Reaches(Private)), ("172.31.255.255:7", Reaches(Private)), ("172.32.0.1:7", Reaches(Public)),
        ("172.15.0.1:7", Reaches(Public)), ("192.168.0.1:7", Reaches(Private)), ("192.168.257:7", Reaches(Private)),
        ("169.254.169.254:80", Reaches(Private)), ("0xa9fea9fe:80", Reaches(Private)), ("100.64.0.1:7", Reaches(Private)),
        ("100.127.255.255:7", Reaches(Private)), ("100.128.0.1:7", Reaches(Public)), ("198.18.0.1:7", Reaches(Private)),
        ("192.0.2.1:7", Reaches(Private)), ("198.51.100.1:7", Reaches(Private)), ("203.0.113.1:7", Reaches(Private)),
        ("[fc00::1]:7", Reaches(Private)), ("[fdff::1]:7", Reaches(Private)), ("[fe80::1]:7", Reaches(Private)),
        ("[fec0::1]:7", Reaches(Private)), ("[2001:db8::1]:7", Reaches(Private)), ("[2001::1]:7", Reaches(Private)),
        ("[100::1]:7", Reaches(Private)), ("[::ffff:10.0.0.1]:7", Reaches(Private)),
        ("[::ffff:169.254.169.254]:80", Reaches(Private)), ("[64:ff9b::a00:1]:7", Reaches(Private)),
        ("[64:ff9b:1::1]:7", Reaches(Private)), ("[2002:a9fe:a9fe::]:80", Reaches(Private)),
        ("[64:ff9b::808:808]:7", Reaches(Public)), ("[::ffff:8.8.8.8]:7", Reaches(Public)),
        // Nobody in particular.
        ("0.0.0.0:7", Reaches(Never)), ("0:7", Reaches(Never)), ("0.1:7", Reaches(Never)), ("[::]:7", Reaches(Never)),
        ("255.255.255.255:7", Reaches(Never)), ("224.0.0.1:7", Reaches(Never)), ("239.255.255.250:1900", Reaches(Never)),
        ("240.0.0.1:7", Reaches(Never)), ("[ff02::1]:7", Reaches(Never)), ("[::ffff:0.0.0.0]:7", Reaches(Never)),
        ("[::ffff:224.0.0.1]:7", Reaches(Never)), ("192.0.0.1:7", Reaches(Never)), ("[4000::1]:7", Reaches(Never)),
        // What is no place.
        ("8.8.8.8", Refused), ("8.8.8.8:0", Refused), ("8.8.8.8:65536", Refused), ("8.8.8.8:-1", Refused),
        (":7", Refused), ("", Refused), ("256.0.0.1:7", Refused), ("0x100000000:7", Refused), ("1.2.3.4.5:7", Refused),
        ("[::1:7", Refused), ("[::g]:7", Refused), ("8.8.8.8:7:7", Refused), ("127.0.0.1 :7", Refused),
        ("127.0.0.1\0.example:7", Refused), ("http://127.0.0.1:7", Refused),
    ];
    assert!(table.len() >= 60);
    for (place, expected) in table {
        assert_eq!(outcome(place).await, expected, "{place:?}");
    }
}

#[tokio::test]
async fn a_private_target_names_the_setting_that_admits_it() {
    let setting: TargetSetting = "python=127.0.0.1:10001".parse().unwrap();
    let said = resolve(&setting, false).await.unwrap_err().to_string();
    assert!(
        said.contains("python") && said.contains("--allow-private-targets"),
        "{said}"
    );
    assert_eq!(
        resolve(&setting, true).await.unwrap().address.to_string(),
        "127.0.0.1:10001"
    );
}

#[tokio::test]
async fn no_setting_admits_multicast() {
    let setting: TargetSetting = "all=224.0.0.1:7".parse().unwrap();
    assert!(resolve(&setting, true).await.is_err());
}

#[test]
fn a_target_without_name_or_port_says_how_to_write_it() {
    for wrong in [
        "127.0.0.1:1",
        "=127.0.0.1:1",
        "a b=127.0.0.1:1",
        "x=127.0.0.1",
        "echo=127.0.0.1:1",
    ] {
        let said = wrong.parse::<TargetSetting>().unwrap_err();
        assert!(
            said.contains("--target") || said.contains("another name"),
            "{wrong}: {said}"
        );
    }
}

#[tokio::test]
async fn a_target_may_have_blanks_around_it_and_a_zone_and_is_checked_like_any() {
    let setting: TargetSetting = " me=[fe80::1%1]:10001".parse().unwrap();
    assert!(
        resolve(&setting, false).await.is_err(),
        "link-local is not public"
    );
    let target = resolve(&setting, true).await.unwrap();
    assert_eq!(target.address.to_string(), "[fe80::1%1]:10001");
}

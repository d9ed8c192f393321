use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(60);

fn ports(secret: Option<&str>) -> Arc<Ports> {
    Arc::new(Ports::new(secret, GRACE, None).unwrap())
}

#[tokio::test]
async fn who_comes_back_gets_the_port_again() {
    let ports = ports(None);
    let held = ports.lease(40_000).unwrap();
    let token = held.token().to_owned();
    drop(held);
    assert_eq!(ports.claim(&token).await, Some(40_000));
}

#[tokio::test]
async fn an_old_session_that_still_lives_is_asked_to_go() {
    let ports = ports(None);
    let held = ports.lease(40_000).unwrap();
    let token = held.token().to_owned();
    let session = tokio::spawn(async move { held.superseded().await });
    assert_eq!(ports.claim(&token).await, Some(40_000));
    session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_old_session_that_does_not_go_keeps_its_port() {
    let ports = ports(None);
    let held = ports.lease(40_000).unwrap();
    assert_eq!(ports.claim(held.token()).await, None);
}

#[tokio::test]
async fn a_port_that_another_session_got_is_not_given_back() {
    let ports = ports(None);
    let token = ports.lease(40_000).unwrap().token().to_owned();
    let other = ports.lease(40_000).unwrap();
    assert_eq!(ports.claim(&token).await, None);
    drop(other);
    assert_eq!(ports.claim(&token).await, None);
}

#[tokio::test]
async fn the_promise_ends() {
    let brief = Arc::new(Ports::new(None, Duration::from_nanos(1), None).unwrap());
    let token = brief.lease(40_000).unwrap().token().to_owned();
    assert_eq!(brief.claim(&token).await, None);
    let none = Arc::new(Ports::new(None, Duration::ZERO, None).unwrap());
    assert!(none.lease(40_000).is_none());
}

#[tokio::test]
async fn a_shared_secret_carries_the_promise_over_a_restart() {
    let token = |ports: &Arc<Ports>| ports.lease(40_000).unwrap().token().to_owned();
    let before = ports(Some("a secret of the operator's"));
    let after = ports(Some("a secret of the operator's"));
    assert_eq!(after.claim(&token(&before)).await, Some(40_000));

    let other = ports(Some("another"));
    assert_eq!(other.claim(&token(&before)).await, None);
    assert_eq!(ports(None).claim(&token(&ports(None))).await, None);

    let _taken = after.lease(40_000).unwrap();
    assert_eq!(after.claim(&token(&before)).await, None, "somebody has it");
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_worth_nothing() {
    let ports = ports(None);
    let token = ports.lease(40_000).unwrap().token().to_owned();
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(ports.claim(&changed).await, None, "changed at {at}");
    }
    assert_eq!(ports.claim(&token).await, Some(40_000));
}

proptest! {
    #[test]
    fn no_text_is_a_token_by_chance(text in ".{0,80}") {
        prop_assert_eq!(ports(None).verify(&text), None);
    }

    #[test]
    fn no_hex_is_a_token_by_chance(text in "[0-9a-fA-F+]{68}") {
        prop_assert_eq!(ports(None).verify(&text), None);
    }
}

fn named(name: &str) -> Arc<Ports> {
    let name = Some(name.parse().unwrap());
    Arc::new(Ports::new(Some("shared by all"), GRACE, name).unwrap())
}

#[tokio::test]
async fn the_tokens_of_a_named_relay_begin_with_its_name_and_are_good_there() {
    let ports = named("relay1");
    let token = ports.lease(40_000).unwrap().token().to_owned();
    assert!(token.starts_with("relay1."), "{token}");
    assert!(ports.signed(&token));
    assert_eq!(ports.claim(&token).await, Some(40_000));
}

/// It would be the port of another machine, or of another client there.
#[tokio::test]
async fn a_token_of_another_relay_is_worth_no_port_although_all_share_a_secret() {
    let token = named("relay1").lease(40_000).unwrap().token().to_owned();
    assert_eq!(named("relay2").claim(&token).await, None);
    assert_eq!(
        named("relay1").claim(&token).await,
        Some(40_000),
        "after a restart"
    );
}

#[tokio::test]
async fn a_relay_that_was_given_a_name_takes_the_tokens_that_it_signed_before() {
    let unnamed = Arc::new(Ports::new(Some("shared by all"), GRACE, None).unwrap());
    let token = unnamed.lease(40_000).unwrap().token().to_owned();
    assert_eq!(named("relay1").claim(&token).await, Some(40_000));
}

//! Whatever a client writes and however it is cut: what is unmasked in place is what the codec alone would have found.

use proptest::prelude::*;

use super::*;

/// Messages of the streams have no more bytes, so that some are too long.
const MOST: usize = 400;

/// A frame as a client might send it, most often by the rules.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        12 => Just(0x82_u8),
        4 => Just(0x81),
        3 => prop::sample::select(vec![0x01_u8, 0x02, 0x00, 0x80]),
        2 => prop::sample::select(vec![0x89_u8, 0x8a]),
        1 => prop::sample::select(vec![0x88_u8, 0x83, 0x8b, 0x09, 0xc2, 0x92]),
    ];
    let payload = prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..20),
        3 => "[a-zü€]{0,12}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 120..135),
        1 => prop::collection::vec(any::<u8>(), MOST - 2..MOST + 3),
        1 => Just(b"\x03\xe8bye".to_vec()),
    ];
    let is_masked = prop::bool::weighted(0.97);
    (first, payload, is_masked).prop_map(|(first, payload, is_masked)| {
        let mut frame = frame(first, &payload);
        if !is_masked {
            frame[1] &= 0x7f;
        }
        frame
    })
}

/// What came of a piece of a stream.
type Outcome = (Vec<Incoming>, Vec<u8>, Option<StreamEnd>);

/// What the codec alone makes of each piece, up to the end of the session.
fn by_codec(pieces: &[Vec<u8>]) -> Vec<Outcome> {
    let mut codec = Codec::new(MOST);
    let mut outcomes = Vec::new();
    for piece in pieces {
        let (mut messages, mut replies) = (Vec::new(), Vec::new());
        let result = codec.decode(piece, |message| messages.push(message), &mut replies);
        let is_over = result.is_err();
        outcomes.push((messages, replies, result.err()));
        if is_over {
            break;
        }
    }
    outcomes
}

async fn by_inbound(pieces: &[Vec<u8>], front_of: FrontOf) -> Vec<Outcome> {
    let (mut client, io) = tokio::io::duplex(1 << 20);
    let mut inbound = Inbound::new(io, &[], MOST);
    inbound.set_front_aside(front_of);
    let mut outcomes = Vec::new();
    for piece in pieces {
        client.write_all(piece).await.unwrap();
        let (mut messages, mut replies) = (Vec::new(), Vec::new());
        let result = read(&mut inbound, &mut messages, &mut replies).await;
        let is_over = result.is_err();
        outcomes.push((messages, replies, result.err()));
        if is_over {
            break;
        }
    }
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_means_what_the_codec_says(
        frames in prop::collection::vec(any_frame(), 1..24),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream = frames.concat();
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        ends.extend([0, stream.len()]);
        ends.sort_unstable();
        ends.dedup();
        let pieces: Vec<_> = ends.windows(2).map(|pair| stream[pair[0]..pair[1]].to_vec()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let expected = by_codec(&pieces);
        prop_assert_eq!(&runtime.block_on(by_inbound(&pieces, |_| 0)), &expected);
        // What is set aside in front of a payload is part of its message all the same.
        let some = |first: &[u8]| first.first().map_or(0, |&front| usize::from(front) % 32);
        prop_assert_eq!(runtime.block_on(by_inbound(&pieces, some)), expected);
    }
}

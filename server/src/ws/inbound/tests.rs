use tokio::io::AsyncWriteExt as _;

use wire::limits::MAX_MESSAGE_BYTES;

use super::*;

mod streams;

/// One masked frame, as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        bytes @ 0..126 => frame.push(0x80 | bytes as u8),
        bytes @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((bytes as u16).to_be_bytes());
        }
        bytes => {
            frame.push(0x80 | 127);
            frame.extend((bytes as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

fn binary(payload: &[u8]) -> Incoming {
    Incoming::Binary(Bytes::copy_from_slice(payload))
}

async fn read<R: AsyncRead + Unpin>(
    inbound: &mut Inbound<R>,
    messages: &mut Vec<Incoming>,
    replies: &mut Vec<u8>,
) -> Result<(), StreamEnd> {
    let (batch, result) = inbound.read(replies).await;
    messages.extend(batch.into_messages());
    result
}

/// Reads from a client that wrote `bytes` and closed its side: messages, replies and why it ended.
async fn read_all(bytes: &[u8]) -> (Vec<Incoming>, Vec<u8>, StreamEnd) {
    let (mut client, io) = tokio::io::duplex(1 << 20);
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
    let (mut messages, mut replies) = (Vec::new(), Vec::new());
    loop {
        if let Err(ended) = read(&mut inbound, &mut messages, &mut replies).await {
            return (messages, replies, ended);
        }
    }
}

/// Each may be answered, and the answers of one read all wait to be written.
#[tokio::test]
async fn a_read_brings_so_many_texts_and_the_next_one_goes_on_with_them() {
    let mut bytes = Vec::new();
    for n in 0..3 * MOST_TEXTS {
        // Every other one is of two fragments, and takes the codec's way.
        let text = format!("{n}");
        match n % 2 {
            0 => bytes.extend(frame(0x81, text.as_bytes())),
            _ => bytes.extend([frame(0x01, text.as_bytes()), frame(0x80, b"")].concat()),
        }
        bytes.extend(frame(0x82, b"datagrams have a bound of their own"));
    }
    let (mut client, io) = tokio::io::duplex(1 << 20);
    client.write_all(&bytes).await.unwrap();
    let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
    let mut next = 0;
    for _ in 0..3 {
        let (batch, result) = inbound.read(&mut Vec::new()).await;
        assert_eq!((batch.texts(), result), (MOST_TEXTS, Ok(())));
        for message in batch.into_messages() {
            let Incoming::Text(text) = message else {
                continue;
            };
            assert_eq!(text.as_str(), next.to_string());
            next += 1;
        }
    }
    // The last datagram, and then the end.
    let (batch, result) = inbound.read(&mut Vec::new()).await;
    assert_eq!(
        (batch.texts(), batch.is_empty(), result),
        (0, false, Ok(()))
    );
}

/// The first byte says how long the front is.
#[tokio::test]
async fn what_stands_in_front_is_set_aside_and_payloads_lie_one_behind_the_other() {
    let messages: Vec<Vec<u8>> = (0..=MAX_FRONT_BYTES as u8)
        .map(|front| [vec![front; front.max(1).into()], b"payload".to_vec()].concat())
        .collect();
    let mut bytes: Vec<u8> = messages.iter().flat_map(|it| frame(0x82, it)).collect();
    // A front that is not there, a text, and a message of two fragments have none.
    bytes.extend(frame(0x82, b""));
    bytes.extend(frame(0x81, b"\x02text"));
    bytes.extend([frame(0x02, b"\x02a"), frame(0x80, b"part")].concat());
    let (mut client, io) = tokio::io::duplex(1 << 20);
    client.write_all(&bytes).await.unwrap();
    let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
    inbound.set_front_aside(|first| first.first().map_or(0, |&front| front.into()));
    let (batch, result) = inbound.read(&mut Vec::new()).await;
    assert_eq!(result, Ok(()));
    let packed = [&b"\0"[..], &b"payload".repeat(messages.len()), b"\x02text"].concat();
    assert_eq!(batch.packed(), packed);
    for ((front, payload), message) in batch.fronts().zip(batch.payloads()).zip(&messages) {
        assert_eq!(front.len(), usize::from(message[0]));
        assert_eq!([front, batch.bytes_of(payload)].concat(), *message);
    }
    let whole: Vec<_> = batch.into_messages().collect();
    let mut expected: Vec<_> = messages.iter().map(|message| binary(message)).collect();
    expected.push(binary(b""));
    expected.push(Incoming::Text("\x02text".into()));
    expected.push(binary(b"\x02apart"));
    assert_eq!(whole, expected);
}

#[tokio::test]
async fn everything_that_has_arrived_comes_in_one_read() {
    let (mut client, io) = tokio::io::duplex(1 << 20);
    let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
    let mut bytes = Vec::new();
    for n in 0..100_u8 {
        bytes.extend(frame(0x82, &vec![n; usize::from(n)]));
    }
    bytes.extend(frame(0x81, "zwölf".as_bytes()));
    client.write_all(&bytes).await.unwrap();
    let (mut messages, mut replies) = (Vec::new(), Vec::new());
    read(&mut inbound, &mut messages, &mut replies)
        .await
        .unwrap();
    let expected = (0..100_u8).map(|n| binary(&vec![n; usize::from(n)]));
    let expected: Vec<_> = expected.chain([Incoming::Text("zwölf".into())]).collect();
    assert_eq!(messages, expected);
    assert_eq!(replies, b"");
}

#[tokio::test]
async fn a_message_in_pieces_is_one_message_however_it_is_cut() {
    let payload: Vec<u8> = (0..=255).cycle().take(65_507).collect();
    let (head, tail) = payload.split_at(40_000);
    let mut bytes = frame(0x02, head);
    bytes.extend(frame(0x89, b"between"));
    bytes.extend(frame(0x80, tail));
    for piece in [1, 2, 3, 1000, 65_536, 200_000] {
        let (mut client, io) = tokio::io::duplex(1 << 20);
        let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
        let (mut messages, mut replies) = (Vec::new(), Vec::new());
        let pieces = if piece < 10 {
            bytes[..5000]
                .chunks(piece)
                .chain(bytes[5000..].chunks(60_000))
                .collect::<Vec<_>>()
        } else {
            bytes.chunks(piece).collect()
        };
        for piece in pieces {
            client.write_all(piece).await.unwrap();
            read(&mut inbound, &mut messages, &mut replies)
                .await
                .unwrap();
        }
        assert_eq!(messages, [binary(&payload)], "pieces of {piece}");
        assert_eq!(
            replies, b"\x8a\x07between",
            "the ping in between is answered"
        );
    }
}

#[tokio::test]
async fn bytes_that_the_upgrade_read_early_come_first() {
    let (mut client, io) = tokio::io::duplex(1024);
    client.write_all(&frame(0x82, b"second")).await.unwrap();
    let mut inbound = Inbound::new(io, &frame(0x82, b"first"), MAX_MESSAGE_BYTES);
    let (mut messages, mut replies) = (Vec::new(), Vec::new());
    read(&mut inbound, &mut messages, &mut replies)
        .await
        .unwrap();
    read(&mut inbound, &mut messages, &mut replies)
        .await
        .unwrap();
    assert_eq!(messages, [binary(b"first"), binary(b"second")]);
}

#[tokio::test]
async fn the_longest_message_is_read_and_one_byte_more_ends_the_session() {
    let longest = vec![1; MAX_MESSAGE_BYTES];
    let (messages, _, ended) = read_all(&frame(0x82, &longest)).await;
    assert_eq!(
        (messages.len(), matches!(ended, StreamEnd::Lost(_))),
        (1, true)
    );
    let (messages, _, ended) = read_all(&frame(0x82, &vec![1; MAX_MESSAGE_BYTES + 1])).await;
    assert_eq!(
        (messages.len(), ended),
        (0, StreamEnd::TooLong(MAX_MESSAGE_BYTES))
    );
    // In fragments it counts as well.
    let mut fragments = frame(0x02, &longest);
    fragments.extend(frame(0x80, b"x"));
    assert_eq!(
        read_all(&fragments).await.2,
        StreamEnd::TooLong(MAX_MESSAGE_BYTES)
    );
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_after_the_messages_before_it() {
    let mut bytes = frame(0x82, b"last");
    bytes.extend(frame(0x88, b"\x03\xe8bye"));
    let (messages, replies, ended) = read_all(&bytes).await;
    assert_eq!(messages, [binary(b"last")]);
    assert_eq!(replies, b"\x88\x05\x03\xe8bye");
    assert_eq!(ended, StreamEnd::Closed(Some(1000)));
}

#[tokio::test]
async fn breaches_of_the_protocol_are_named() {
    let unmasked = b"\x82\x01x".to_vec();
    let reserved_bit = frame(0xc2, b"x");
    let reserved_opcode = frame(0x83, b"x");
    let long_ping = frame(0x89, &[0; 126]);
    let fragmented_ping = frame(0x09, b"x");
    let lone_continuation = frame(0x80, b"x");
    for bytes in [
        unmasked,
        reserved_bit,
        reserved_opcode,
        long_ping,
        fragmented_ping,
        lone_continuation,
    ] {
        let (messages, _, ended) = read_all(&bytes).await;
        assert_eq!(messages, []);
        assert!(
            matches!(ended, StreamEnd::Protocol(_)),
            "{bytes:x?}: {ended:?}"
        );
    }
    assert_eq!(
        read_all(&frame(0x81, b"\xff\xfe")).await.2,
        StreamEnd::NotUtf8
    );
}

#[tokio::test]
async fn frames_that_bring_nothing_are_counted() {
    // A fragment that begins a message or ends it says something, even without a byte.
    let frames = [
        (0x82, &b""[..], 0),
        (0x02, b"", 0),
        (0x00, b"", 1),
        (0x00, b"x", 0),
        (0x89, b"", 1),
        (0x00, b"", 1),
        (0x80, b"", 0),
        (0x8a, b"unasked", 1),
    ];
    let (mut client, io) = tokio::io::duplex(1024);
    let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
    for (first, payload, expected) in frames {
        client.write_all(&frame(first, payload)).await.unwrap();
        let (batch, result) = inbound.read(&mut Vec::new()).await;
        result.unwrap();
        assert_eq!(batch.non_data_frames(), expected, "{first:02x} {payload:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_end_is_not_read_as_fast_as_it_comes() {
    for can_be_read in [true, false] {
        let flood = frame(0x89, b"").into_iter().cycle().take(64 << 20);
        let flood: Vec<u8> = flood.collect();
        let mut rest = &flood[..];
        let mut inbound = Inbound::new(&mut rest, &[], MAX_MESSAGE_BYTES);
        let drain = inbound.drain(can_be_read);
        let a_moment = Duration::from_millis(100);
        assert!(tokio::time::timeout(a_moment, drain).await.is_err());
        let read = flood.len() - rest.len();
        assert!((1 << 20..20 << 20).contains(&read), "{read}");
    }
}

#[tokio::test]
async fn a_close_of_ours_is_framed_once() {
    let (_client, io) = tokio::io::duplex(1024);
    let mut inbound = Inbound::new(io, &[], MAX_MESSAGE_BYTES);
    let mut frames = Vec::new();
    for (code, reason) in [(1001_u16, "the host stops"), (1007, "too late")] {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        inbound.close(frame, &mut frames);
    }
    assert_eq!(frames, b"\x88\x10\x03\xe9the host stops");
}

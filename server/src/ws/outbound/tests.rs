use tokio::io::AsyncReadExt as _;

use super::*;
use crate::limits::BacklogPool;

/// An outbound whose stream holds `room` bytes, and the client's end of it.
fn outbound(room: usize) -> (Outbound<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
    let (io, client) = tokio::io::duplex(room);
    (
        Outbound::new(io, BacklogPool::default().for_answers()),
        client,
    )
}

async fn read(client: &mut tokio::io::DuplexStream, bytes: usize) -> Vec<u8> {
    let mut got = vec![0; bytes];
    client.read_exact(&mut got).await.unwrap();
    got
}

#[tokio::test]
async fn frames_are_as_the_standard_pins_them() {
    let (mut outbound, mut client) = outbound(1 << 20);
    outbound.push_datagram(b"Hello");
    outbound.push_datagram(b"");
    outbound.push_datagram(&[7; 256]);
    outbound.push_datagram(&[7; 65_536]);
    outbound.flush().await.unwrap();
    // RFC 6455, section 5.7: unmasked, lengths of 7, 16 and 64 bits.
    assert_eq!(read(&mut client, 7).await, b"\x82\x05Hello");
    assert_eq!(read(&mut client, 2).await, [0x82, 0]);
    assert_eq!(read(&mut client, 4).await, [0x82, 0x7e, 1, 0]);
    read(&mut client, 256).await;
    assert_eq!(
        read(&mut client, 10).await,
        [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]
    );
}

#[tokio::test]
async fn text_overtakes_data_that_waits() {
    let (mut outbound, mut client) = outbound(16);
    let large = vec![0; BURST_BYTES / 2];
    while outbound.has_room(large.len()) {
        outbound.push_datagram(&large);
    }
    tokio::select! {
        _ = outbound.flush() => panic!("nobody reads"),
        () = tokio::task::yield_now() => {}
    }
    outbound.push_text("now");
    let writing = outbound.flush();
    let reading = async {
        // The burst that had begun comes first: one, for two of them and their heads are more than a burst.
        let begun = read(&mut client, 10 + large.len()).await;
        assert_eq!(begun[..2], [0x82, 0x7f]);
        assert_eq!(read(&mut client, 5).await, b"\x81\x03now");
    };
    tokio::select! {
        _ = writing => panic!("more than a burst waits"),
        () = reading => {}
    }
}

//! Whatever the network sends, the parsers keep their promises: those of `udp_echo::untrusted`, with inputs of every shape.

use proptest::collection::vec;
use proptest::prelude::*;
use udp_echo::untrusted;

/// Frames as clients make them, and a little worse: any first byte, masked or not, a length that may lie.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let opcodes = prop_oneof![
        4 => Just(0x82_u8), 4 => Just(0x81_u8), 2 => Just(0x02_u8), 2 => Just(0x01_u8), 3 => Just(0x00_u8),
        3 => Just(0x80_u8), 2 => Just(0x89_u8), 1 => Just(0x8A_u8), 1 => Just(0x88_u8), 1 => any::<u8>(),
    ];
    let payload = prop_oneof![vec(any::<u8>(), 0..20), vec(b'a'..=b'z', 0..400)];
    let masked = prop::bool::weighted(0.95);
    (opcodes, payload, any::<[u8; 4]>(), masked, 0..20_u8).prop_map(
        |(first, payload, mask, masked, lie)| {
            let mut frame = vec![first];
            let flag = if masked { 0x80 } else { 0 };
            // One length in twenty is not true.
            let claimed = payload.len() + usize::from(lie == 0);
            match claimed {
                0..=125 => frame.push(flag | claimed as u8),
                _ => {
                    frame.push(flag | 126);
                    frame.extend_from_slice(&(claimed as u16).to_be_bytes());
                }
            }
            if masked {
                frame.extend_from_slice(&mask);
            }
            let payload = payload.iter().zip(mask.iter().cycle());
            frame.extend(payload.map(|(byte, mask)| if masked { byte ^ mask } else { *byte }));
            frame
        },
    )
}

/// What a client with a lane sends: datagrams with numbers that are near each other or far off, and reports.
fn lane_line() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![6 => 0..40_u64, 1 => 8180..8210_u64, 1 => any::<u64>()];
    let answer = prop_oneof![6 => 0..40_u64, 1 => any::<u64>()];
    let answer = answer.prop_map(|answer| answer.wrapping_add(wire::lane::FIRST_ANSWER - 1));
    let datagram = (number.clone(), vec(any::<u8>(), 0..9)).prop_map(|(number, payload)| {
        let mut message = wire::lane::message(number, &payload);
        message.retain(|byte| *byte != b'\n');
        message
    });
    let report = (
        number.clone(),
        vec((answer.clone(), answer), 0..3),
        vec((number.clone(), number), 0..3),
    );
    let report = report.prop_map(|(sent, received, thrown)| {
        let report = wire::lane::Report {
            sent,
            received,
            unsent: vec![(sent, 1400, 1100)],
            thrown,
        };
        let lane = wire::lane::LaneRequest::Report(report);
        serde_json::to_vec(&wire::lane::AboutLane { lane }).unwrap()
    });
    prop_oneof![3 => datagram, 2 => report, 1 => vec(any::<u8>(), 0..20)]
}

/// Lines of a request's head, of those names that the host reads.
fn header_line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "host",
        "origin",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
        "upgrade",
    ]);
    let part = prop::sample::select(vec![
        "localhost",
        "127.0.0.1",
        "[::1]",
        "::ffff:127.0.0.1",
        "127.1",
        "0x7f000001",
        "localhost.",
        "evil.example",
        "null",
        "udp.example",
        "docs.example",
        "http://",
        "https://",
        "ws://",
        ":8000",
        ":0",
        ":99999",
        ",",
        ", ",
        "@",
        "/",
        "..",
        "192.0.2.1",
        "203.0.113.9",
        "[2001:db8::1]:80",
        "for=",
        "unknown",
        "_hidden",
        "\u{fc}",
        "\t",
        " ",
        "websocket",
        "%00",
    ]);
    (name, vec(part, 0..6)).prop_map(|(name, parts)| format!("{name}: {}", parts.concat()))
}

/// JSON that is nearly a control message.
fn control_line() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        r#"{"lab":"#,
        r#"{"up":"#,
        r#""down":"#,
        r#"{"options":"#,
        r#"{"server":"#,
        r#"{"stream":["#,
        r#""counters""#,
        r#"{"loss_ppm":1000000}"#,
        r#"{"duplicate_ppm":1000000,"delay_us":10}"#,
        r#"{"rate_kbps":1,"limit":1}"#,
        r#"{"corrupt_ppm":1000000,"no_checksum":true}"#,
        r#"{"timeout_ms":1,"tracing":true}"#,
        "{}",
        "}",
        "]",
        ",",
        "[",
        "-1",
        "18446744073709551616",
        "1e999",
        "null",
        r#""\ud800""#,
        r#""seed":7"#,
        "{",
        "\"",
    ]);
    let whole = prop::sample::select(vec![
        r#"{"lab":{"up":{"duplicate_ppm":1000000},"down":{"duplicate_ppm":1000000},"seed":3}}"#,
        r#"{"lab":{"up":{"loss_ppm":500000,"delay_us":30000,"jitter_us":20000},"down":{"reorder_ppm":250000},"seed":9}}"#,
        r#"{"options":{"tracing":true,"timeout_ms":20}}"#,
        r#"{"server":{"listening":false,"buffer":16,"echo_empty":true}}"#,
        r#"{"stream":["a","b"]}"#,
        r#""counters""#,
    ]);
    prop_oneof![
        vec(part, 0..8).prop_map(|parts| parts.concat()),
        whole.prop_map(str::to_owned)
    ]
}

/// Messages of a client of `/sockets`: JSON that is nearly a request, and datagrams to ports that may be bound.
fn socket_line() -> impl Strategy<Value = Vec<u8>> {
    let requests = prop::sample::select(vec![
        r#"{"open":{"socket":1}}"#,
        r#"{"open":{"socket":2}}"#,
        r#"{"open":{"socket":3,"family":"ipv6"}}"#,
        r#"{"bind":{"socket":1,"port":10000}}"#,
        r#"{"bind":{"socket":3,"host":"::1","port":10000}}"#,
        r#"{"bind":{"socket":2,"host":"127.0.0.1","port":53}}"#,
        r#"{"connect":{"socket":2,"host":"localhost","port":10000}}"#,
        r#"{"connect":{"socket":1,"host":"echo"}}"#,
        r#"{"connect":{"socket":2,"host":"127.1","port":10009}}"#,
        r#"{"disconnect":{"socket":2}}"#,
        r#"{"close":{"socket":1}}"#,
        r#"{"close":{"socket":2}}"#,
        r#"{"resolve":{"host":"localhost","family":"ipv6"}}"#,
        r#"{"resolve":{"host":"::ffff:127.0.0.1"}}"#,
        r#"{"options":{"tracing":false}}"#,
        r#"{"options":{}}"#,
        r#"{"lab":{"up":{"duplicate_ppm":1000000},"down":{"duplicate_ppm":1000000,"rate_kbps":1}}}"#,
        r#"{"lab":{"up":{"loss_ppm":500000,"delay_us":50000},"down":{"corrupt_ppm":500000}}}"#,
        r#"{"lab":{"up":{"loss_ppm":1000001}}}"#,
        r#"{"lab":{}}"#,
        r#"{"once":"double"}"#,
        r#"{"once":"hold"}"#,
        r#""counters""#,
    ]);
    let addresses = prop::sample::select(vec![
        "0000000000",
        "0004271000000000",
        "04271000000000",
        "0427107f000001",
        "0427107f000002",
        "0427197f000001",
        "0400357f000001",
        "0623287f",
        "06271000000000000000000000000000000001",
        "062710000000000000000000ffff7f000001",
        "04ffffffffffff",
        "09",
    ]);
    let datagrams =
        (0u8..4, addresses, vec(any::<u8>(), 0..40)).prop_map(|(socket, rest, payload)| {
            let hex = format!("00{socket:02x}{rest}");
            let pairs =
                (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16));
            let bytes = pairs.map_while(Result::ok).chain(payload);
            bytes.filter(|byte| *byte != b'\n').collect()
        });
    prop_oneof![
        requests.prop_map(|request| request.as_bytes().to_vec()),
        datagrams,
        control_line().prop_map(String::into_bytes),
    ]
}

fn lines(line: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    vec(line, 0..8).prop_map(|lines| lines.join("\n").into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_at_all(data in vec(any::<u8>(), 0..300)) {
        untrusted::control(&data);
        untrusted::frames(&data);
        untrusted::headers(&data);
        untrusted::query(&data);
        untrusted::sockets(&data);
        untrusted::lane(&data);
    }

    #[test]
    fn requests_and_datagrams_for_sockets_leave_the_sum_closed(data in vec(socket_line(), 0..40)) {
        untrusted::sockets(&data.join(&b'\n'));
    }

    #[test]
    fn frames_mean_the_same_in_whatever_pieces_they_arrive(frames in vec(frame(), 0..8)) {
        untrusted::frames(&frames.concat());
    }

    #[test]
    fn no_header_makes_a_stranger_local_or_a_foreign_page_ours(data in lines(header_line())) {
        untrusted::headers(&data);
    }

    #[test]
    fn control_messages_leave_the_books_closed(data in lines(control_line())) {
        untrusted::control(&data);
    }

    #[test]
    fn no_token_is_guessed(target in "[a-z=&%]{0,12}", token in "[0-9a-f]{60,72}") {
        untrusted::query(format!("target={target}&resume={token}").as_bytes());
    }
}

proptest! {
    // A number may leave out eight thousand.
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lane_with_any_numbers_and_any_reports_closes_its_books(lines in vec(lane_line(), 0..60)) {
        untrusted::lane(&lines.join(&b'\n'));
    }
}

/// A fuzzer needs a nightly compiler. What it begins with needs none: each seed, each beginning of one, and each with one bit turned.
#[test]
fn the_seeds_of_the_fuzzers_and_what_is_near_them_keep_the_promises_too() {
    type Parser = fn(&[u8]);
    let parsers: [(&str, Parser); 5] = [
        ("control", untrusted::control),
        ("headers", untrusted::headers),
        ("lane", untrusted::lane),
        ("query", untrusted::query),
        ("sockets", untrusted::sockets),
    ];
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, parse) in parsers {
        let mut count = 0;
        for seed in std::fs::read_dir(seeds.join(name)).unwrap() {
            let seed = std::fs::read(seed.unwrap().path()).unwrap();
            count += 1;
            parse(&seed);
            for place in 0..seed.len() {
                parse(&seed[..place]);
                let mut turned = seed.clone();
                turned[place] ^= 1 << (place % 8);
                parse(&turned);
            }
        }
        assert!(count > 0, "{name} has no seed");
    }
}

//! `udp-echo echo` when nobody reads its transcript.

#[cfg(target_os = "linux")]
#[test]
fn an_echo_server_whose_transcript_nobody_reads_answers_many_datagrams_at_once() {
    use std::process::{Command, Stdio};

    use test_support::program;
    use udp_echo::udp::{GsoBuffer, Slab, UdpSocket};

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // How many buffers the answers to 64 datagrams come in.
    let buffers = |command: &mut Command| {
        let port = test_support::port::free();
        command.args([format!("127.0.0.1:{port}")]);
        let mut server = command.stdout(Stdio::null()).spawn().unwrap();
        let counting = async {
            let address = ([127, 0, 0, 1], port).into();
            let socket = UdpSocket::connect(address, None, true).unwrap();
            let mut slab = Slab::take();
            let mut answered = async |datagrams: usize| {
                let payload = vec![7; 42 * datagrams];
                let together = GsoBuffer {
                    segment_size: 42,
                    ..GsoBuffer::to_peer(&payload)
                };
                socket.send(&[together], |_| {}).await;
                let (mut buffers, mut answers) = (0, 0);
                while answers < datagrams {
                    socket.readable().await.unwrap();
                    if socket.try_receive(&mut slab, 16).is_err() {
                        // It does not listen yet.
                        return None;
                    }
                    let sizes = slab.buffers().map(|buffer| buffer.datagrams().len());
                    let sizes: Vec<_> = sizes.collect();
                    buffers += sizes.len();
                    answers += sizes.into_iter().sum::<usize>();
                }
                Some(buffers)
            };
            while answered(1).await.is_none() {}
            answered(64).await.unwrap()
        };
        let counted = runtime.block_on(test_support::soon("the answers", counting));
        server.kill().unwrap();
        server.wait().unwrap();
        counted
    };
    let echo = || {
        let mut command = Command::new(program::udp_echo());
        command.arg("echo");
        command
    };
    // The system may hand over 64 datagrams in two parts, but not one by one.
    const TOGETHER: std::ops::RangeInclusive<usize> = 1..=4;
    assert!(TOGETHER.contains(&buffers(echo().stderr(Stdio::null()))));
    assert!(TOGETHER.contains(&buffers(echo().arg("--quiet").stderr(Stdio::null()))));
    // A shell's `2>&-`.
    let mut closed = Command::new("sh");
    closed.args(["-c", r#"exec "$0" echo "$1" 2>&-"#]);
    assert!(TOGETHER.contains(&buffers(closed.arg(program::udp_echo()))));
    let heard = tempfile::tempfile().unwrap();
    // One by one; an answer to an earlier try, before it listened, may be among them.
    let one_by_one = buffers(echo().stderr(heard));
    assert!(one_by_one >= 64, "{one_by_one}");
}

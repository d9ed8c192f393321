use std::net::{TcpListener, TcpStream};
use std::process::Command;

use super::{Attempt, Program, Said};
use crate::port;

/// A program in Python, which listens at a port, says so on standard output, and goes on until it is ended.
const LISTENS: &str = "import socket, sys, time\n\
    s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen()\n\
    print('listening on', s.getsockname()[1], flush=True)\n\
    time.sleep(3600)";

fn python(program: &str, argument: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", program, argument]);
    command
}

#[tokio::test]
async fn a_program_whose_port_is_taken_comes_up_on_another() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = (taken.local_addr().unwrap().port(), taken);
    let mut ports = [taken.0, 0].into_iter();
    let attempt = || {
        let port = ports.next().expect("the second attempt succeeds");
        let ready = |said: &Said<'_>| said.between("listening on ", "")?.parse::<u16>().ok();
        Attempt::new(python(LISTENS, &port.to_string()), ready)
    };
    let (_program, port) = Program::start(attempt).await.unwrap();
    assert_ne!(port, taken.0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
}

/// The port answers, but it is not the program that answers.
#[tokio::test]
async fn somebody_else_who_answers_at_the_port_is_not_taken_for_the_program() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = taken.local_addr().unwrap().port();
    let mut ports = [first, port::free()].into_iter();
    let attempt = || {
        let port = ports.next().expect("the second attempt succeeds");
        let ready = move |said: &Said<'_>| said.listens_at(port).then_some(port);
        Attempt::new(python(LISTENS, &port.to_string()), ready)
    };
    let (mut program, port) = Program::start(attempt).await.unwrap();
    assert_ne!(port, first);
    assert!(program.is_running());
}

#[tokio::test]
async fn a_program_that_never_comes_up_fails_with_its_last_words_on_both_outputs() {
    let mut attempts = 0;
    let attempt = || {
        attempts += 1;
        let program = "import sys\nprint('about to fail', flush=True)\nsys.exit('no port for ' + sys.argv[1])";
        let never = |_: &Said<'_>| None::<()>;
        Attempt::new(python(program, &format!("attempt {attempts}")), never)
    };
    let Err(failure) = Program::start(attempt).await else {
        panic!("it cannot come up");
    };
    let text = failure.to_string();
    for words in [
        "did not come up in 4 attempts",
        "python3 ended before it was ready: exit status: 1",
        "about to fail",
        "no port for attempt 1",
        "no port for attempt 4",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
}

#[tokio::test]
async fn a_program_that_keeps_silent_is_ended_and_fails_with_its_last_words() {
    let attempt = || {
        let program =
            "import sys, time\nprint('one moment', file=sys.stderr, flush=True)\ntime.sleep(3600)";
        // It has said what it has to say, and is not ready: the wait may end at once.
        let never = |_: &Said<'_>| None::<()>;
        Attempt::new(python(program, ""), never).wait(std::time::Duration::from_secs(2))
    };
    let Err(failure) = Program::start(attempt).await else {
        panic!("it cannot come up");
    };
    let text = failure.to_string();
    assert!(text.contains("was not ready within 2s"), "{text}");
    assert!(text.contains("one moment"), "{text}");
}

#[tokio::test]
async fn a_program_that_does_not_exist_fails_by_its_name() {
    let attempt = || Attempt::new(Command::new("no-such-program"), |_: &Said<'_>| None::<()>);
    let Err(failure) = Program::start(attempt).await else {
        panic!("it cannot come up");
    };
    assert!(
        failure
            .to_string()
            .contains("\"no-such-program\" cannot be started"),
        "{failure}"
    );
}

#[tokio::test]
async fn output_is_waited_for_line_by_line_and_the_rest_is_returned_at_the_end() {
    let mut program = Program::spawn(&mut python(
        "import sys\nprint('one\\ntwo', flush=True)\nprint(sys.stdin.readline() + 'rest', flush=True)\nsys.exit(3)",
        "",
    ));
    assert_eq!(program.prints("tw").await, "two");
    program.write(b"asked\n").await;
    assert_eq!(program.prints_bytes(3).await, b"ask");
    let finished = program.finished().await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(3), "ed\nrest\n")
    );
}

#[tokio::test]
async fn a_program_ends_with_its_value() {
    let (program, port) = Program::start(|| {
        let ready = |said: &Said<'_>| said.between("listening on ", "")?.parse::<u16>().ok();
        Attempt::new(python(LISTENS, "0"), ready)
    })
    .await
    .unwrap();
    drop(program);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

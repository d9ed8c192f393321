//! The host's binary: reads the command line, starts tracing, dispatches.

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::process::{ExitCode, Stdio};

use anyhow::Context as _;
use clap::CommandFactory as _;
use tokio::runtime::Builder;
use udp_echo::cause::{plain, without_numbers};
use udp_echo::config::{self, Cli, Command, Config};
use udp_echo::inherited::Inherited;
use udp_echo::place::{self, Shown};
use udp_echo::{Host, StopSignals, client, echo, extcap, limits, link, log, memory, papers};

/// Exit code after a second signal, when sessions got no goodbye: the shell's for a program that Ctrl-C ended.
const STOPPED_AT_ONCE: u8 = 130;

fn main() -> ExitCode {
    log::settle_colours();
    memory::bound_what_the_allocator_keeps();
    let words: Vec<OsString> = std::env::args_os().collect();
    let outcome = extcap::answer(&words).unwrap_or_else(|| {
        let cli = Cli::read();
        log::start(cli.log_format);
        config::warn_of_unknown_names();
        run(cli)
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let sentence = without_numbers(&format!("{error:#}"));
            // A terminal that was closed takes no sentence, which is no reason to panic.
            let _ = writeln!(std::io::stderr(), "udp-echo: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Some(Command::Completions(arguments)) => {
            return papers::complete(arguments, Cli::command());
        }
        Some(Command::Man(arguments)) => return papers::write_manual(arguments, Cli::command()),
        _ => {}
    }
    let inherited = match cli.command {
        Some(Command::Client(_) | Command::Link(_)) => Inherited::default(),
        _ => Inherited::take()?,
    };
    let mut threads = match cli.command {
        // One socket keeps one thread busy.
        Some(Command::Echo(_) | Command::Link(_)) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = threads
        .enable_all()
        .build()
        .context("start the runtime's threads")?;
    let outcome = runtime.block_on(async {
        match cli.command {
            Some(Command::Echo(arguments)) => echo::run(arguments, inherited).await,
            Some(Command::Client(arguments)) => client::run(arguments).await,
            Some(Command::Link(arguments)) => link::run(arguments).await,
            Some(Command::Serve(config)) => serve(*config, inherited).await,
            // The others have been answered above.
            _ => serve(cli.config, inherited).await,
        }
    });
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn serve(config: Config, inherited: Inherited) -> anyhow::Result<ExitCode> {
    let open = config.open;
    let mut stop = StopSignals::listen()?;
    limits::raise_descriptor_limit(&config.limits);
    let host = Host::start_on(config, inherited).await?;
    let (http, udp) = (host.http_address(), host.udp_address());
    let page = Shown(host.reachable_http()).url("http");
    say(format_args!("page        {page}/"));
    if let Some(others) = place::address_for_others(http) {
        let others = Shown(others).url("http");
        say(format_args!("            {others}/  from other machines"));
    }
    if let Some(zone) = Shown(http).zone() {
        say(format_args!(
            "            browsers open no address with a zone (%{zone}): listen on [::]:{} for them",
            http.port()
        ));
    }
    say(format_args!("UDP echo    {}", Shown(udp)));
    #[cfg(feature = "webtransport")]
    if let Some(lanes) = host.lanes_address() {
        say(format_args!("WebTransport {} (UDP)", Shown(lanes)));
    }
    let server = Shown(host.reachable_udp());
    say(format_args!(
        "try         nc -u {} {}",
        server.host(),
        udp.port()
    ));
    say(format_args!("            udp-echo client {server}"));
    if open {
        open_browser(&format!("{page}/"));
    }
    stop.next().await;
    say(format_args!("stopping; once more ends it at once"));
    tokio::select! {
        () = host.shutdown() => Ok(ExitCode::SUCCESS),
        () = stop.insistence() => Ok(ExitCode::from(STOPPED_AT_ONCE)),
    }
}

/// Asks the system for its browser. A machine without one is no reason to stop.
fn open_browser(page: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(windows) {
        ("cmd", &["/C", "start", "", page])
    } else if cfg!(target_os = "macos") {
        ("open", &[page])
    } else {
        ("xdg-open", &[page])
    };
    let browser = std::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match browser {
        // Nobody asks how it ended; a thread does, so that no zombie stays until the host stops.
        Ok(mut browser) => drop(std::thread::spawn(move || browser.wait())),
        Err(error) => say(format_args!(
            "open {page} yourself: `{program}` did not start ({})",
            plain(&error)
        )),
    }
}

/// Writes a line on standard output. Who listened there may have gone, as in `udp-echo | head`: no reason to stop either.
fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

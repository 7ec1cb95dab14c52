//! `wayside-tap --policy-fd N`: started by `wayside run`, which compiles the policy and becomes this process.
//! `wayside-tap read-message`: started by whoever wants to see what it would read.
//! `wayside-tap outcomes`: started by whoever wants to see what an end of a call counts as.

use prost::Message;
use std::io::{Read, stdin, stdout};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use tap::{outcomes, proto, read_message, start, sys};

const HELP: &str = "wayside-tap carries the bytes for Wayside. It is started by `wayside run`, not by hand:

    wayside run --listen :8001 --upstream 127.0.0.1:9001

Options:
    read-message    show what the reader finds in the messages on stdin, one a line, by a policy
    outcomes        print what each way for a call to end counts as
    --policy-fd N   read the compiled policy from this open descriptor
    --version       print the version
    --help          print this
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--version"] => println!("wayside-tap {}", env!("CARGO_PKG_VERSION")),
        ["--help"] => print!("{HELP}"),
        ["read-message"] => return outcome(read_message::run(stdin().lock(), stdout().lock())),
        ["outcomes"] => return outcome(outcomes::run(stdout().lock())),
        ["--policy-fd", number] => return run(number),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn run(policy_fd: &str) -> ExitCode {
    // Before the first thread, so that no thread is ever without it.
    let signals = sys::signals().map_err(|error| format!("signals: {error}"));
    outcome(signals.and_then(|signals: OwnedFd| start::run(read_policy(policy_fd)?, signals)))
}

fn outcome(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("wayside: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn read_policy(fd: &str) -> Result<proto::Policy, String> {
    let number = fd.parse().map_err(|_| format!("--policy-fd {fd}: not a number"))?;
    let mut bytes = Vec::new();
    sys::inherited_file(number)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| format!("--policy-fd {fd}: {error}"))?;
    proto::Policy::decode(&bytes[..]).map_err(|error| format!("--policy-fd {fd}: not a policy: {error}"))
}

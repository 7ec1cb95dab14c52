//! The real binary, drained by `/drain` and ended afterwards: control is asked to deliver once, at the very end.

use prost::Message;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tap::proto::{self, envelope::Body};

/// A control that writes down all it is told, and asks for nothing.
const CONTROL: &str = r#"cat <&$WAYSIDE_SEAM_FD >>"$1/heard""#;
const PATIENCE: Duration = Duration::from_secs(60);

struct Tap {
    process: Child,
    folder: PathBuf,
    health: SocketAddr,
}

impl Tap {
    fn start() -> Tap {
        let folder = std::env::temp_dir().join(format!("wayside-flush-{}", std::process::id()));
        fs::create_dir(&folder).expect("a new folder");
        let health = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let argv = ["bash", "-c", CONTROL, "control", folder.to_str().expect("text")].map(String::from).to_vec();
        let policy = proto::Policy {
            listeners: vec![proto::Listener {
                name: "test".into(),
                listen: "127.0.0.1:0".into(),
                upstream: "127.0.0.1:1".into(),
            }],
            health: health.to_string(),
            drain: Some(proto::DrainSettings {
                delay_nanos: Some(0),
                total_nanos: 3_600_000_000_000,
                final_scrape_nanos: 0,
            }),
            control: Some(proto::Control { argv, memory_bytes: 0 }),
            ..Default::default()
        };
        fs::write(folder.join("policy"), policy.encode_to_vec()).expect("a file");
        let process = Command::new(env!("CARGO_BIN_EXE_wayside-tap"))
            .args(["--policy-fd", "0"])
            .stdin(File::open(folder.join("policy")).expect("the policy"))
            .spawn()
            .expect("the tap starts");
        Tap { process, folder, health }
    }

    /// What control has been told so far.
    fn heard(&self) -> Vec<u8> {
        fs::read(self.folder.join("heard")).unwrap_or_default()
    }

    fn ask(&self, path: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut client = loop {
            match TcpStream::connect(self.health) {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < deadline, "no probes: {error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        client.write_all(format!("POST {path} HTTP/1.1\r\n\r\n").as_bytes()).expect("a request");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().expect("a child");
        fs::remove_dir_all(&self.folder).ok();
    }
}

#[test]
fn control_is_asked_to_deliver_when_the_process_ends_after_a_drain_that_was_over() {
    let mut tap = Tap::start();
    let deadline = Instant::now() + PATIENCE;
    while tap.heard().is_empty() {
        assert!(Instant::now() < deadline, "control was not greeted");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(tap.ask("/drain").ends_with("\r\n\r\ndrained\n"));
    let flush = proto::Envelope { version: 1, body: Some(Body::Flush(proto::Flush {})) }.encode_to_vec();
    assert!(!tap.heard().ends_with(&flush), "the process goes on, and so does control");
    // SAFETY: signals the child, which this test has not waited for.
    assert_eq!(unsafe { libc::kill(tap.process.id() as i32, libc::SIGTERM) }, 0);
    assert!(tap.process.wait().expect("a child").success());
    assert!(tap.heard().ends_with(&flush), "{:?}", tap.heard());
}

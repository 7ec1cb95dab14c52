//! The real binary, and a control that dies: what one life gave to keep, the next is greeted with.

use prost::Message;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tap::proto::{self, envelope::Body};

/// A control that gives something to keep, writes down how it was greeted, and dies.
const CONTROL: &str = r#"
cd "$1"
cat keep >&$WAYSIDE_SEAM_FD
life=1
while [ -e greeting.$life ]; do life=$((life + 1)); done
dd bs=65536 count=1 status=none of=greeting <&$WAYSIDE_SEAM_FD
mv greeting greeting.$life
"#;

struct Tap {
    process: Child,
    folder: PathBuf,
}

impl Tap {
    /// A tap with such a control, in a folder of its own.
    fn start(keep: &proto::Keep) -> Tap {
        let folder = std::env::temp_dir().join(format!("wayside-keep-{}", std::process::id()));
        fs::create_dir(&folder).expect("a new folder");
        let frame = proto::Envelope { version: 1, body: Some(Body::Keep(keep.clone())) }.encode_to_vec();
        fs::write(folder.join("keep"), [&(frame.len() as u32).to_be_bytes()[..], &frame].concat()).expect("a file");
        let argv = ["bash", "-c", CONTROL, "control", folder.to_str().expect("text")].map(String::from).to_vec();
        let policy = proto::Policy {
            listeners: vec![proto::Listener {
                name: "test".into(),
                listen: "127.0.0.1:0".into(),
                upstream: "127.0.0.1:1".into(),
            }],
            control: Some(proto::Control { argv, memory_bytes: 0 }),
            ..Default::default()
        };
        fs::write(folder.join("policy"), policy.encode_to_vec()).expect("a file");
        let process = Command::new(env!("CARGO_BIN_EXE_wayside-tap"))
            .args(["--policy-fd", "0"])
            .stdin(File::open(folder.join("policy")).expect("the policy"))
            .spawn()
            .expect("the tap starts");
        Tap { process, folder }
    }

    /// How the control of this life was greeted.
    fn greeting(&self, life: u32) -> proto::Hello {
        let (path, deadline) = (self.folder.join(format!("greeting.{life}")), Instant::now() + Duration::from_secs(30));
        let greeting = loop {
            match fs::read(&path) {
                Ok(greeting) => break greeting,
                Err(_) => assert!(Instant::now() < deadline, "life {life} of control was not greeted"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        match proto::Envelope::decode(&greeting[4..]).expect("a frame").body {
            Some(Body::Hello(hello)) => hello,
            other => panic!("no greeting: {other:?}"),
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.process.kill().expect("the tap lives until the end of its test");
        self.process.wait().expect("a child");
        fs::remove_dir_all(&self.folder).ok();
    }
}

#[test]
fn each_life_of_control_is_greeted_with_what_the_ones_before_gave_to_keep() {
    let keep = proto::Keep { key: "slo".into(), value: b"\0state\xff".to_vec() };
    let tap = Tap::start(&keep);
    assert_eq!(tap.greeting(1).kept, []);
    assert_eq!(tap.greeting(2).kept, [keep]);
}

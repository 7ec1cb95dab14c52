//! The real binary over real TCP: thousands of random connections, half-closed, reset from either side, some with
//! 64 MiB each way, all at once and through one thread.

mod support;

use prost::Message;
use socket2::SockRef;
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{FarEnd, Random};
use tap::proto;

const CONNECTIONS: u64 = 3000;
const THREADS: u64 = 24;
const LARGE: usize = 64 << 20;

/// A running tap without control.
struct Tap {
    process: Child,
    address: SocketAddr,
}

impl Tap {
    fn start(upstream: SocketAddr) -> Tap {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let listener =
            proto::Listener { name: "test".into(), listen: address.to_string(), upstream: upstream.to_string() };
        let policy = proto::Policy { observe: true, listeners: vec![listener], ..Default::default() };
        let path = std::env::temp_dir().join(format!("wayside-policy-{}", address.port()));
        std::fs::write(&path, policy.encode_to_vec()).expect("a policy file");
        let mut file = File::open(&path).expect("the policy file");
        file.rewind().expect("a regular file");
        std::fs::remove_file(&path).expect("the policy file");
        // Without close-on-exec the child keeps it under the same number.
        let fd = file.as_raw_fd();
        // SAFETY: sets a flag of a descriptor this test owns.
        unsafe { libc::fcntl(fd, libc::F_SETFD, 0) };
        let process = Command::new(env!("CARGO_BIN_EXE_wayside-tap"))
            .args(["--policy-fd", &fd.to_string()])
            .spawn()
            .expect("the tap starts");
        Tap { process, address }
    }

    fn connect(&self) -> TcpStream {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => return stream,
                Err(error) => assert!(Instant::now() < deadline, "the tap does not listen: {error}"),
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.process.kill().expect("the tap lives until the end of its test");
        self.process.wait().expect("a child");
    }
}

/// Who waits for which connection: the client sends its number first.
type Waiting = Arc<Mutex<HashMap<u64, Sender<TcpStream>>>>;

fn server(waiting: Waiting) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let waiting = Arc::clone(&waiting);
            std::thread::spawn(move || {
                let (mut stream, mut number) = (stream, [0; 8]);
                // Probes connect and say nothing.
                if stream.read_exact(&mut number).is_ok() {
                    let sender = waiting.lock().expect("healthy").remove(&u64::from_le_bytes(number));
                    sender.expect("announced").send(stream).expect("waited for");
                }
            });
        }
    });
    address
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Finish,
    ClientResets,
    ServerResets,
}

fn relay(tap: &Tap, waiting: &Waiting, number: u64) -> Result<usize, String> {
    let (announce, arrival) = channel();
    waiting.lock().expect("healthy").insert(number, announce);
    let mut client_socket = tap.connect();
    client_socket.write_all(&number.to_le_bytes()).map_err(|error| format!("{number}: {error}"))?;
    let mut server_socket =
        arrival.recv_timeout(Duration::from_secs(20)).map_err(|_| format!("{number}: not relayed"))?;
    for socket in [&client_socket, &server_socket] {
        socket.set_nonblocking(true).expect("a socket");
    }

    let mut random = Random::new(number);
    let most = if number % 1000 == 7 { LARGE } else { 100_000 };
    let length = |random: &mut Random| if most == LARGE { LARGE } else { random.size(most) };
    let (up_length, down_length) = (length(&mut random), length(&mut random));
    let mut client = FarEnd::new(random.bytes(up_length));
    let mut server = FarEnd::new(random.bytes(down_length));
    let ending = [Ending::Finish, Ending::ClientResets, Ending::ServerResets][(number % 3) as usize];
    let finish = |socket: &mut TcpStream| socket.shutdown(Shutdown::Write).unwrap_or(());
    let keep_open = |_: &mut TcpStream| ();
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        if Instant::now() > deadline {
            return Err(format!(
                "{number}: stuck ({ending:?}), {} of {up_length} up, {} of {down_length} down",
                server.got.len(),
                client.got.len()
            ));
        }
        match ending {
            Ending::Finish => {
                client.step(&mut client_socket, &mut random, finish);
                server.step(&mut server_socket, &mut random, finish);
                if client.verdict.is_some() && server.verdict.is_some() {
                    break;
                }
            }
            // The one that will reset has sent all, and seen all of it acknowledged; the other one only reads.
            Ending::ClientResets => {
                client.step(&mut client_socket, &mut random, keep_open);
                server.receive(&mut server_socket, &mut random);
                if client.finished_sending && acknowledged(&client_socket) {
                    reset(client_socket);
                    return server.expect_all_then_reset(&mut server_socket, &client.script, number);
                }
            }
            Ending::ServerResets => {
                server.step(&mut server_socket, &mut random, keep_open);
                client.receive(&mut client_socket, &mut random);
                if server.finished_sending && acknowledged(&server_socket) {
                    reset(server_socket);
                    return client.expect_all_then_reset(&mut client_socket, &server.script, number);
                }
            }
        }
        std::thread::yield_now();
    }
    let clean = client.verdict == Some(Ok(())) && server.verdict == Some(Ok(()));
    let whole = client.got == server.script && server.got == client.script;
    if clean && whole { Ok(up_length + down_length) } else { Err(format!("{number}: clean {clean}, whole {whole}")) }
}

impl FarEnd {
    fn receive(&mut self, socket: &mut TcpStream, random: &mut Random) {
        self.finished_sending = true;
        self.step(socket, random, |_| ());
    }

    /// What was acknowledged before the reset arrives, then a reset and not a FIN.
    fn expect_all_then_reset(mut self, socket: &mut TcpStream, expected: &[u8], number: u64) -> Result<usize, String> {
        socket.set_nonblocking(false).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        let verdict = match self.verdict {
            Some(verdict) => verdict,
            None => socket.read_to_end(&mut self.got).map(drop).map_err(|error| error.kind()),
        };
        if verdict != Err(ErrorKind::ConnectionReset) {
            return Err(format!("{number}: the reset arrived as {verdict:?}"));
        }
        if self.got != expected {
            return Err(format!("{number}: {} of {} acknowledged bytes arrived", self.got.len(), expected.len()));
        }
        Ok(expected.len())
    }
}

fn acknowledged(socket: &TcpStream) -> bool {
    tap::sys::unacknowledged_bytes(socket.as_raw_fd()).expect("a TCP socket") == 0
}

fn reset(socket: TcpStream) {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO)).expect("a socket");
}

#[test]
fn three_thousand_connections_over_tcp_pass_unchanged_and_end_as_they_were_ended() {
    let waiting = Waiting::default();
    let tap = Tap::start(server(Arc::clone(&waiting)));
    drop(tap.connect());
    let results = std::thread::scope(|scope| {
        let (tap, waiting) = (&tap, &waiting);
        let run =
            move |first| (first..CONNECTIONS).step_by(THREADS as usize).map(move |number| relay(tap, waiting, number));
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || run(first).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    let wrong: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    let bytes: usize = results.iter().flatten().sum();
    println!("{} connections, {bytes} bytes, {} wrong", results.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {CONNECTIONS}, first: {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    assert!(bytes > 3 * LARGE, "the large ones are among them");
}

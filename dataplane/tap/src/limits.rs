//! Every bound in the tap, each with its reason. A bound that is reached is counted and exported.

use std::time::Duration;

/// Smallest and largest read. A quiet connection costs a small read; one that keeps filling its reads earns larger
/// ones, up to what a loopback socket buffer holds.
pub const READ_BYTES: std::ops::RangeInclusive<usize> = 16 * 1024..=256 * 1024;

/// Bytes relayed for one connection before the others get their turn: a few milliseconds of one core.
pub const TURN_BYTES: usize = 1024 * 1024;

/// And time spent on it, where its bytes are dear to read: a stream opened and reset in 30 bytes costs a microsecond.
pub const TURN_TIME: Duration = Duration::from_millis(2);

/// Bytes held, over all connections, because a peer does not read. Beyond it the pump only sends what it can hand
/// over at once and leaves the rest in the kernel. A container of 100 MiB survives it.
pub const UNSENT_BYTES: usize = 32 * 1024 * 1024;

/// A model server on loopback answers a dial in microseconds; a second means it is not there.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a client whose upstream cannot be dialled may take to say what it wanted, before it is reset. A request
/// follows its connection within a round trip; to those who only knock a tenth of a second later makes no difference.
pub const REFUSED_REQUEST_WAIT: Duration = Duration::from_millis(100);
/// And how much of it is read: the head of any client, and of its body the beginning, where names of models mostly lie.
pub const REFUSED_REQUEST_BYTES: usize = 4096;
/// Such clients that a worker waits for at once. Beyond it what has come already is read, and nothing is waited for: a
/// server that is down must not turn a crowd that says nothing into one that is kept.
pub const REFUSED_WAITING: usize = 64;

/// A client that said FIN has not hung up yet: it may still read. But an HTTP/2 client that did and has been told
/// nothing more for this long is gone, and its calls with it, even before a server that is wedged.
pub const CLIENT_GONE: Duration = Duration::from_secs(5);

/// How long bytes that were acknowledged to a peer that then reset may take to reach the other one.
pub const RESET_FLUSH: Duration = Duration::from_secs(1);

/// How often an unfinished flush before a reset is looked at.
pub const RESET_POLL: Duration = Duration::from_millis(2);

/// After running out of descriptors or memory, accepting rests this long.
pub const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Descriptors kept for everything but relayed connections (each takes two).
pub const RESERVED_DESCRIPTORS: u64 = 128;

/// More connections than this have never been useful in front of one model server.
pub const MAX_CONNECTIONS: u64 = 50_000;

/// Pending connections the kernel may queue; it caps this by net.core.somaxconn itself.
pub const LISTEN_BACKLOG: i32 = 4096;

/// How often an upstream is dialled to see whether it is there: while it is down, and while it was lately seen up.
pub const PROBE_DOWN: Duration = Duration::from_millis(500);
/// See [`PROBE_DOWN`].
pub const PROBE_UP: Duration = Duration::from_secs(5);

/// However often an upstream that was up is suspected (each connection it closes is a reason), it is not dialled more
/// often than this.
pub const PROBE_REST: Duration = Duration::from_millis(200);

/// Model names, methods and series that become labels unless the policy says otherwise: enough for a busy server,
/// little enough that one replica stays under 5,000 lines on /metrics.
pub const MODELS: usize = 64;
/// See [`MODELS`].
pub const METHODS: usize = 64;
/// See [`MODELS`].
pub const SERIES: usize = 500;

/// Models of one connection whose gaps may wait for their names at once. They wait from a stream's second message to its
/// first good end, once in the life of a model; a connection that streams of more new models at once is no client's.
pub const WAITING_MODELS: usize = 8;

/// Shapes that become labels of one model: one in production has a few, one of variable length any number, and 20 models
/// show 180 lines at most.
pub const SHAPES: usize = 8;

/// A series that has not changed for so many snapshots (an hour of them at one a second) makes room.
pub const IDLE_SNAPSHOTS: u64 = 3600;

/// Questions that wait to be asked: one for each model that there may be. One that finds no room is asked later.
pub const PROBE_REQUESTS: usize = MODELS;

/// How long a server may take to describe a model: it has it at hand. Nobody waits for it.
pub const MODEL_PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// A request that is open for so long hangs, and its model is a name to ask about as if the request had failed. Before that
/// nothing is called a stall either.
pub const HANGING: Duration = Duration::from_secs(10);

/// Names that are no labels and whose requests fail or hang: as many are kept in mind as may become labels.
pub const UNKNOWN_NAMES: usize = MODELS;

/// They are so for this long after the last such request: until the second time that the server may be asked.
pub const UNKNOWN_NAME_LIFE: Duration = Duration::from_secs(120);

/// Unknown names that servers are asked about in each [`ASKING_PERIOD`]: a deployment has not more new ones, a scan of random
/// names has any number.
pub const NAMES_ASKED: usize = 10;
/// Of each upstream the list of its models is asked for once in it, and about each name it is asked once.
pub const ASKING_PERIOD: Duration = Duration::from_secs(60);
/// Different names that servers are asked about in the life of the tap: as many as may become labels.
pub const NAMES_ASKED_IN_ALL: usize = MODELS;

/// Names taken over from the server's own page, as control reads it: as many as may become labels.
pub const SERVER_NAMES: usize = MODELS;

/// How much of a list of models is read: those of a thousand models have less.
pub const LIST_BYTES: usize = 1024 * 1024;
/// Paths at which a server is asked for one, the likeliest first: a catalogue knows a handful.
pub const LIST_PATHS: usize = 4;

/// Label of a model whose name has not been admitted.
pub const UNKNOWN_MODEL: &str = "unknown";

/// Objectives: one bit each in the mark of an open request.
pub const OBJECTIVES: usize = 64;

/// Models of objectives that are counted by model, over all of these, `unknown` of each included: 20 models for each of 25
/// objectives, and what an engine holds of a model is under a tenth of a megabyte. Further ones are counted as `unknown`.
pub const SLO_MODELS: usize = 500;

/// Times in which a connection was held up that are kept apart, while a call is open that began before them. Beyond it the
/// two that lie closest are taken as one, which blames the client for the moment between them.
pub const HOLDS: usize = 64;

/// Event counts kept for objectives that left the policy, in case the next edit brings them back.
pub const RETIRED_OBJECTIVES: usize = 256;

/// Records waiting for the next pull; the newest beyond it are dropped.
pub const RECORDS: usize = 256;

/// Causes of connections that are no longer read, the newest: there are some thirty texts, each for two directions.
pub const BLIND_CAUSES: usize = 32;
/// Lines that the log has of such connections for each reason, in each of these periods.
pub const BLIND_LINES: usize = 3;
/// See [`BLIND_LINES`].
pub const BLIND_LINES_PERIOD: Duration = Duration::from_secs(60);

/// Log lines waiting for the writer.
pub const LOG_LINES: usize = 1024;

/// Longest line taken from control's stderr; the rest of it starts a new line.
pub const LOG_LINE_BYTES: usize = 8 * 1024;

/// Largest frame accepted from control. Policies are kilobytes.
pub const SEAM_FRAME_BYTES: usize = 8 * 1024 * 1024;

/// What control may have kept for its next life, keys and values: sums, not histories, because the greeting of each life
/// carries all of it.
pub const KEEP_BYTES: usize = 1024 * 1024;
/// In so many parts, one for each that has a state of its own.
pub const KEEP_KEYS: usize = 64;
/// A key is a name, not a value.
pub const KEEP_KEY_BYTES: usize = 64;
/// A control that is over the bound is so each second; people are told this often.
pub const KEEP_LOG_REST: Duration = Duration::from_secs(60);

/// Without a pull for this long control is hung.
pub const CONTROL_HUNG: Duration = Duration::from_secs(15);
/// First and longest pause before control is started again.
pub const CONTROL_BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// A control that lived this long was healthy: the next pause is the shortest again.
pub const CONTROL_HEALTHY: Duration = Duration::from_secs(10);
/// Resident memory at which control is ended, unless the policy says otherwise: twice what it needs at rest.
pub const CONTROL_MEMORY_BYTES: u64 = 96 * 1024 * 1024;
/// How often control's memory is read. At 100 MiB/s, which no interpreter allocates and touches for long, it is
/// 10 MiB over before it is seen.
pub const CONTROL_MEMORY_POLL: Duration = Duration::from_millis(100);
/// How far control is niced below the tap.
pub const CONTROL_NICE: i32 = 5;

/// A worker that has not scanned its open calls by then is left out of the snapshot being answered. It carries nothing
/// either, so this is not the time to be quick.
pub const SCAN_WAIT: Duration = Duration::from_secs(2);

/// What the file with the token for `/drain` may hold: any password that people make, and signed tokens of a kilobyte.
pub const DRAIN_TOKEN_BYTES: usize = 4096;
/// Whoever scans ports asks for `/drain` as often as it likes; people are told of those who may not this often.
pub const DRAIN_LOG_REST: Duration = Duration::from_secs(60);

/// Probe connections at once, the longest request head they may send (a token, and as much again), and how long they may
/// take.
pub const HEALTH_CONNECTIONS: usize = 64;
/// See [`HEALTH_CONNECTIONS`].
pub const HEALTH_HEAD_BYTES: usize = 2 * DRAIN_TOKEN_BYTES;
/// See [`HEALTH_CONNECTIONS`].
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Go on accepting for this long after the signal: endpoints take that long to leave load balancers.
pub const DRAIN_DELAY: Duration = Duration::from_secs(5);
/// From the signal to the cut; inside Kubernetes' 30 s with room for the flush.
pub const DRAIN_TOTAL: Duration = Duration::from_secs(18);
/// How long control may take to deliver what it holds at the very end.
pub const FLUSH_WAIT: Duration = Duration::from_secs(6);

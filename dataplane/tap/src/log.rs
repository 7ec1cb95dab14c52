//! Log lines, written by one thread from one bounded queue: a full pipe stops the writer and nothing else. Each line
//! names its process.

use crate::clock::unix_nanos;
use crate::limits::LOG_LINES;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `2026-01-31T12:00:00.123Z INFO tap message`
    Human,
    /// One object per line: time, level, process, msg.
    Json,
}

/// A handle to the queue; cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
    format: Format,
}

/// The far end of the queue.
#[derive(Debug)]
pub struct Lines {
    queue: Receiver<String>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// A queue and its far end.
    pub fn new(format: Format) -> (Log, Lines) {
        let (lines, queue) = sync_channel(LOG_LINES);
        let dropped = Arc::default();
        (Log { lines, dropped: Arc::clone(&dropped), format }, Lines { queue, dropped })
    }

    /// Something normal happened.
    pub fn info(&self, message: &str) {
        self.line("info", "tap", message);
    }

    /// Something is wrong that Wayside survives.
    pub fn warn(&self, message: &str) {
        self.line("warning", "tap", message);
    }

    /// A line that control wrote: `level message`, or a JSON object, which is passed on with time and process added.
    pub fn control(&self, line: &str) {
        match (self.format, line.strip_prefix('{')) {
            (Format::Json, Some(rest)) => {
                self.push(format!("{{\"time\":\"{}\",\"process\":\"control\",{rest}", timestamp(unix_nanos())));
            }
            _ => {
                let (level, message) = line.split_once(' ').unwrap_or(("", line));
                match level {
                    "debug" | "info" | "warning" | "error" => self.line(level, "control", message),
                    _ => self.line("info", "control", line),
                }
            }
        }
    }

    /// Lines that found the queue full, or could not be written.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    fn line(&self, level: &str, process: &str, message: &str) {
        let time = timestamp(unix_nanos());
        self.push(match self.format {
            Format::Human => format!("{time} {:<7} {process} {message}", level.to_uppercase()),
            Format::Json => {
                let message = escape(message);
                format!(r#"{{"time":"{time}","level":"{level}","process":"{process}","msg":"{message}"}}"#)
            }
        });
    }

    fn push(&self, line: String) {
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Lines {
    /// Writes lines until every [`Log`] is gone. Runs on a thread of its own, because a write may block for ever.
    pub fn write_all(&self, mut out: impl Write) {
        while let Ok(mut line) = self.queue.recv() {
            line.push('\n');
            // A disk that is full, a pipe whose reader has gone: there is nobody left to tell but the counter.
            if out.write_all(line.as_bytes()).is_err() {
                self.dropped.fetch_add(1, Relaxed);
            }
        }
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if u32::from(control) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out
}

/// RFC 3339, UTC, milliseconds. Days to dates after Howard Hinnant, "chrono-compatible low-level date algorithms".
fn timestamp(unix_nanos: u64) -> String {
    let (seconds, millis) = (unix_nanos / 1_000_000_000, unix_nanos / 1_000_000 % 1000);
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(951_782_400_123_000_000), "2000-02-29T00:00:00.123Z");
        assert_eq!(timestamp(4_102_444_799_999_999_999), "2099-12-31T23:59:59.999Z");
    }

    #[test]
    fn json_lines_are_objects_whatever_the_message_holds() {
        let (log, lines) = Log::new(Format::Json);
        log.warn("a \"quoted\"\nline\\");
        let line = lines.queue.recv().expect("one line");
        assert!(line.ends_with(r#""level":"warning","process":"tap","msg":"a \"quoted\"\u000aline\\"}"#), "{line}");
        log.control(r#"{"level":"info","msg":"x"}"#);
        let line = lines.queue.recv().expect("one line");
        assert!(line.ends_with(r#""process":"control","level":"info","msg":"x"}"#), "{line}");
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let (log, _lines) = Log::new(Format::Human);
        for _ in 0..LOG_LINES + 5 {
            log.info("x");
        }
        assert_eq!(log.dropped(), 5);
    }

    #[test]
    fn a_line_that_cannot_be_written_is_counted_and_does_not_stop_the_writer() {
        struct FullDisk(u32);
        impl Write for FullDisk {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                self.0 += 1;
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (log, lines) = Log::new(Format::Human);
        let dropped = Arc::clone(&lines.dropped);
        (0..3).for_each(|_| log.info("x"));
        drop(log);
        let mut disk = FullDisk(0);
        lines.write_all(&mut disk);
        assert_eq!((disk.0, dropped.load(Relaxed)), (3, 3));
    }
}

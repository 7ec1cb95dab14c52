//! Who may ask for `/drain`, which ends what the process is there for: whoever is inside, on loopback, and from anywhere
//! else whoever sends what a file of the configuration holds. A page in a browser is not inside, though it comes from there;
//! and a server that fetches what its clients name can be made to GET: where there is a token, that takes it too. The file is read when asked, so that a Secret that was
//! rotated counts at once.

use crate::limits::DRAIN_TOKEN_BYTES;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;

/// Why somebody may not, and what would help. None of it tells what a file holds.
pub type Refusal = &'static str;

const INSIDE_ONLY: Refusal = "only from inside: run `wayside drain` in the container, or set health.drain_token_file and \
                              send what it holds as `authorization: Bearer TOKEN`";
const FROM_A_PAGE: Refusal = "not for pages in a browser: run `wayside drain`";
const BY_GET: Refusal = "use POST, or send what health.drain_token_file holds as `authorization: Bearer TOKEN`";
const NO_TOKEN: Refusal = "send what health.drain_token_file holds as `authorization: Bearer TOKEN`, or run `wayside drain` \
                           in the container";
const WRONG_TOKEN: Refusal = "this is not the token that health.drain_token_file holds";
const UNREADABLE: Refusal = "health.drain_token_file cannot be read, so no token is the right one: run `wayside drain` in \
                             the container";
const EMPTY: Refusal =
    "health.drain_token_file is empty, so no token is the right one: run `wayside drain` in the container";
const TOO_LONG: Refusal = "health.drain_token_file is longer than 4096 bytes, so no token is the right one: run `wayside \
                           drain` in the container";

/// Whether a peer may drain with this request; `token_file` is empty where there is none.
///
/// # Errors
/// With a sentence for whoever asked.
pub fn permit(peer: IpAddr, head: &[u8], token_file: &str) -> Result<(), Refusal> {
    let inside = peer.to_canonical().is_loopback();
    if inside && (has_field(head, b"origin") || has_field(head, b"sec-fetch-site")) {
        return Err(FROM_A_PAGE);
    }
    if inside && (token_file.is_empty() || !head.starts_with(b"GET ")) {
        return Ok(());
    }
    if token_file.is_empty() {
        return Err(INSIDE_ONLY);
    }
    let sent = bearer(head).ok_or(if inside { BY_GET } else { NO_TOKEN })?;
    let text = read(token_file).map_err(|_| UNREADABLE)?;
    match text.trim_ascii() {
        _ if text.len() > DRAIN_TOKEN_BYTES => Err(TOO_LONG),
        [] => Err(EMPTY),
        token if same(sent, token) => Ok(()),
        _ => Err(WRONG_TOKEN),
    }
}

/// A file's beginning, one byte more than a token may have.
fn read(path: &str) -> io::Result<Vec<u8>> {
    // Whoever opens a named pipe waits for its writer; the main thread must not.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let mut text = Vec::new();
    file.take(DRAIN_TOKEN_BYTES as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// The token of the first `authorization: Bearer` (RFC 6750 section 2.1; a scheme is written in any case, RFC 9110 section
/// 11.1).
fn bearer(head: &[u8]) -> Option<&[u8]> {
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let (name, value) = cut(line, b':')?;
        let (scheme, token) = cut(value.trim_ascii(), b' ')?;
        let found = name.eq_ignore_ascii_case(b"authorization") && scheme.eq_ignore_ascii_case(b"bearer");
        found.then(|| token.trim_ascii())
    })
}

/// A field of this name is there.
fn has_field(head: &[u8], wanted: &[u8]) -> bool {
    let named = |line| cut(line, b':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(wanted));
    head.split(|byte| *byte == b'\n').skip(1).any(named)
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|byte| *byte == at)?;
    Some((&text[..place], &text[place + 1..]))
}

/// Takes as long for a first byte that is wrong as for a last one, so that nobody finds a token byte by byte.
fn same(sent: &[u8], token: &[u8]) -> bool {
    let differing = sent.iter().zip(token).fold(0, |differing, (one, other)| differing | (one ^ other));
    black_box(differing) == 0 && sent.len() == token.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const STRANGER: &str = "10.1.2.3";

    /// A file that is gone with it.
    struct TokenFile(PathBuf);

    impl TokenFile {
        fn holding(name: &str, text: &[u8]) -> TokenFile {
            let path = std::env::temp_dir().join(format!("wayside-token-{}-{name}", std::process::id()));
            std::fs::write(&path, text).expect("the temporary directory is writable");
            TokenFile(path)
        }

        fn path(&self) -> &str {
            self.0.to_str().expect("made of ASCII")
        }
    }

    impl Drop for TokenFile {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).ok();
        }
    }

    fn asked(peer: &str, field: &str, token_file: &str) -> Result<(), Refusal> {
        let head = format!("POST /drain HTTP/1.1\r\nhost: x\r\n{field}\r\n\r\n");
        permit(peer.parse().expect("an address"), head.as_bytes(), token_file)
    }

    #[test]
    fn loopback_needs_no_token_however_it_is_written() {
        for inside in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(asked(inside, "a: b", ""), Ok(()), "{inside}");
            assert_eq!(asked(inside, "a: b", "/nowhere"), Ok(()), "{inside}");
        }
    }

    #[test]
    fn a_page_in_a_browser_is_not_inside() {
        for field in ["Origin: https://a.example", "sec-fetch-site: cross-site", "Sec-Fetch-Site: same-origin"] {
            assert_eq!(asked("127.0.0.1", field, ""), Err(FROM_A_PAGE), "{field}");
        }
    }

    #[test]
    fn who_can_only_be_made_to_get_needs_the_token_where_there_is_one() {
        let file = TokenFile::holding("get", b"s3cret");
        let get = |field: &str, file: &str| {
            let head = format!("GET /drain HTTP/1.1\r\nhost: x\r\n{field}\r\n\r\n");
            permit("::1".parse().expect("an address"), head.as_bytes(), file)
        };
        assert_eq!(get("a: b", ""), Ok(()));
        assert_eq!(get("a: b", file.path()), Err(BY_GET));
        assert_eq!(get("authorization: Bearer s3cret", file.path()), Ok(()));
        assert_eq!(get("authorization: Bearer other", file.path()), Err(WRONG_TOKEN));
    }

    #[test]
    fn from_anywhere_else_nobody_may_where_there_is_no_token() {
        for outside in [STRANGER, "::ffff:10.1.2.3", "fe80::1", "2001:db8::127.0.0.1", "0.0.0.0", "::"] {
            assert_eq!(asked(outside, "authorization: Bearer ", ""), Err(INSIDE_ONLY), "{outside}");
        }
    }

    #[test]
    fn who_sends_what_the_file_holds_may() {
        let file = TokenFile::holding("right", b" s3cret\n");
        for field in [
            "authorization: Bearer s3cret",
            "Authorization:bearer   s3cret  ",
            "x: y\r\nAUTHORIZATION: BEARER s3cret",
            "authorization: Basic eDp5\r\nauthorization: Bearer s3cret",
        ] {
            assert_eq!(asked(STRANGER, field, file.path()), Ok(()), "{field}");
        }
    }

    #[test]
    fn who_sends_anything_else_may_not_and_is_told_what_to_send() {
        let file = TokenFile::holding("wrong", b"s3cret");
        for wrong in ["s3cre", "s3cret!", "S3cret", "s3cret s3cret", "x"] {
            let field = format!("authorization: Bearer {wrong}");
            assert_eq!(asked(STRANGER, &field, file.path()), Err(WRONG_TOKEN), "{wrong}");
        }
        for none in ["a: b", "authorization: s3cret", "authorization: Basic s3cret", "x-authorization: Bearer s3cret"] {
            assert_eq!(asked(STRANGER, none, file.path()), Err(NO_TOKEN), "{none}");
        }
    }

    #[test]
    fn the_file_is_read_each_time() {
        let file = TokenFile::holding("rotated", b"old");
        assert_eq!(asked(STRANGER, "authorization: Bearer old", file.path()), Ok(()));
        std::fs::write(file.path(), b"new").expect("writable");
        assert_eq!(asked(STRANGER, "authorization: Bearer old", file.path()), Err(WRONG_TOKEN));
        assert_eq!(asked(STRANGER, "authorization: Bearer new", file.path()), Ok(()));
    }

    #[test]
    fn a_file_that_holds_no_token_lets_nobody_in() {
        let anything = "authorization: Bearer x";
        assert_eq!(asked(STRANGER, anything, "/nowhere/at/all"), Err(UNREADABLE));
        assert_eq!(asked(STRANGER, anything, "/"), Err(UNREADABLE), "a folder");
        let blank = TokenFile::holding("blank", b" \n\t\n");
        for field in ["authorization: Bearer ", "authorization: Bearer  \t", anything] {
            assert!(asked(STRANGER, field, blank.path()).is_err(), "{field}");
        }
        assert_eq!(asked(STRANGER, anything, blank.path()), Err(EMPTY));
        let most = "x".repeat(DRAIN_TOKEN_BYTES);
        let long = TokenFile::holding("long", format!("{most}\n").as_bytes());
        assert_eq!(asked(STRANGER, &format!("authorization: Bearer {most}"), long.path()), Err(TOO_LONG));
        assert_eq!(asked(STRANGER, anything, "/dev/zero"), Err(TOO_LONG), "and no more of it is read");
    }

    #[test]
    fn a_named_pipe_that_nobody_writes_to_holds_nobody_up() {
        let path = std::env::temp_dir().join(format!("wayside-token-{}-pipe", std::process::id()));
        let name = std::ffi::CString::new(path.to_str().expect("ASCII")).expect("without NUL");
        // SAFETY: the name is a C string that outlives the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        let pipe = TokenFile(path);
        assert_eq!(asked(STRANGER, "authorization: Bearer x", pipe.path()), Err(EMPTY));
    }
}

//! A client that does not read: what crosses a threshold only by that is left out, in flight too.

use super::conversation::*;
use tap::proto::condition::Good;
use wire::EndedBy;

fn goods() -> [Good; 4] {
    [
        Good::LatencyBelowNanos(THRESHOLD),
        first_below(THRESHOLD, 0, 0),
        Good::LongestGapBelowNanos(THRESHOLD),
        Good::TokenTimeBelowNanos(THRESHOLD),
    ]
}

fn connection() -> Conversation {
    Conversation::new(&goods().map(|good| promise(&format!("{good:?}"), &[good])))
}

#[test]
fn a_wait_that_is_too_long_only_with_what_the_client_held_up_is_left_out() {
    for (late, words) in [(0, ["client_slow"; 3]), (1, ["bad", "client_slow", "bad"])] {
        let mut slow = connection();
        slow.ask_stream().at(10).holds(true).at(10 + 5 * THRESHOLD).holds(false).head().token();
        let first = slow.now;
        slow.at(first + 2).holds(true).scan(first + 3 * THRESHOLD);
        slow.at(first + 2 + 4 * THRESHOLD).holds(false);
        // Without both holds: 10 ns to the first token, and the threshold to the next and to its end.
        let net = if late == 0 { THRESHOLD - 10 } else { THRESHOLD + 1 };
        slow.at(first + 4 * THRESHOLD + net).token().event(r#"{"usage":{"completion":2}}"#).done().end();
        let told = slow.words();
        assert_eq!(told[..3], words, "{late}");
        assert_eq!(told[3], if late == 0 { "client_slow" } else { "bad" });
    }
}

#[test]
fn what_is_good_anyway_stays_good() {
    let mut slow = connection();
    slow.ask_stream().at(10).holds(true).at(20).holds(false).head().token().at(30).token();
    slow.event(r#"{"usage":{"completion":2}}"#).done().end();
    assert_eq!(slow.words(), ["good"; 4]);
}

#[test]
fn an_open_request_is_not_bad_while_its_client_does_not_read() {
    let mut slow = connection();
    slow.ask_stream().head().at(THRESHOLD / 2).token().holds(true);
    assert_eq!(slow.scan(50 * THRESHOLD).words(), ["none"; 4]);
    slow.at(60 * THRESHOLD).holds(false);
    assert_eq!(slow.scan(60 * THRESHOLD + THRESHOLD / 2).words(), ["none"; 4], "as long as it may be without that");
    assert_eq!(slow.scan(60 * THRESHOLD + THRESHOLD / 2 + 1).words(), ["bad", "none", "none", "none"]);
    assert_eq!(slow.scan(61 * THRESHOLD + 1).words(), ["bad", "none", "bad", "none"]);
}

#[test]
fn another_wait_that_it_did_not_hold_up_is_bad_all_the_same() {
    let mut slow = connection();
    slow.ask_stream().head().token().holds(true).at(5 * THRESHOLD).holds(false).token();
    slow.at(6 * THRESHOLD + 1).token().done().end();
    assert_eq!(slow.words()[2], "bad");
    let mut failed = connection();
    failed.ask_stream().head().token().holds(true).at(5 * THRESHOLD).holds(false).over(EndedBy::Server);
    assert_eq!(failed.words(), ["bad"; 4], "failures are");
}

#[test]
fn the_holds_of_calls_that_are_over_are_nobodys() {
    let mut slow = connection();
    slow.ask_stream().head().token().holds(true).at(5 * THRESHOLD).holds(false).done().end();
    slow.at(6 * THRESHOLD).ask_stream().head().at(7 * THRESHOLD + 1).token().done().end();
    let counted = slow.counted();
    assert_eq!((counted[0].bad, counted[1].bad), (1, 1), "{counted:?}");
}

#[test]
fn of_the_holds_before_a_call_none_blurs_those_in_it() {
    let mut slow = Conversation::new(&[promise("gap", &[Good::LongestGapBelowNanos(5)])]);
    for n in 1..1000 {
        slow.at(n * MS).holds(true).at(n * MS + 1).holds(false);
    }
    slow.at(1000 * MS).ask_stream().head();
    let begin = 1001 * MS;
    slow.at(begin).holds(true).at(begin + 100).holds(false).at(begin + 105).token();
    slow.at(begin + 110).holds(true).at(begin + 1000).holds(false).token().done().end();
    assert_eq!(slow.word(), "client_slow", "5 ns of the gap were not held up");
}

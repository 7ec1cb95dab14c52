//! Each kind of condition, on either side of its threshold.

use super::conversation::*;
use super::many_stream::Stream;
use tap::proto::{Available, condition::Good};
use wire::{Direction, EndedBy};

/// Of one promise, after a request that began at 1 ms and was asked then.
fn asked(good: Good) -> Conversation {
    let mut connection = Conversation::new(&[promise("one", &[good])]);
    connection.at(MS).ask_stream();
    connection
}

const START: u64 = MS;

#[test]
fn latency_is_judged_to_the_nanosecond() {
    for (late, word) in [(0, "good"), (1, "bad")] {
        let mut connection = asked(Good::LatencyBelowNanos(THRESHOLD));
        connection.head().token().done().scan(START + THRESHOLD);
        assert_eq!(connection.at(START + THRESHOLD + late).end().word(), word);
    }
    let mut open = asked(Good::LatencyBelowNanos(THRESHOLD));
    assert_eq!(open.scan(START + THRESHOLD).word(), "none");
    assert_eq!(open.scan(START + THRESHOLD + 1).word(), "bad");
    assert_eq!(open.at(9 * THRESHOLD).head().token().end().word(), "bad", "once");
}

#[test]
fn the_first_token_is_judged_to_the_nanosecond() {
    for (late, word) in [(0, "good"), (1, "bad")] {
        let mut connection = asked(first_below(THRESHOLD, 0, 0));
        connection.head().event(r#"{"role":"assistant"}"#).at(START + THRESHOLD + late).token();
        assert_eq!(connection.at(9 * THRESHOLD).done().end().word(), word);
    }
    let mut open = asked(first_below(THRESHOLD, 0, 0));
    assert_eq!(open.head().scan(START + THRESHOLD).word(), "none");
    assert_eq!(open.scan(START + THRESHOLD + 1).word(), "bad");
}

#[test]
fn a_token_that_is_coming_when_its_time_is_up_is_judged_when_it_is_there() {
    let event = "20\r\ndata: {\"text\":\"a\", \"n\":\"0123\"}\n\n\r\n".as_bytes();
    let (begin, rest) = event.split_at(20);
    let mut connection = asked(first_below(THRESHOLD, 0, 0));
    connection.head().at(START + THRESHOLD).bytes(Direction::ToClient, begin);
    assert_eq!(connection.scan(START + THRESHOLD + 5).word(), "none", "nobody knows yet whether it is one");
    connection.at(START + 2 * THRESHOLD).bytes(Direction::ToClient, rest).end();
    assert_eq!(connection.word(), "good", "its first byte came in time");
}

#[test]
fn the_longest_gap_is_judged_to_the_nanosecond() {
    for (late, word) in [(0, "good"), (1, "bad")] {
        let mut connection = asked(Good::LongestGapBelowNanos(THRESHOLD));
        connection.at(5 * THRESHOLD).head().token().at(6 * THRESHOLD).token();
        connection.at(7 * THRESHOLD + late).token().done();
        assert_eq!(connection.at(20 * THRESHOLD).end().word(), word, "after its end mark nothing is waited for");
    }
    let mut open = asked(Good::LongestGapBelowNanos(THRESHOLD));
    open.head().scan(9 * THRESHOLD).at(10 * THRESHOLD).token();
    assert_eq!(open.scan(11 * THRESHOLD).word(), "none");
    assert_eq!(open.scan(11 * THRESHOLD + 1).word(), "bad");
    assert_eq!(open.at(30 * THRESHOLD).done().end().word(), "bad", "once");
}

#[test]
fn from_the_newest_output_to_its_end_is_a_gap_whatever_the_end() {
    for (late, word) in [(0, "good"), (1, "bad")] {
        let mut marked = asked(Good::LongestGapBelowNanos(THRESHOLD));
        marked.head().token().at(START + THRESHOLD + late).done();
        assert_eq!(marked.scan(9 * THRESHOLD).at(9 * THRESHOLD).end().word(), word);
        let mut ended = asked(Good::LongestGapBelowNanos(THRESHOLD));
        assert_eq!(ended.head().token().at(START + THRESHOLD + late).end().word(), word);
    }
    for (late, word) in [(0, "cancelled"), (1, "bad")] {
        let mut left = asked(Good::LongestGapBelowNanos(THRESHOLD));
        left.head().token().at(START + THRESHOLD + late).over(EndedBy::Client);
        assert_eq!(left.word(), word);
    }
    let mut failed = asked(Good::LongestGapBelowNanos(THRESHOLD));
    assert_eq!(failed.head().token().over(EndedBy::Server).word(), "bad", "failures are");
}

#[test]
fn of_what_follows_an_end_mark_only_gaps_between_output_count() {
    let mut connection = asked(Good::LongestGapBelowNanos(THRESHOLD));
    connection.head().token().done().at(50 * THRESHOLD).scan(49 * THRESHOLD).token();
    assert_eq!(connection.scan(51 * THRESHOLD).word(), "none");
    assert_eq!(connection.scan(51 * THRESHOLD + 1).word(), "bad", "it waits again");
}

#[test]
fn time_per_token_is_judged_to_the_nanosecond_by_what_is_stated() {
    for (late, word) in [(0, "good"), (1, "bad")] {
        let mut connection = asked(Good::TokenTimeBelowNanos(THRESHOLD));
        connection.at(5 * THRESHOLD).head().token().at(6 * THRESHOLD).token();
        connection.at(14 * THRESHOLD + late).token();
        connection.event(r#"{"usage":{"prompt":5,"completion":10}}"#).done();
        assert_eq!(connection.scan(14 * THRESHOLD + late).end().word(), word, "ten tokens, nine times between");
    }
}

#[test]
fn where_only_messages_are_told_what_is_good_by_them_is_good_and_the_rest_is_not_known() {
    for (late, word) in [(0, "good"), (1, "no_tokens")] {
        let mut connection = asked(Good::TokenTimeBelowNanos(THRESHOLD));
        connection.head().token().at(START + THRESHOLD).token().at(START + 2 * THRESHOLD + late).token();
        assert_eq!(connection.done().end().word(), word);
    }
    let mut silent = asked(Good::TokenTimeBelowNanos(THRESHOLD));
    assert_eq!(silent.head().event(r#"{"role":"assistant"}"#).done().end().word(), "no_tokens");
    let mut one = asked(Good::TokenTimeBelowNanos(THRESHOLD));
    one.head().token().at(9 * THRESHOLD).event(r#"{"usage":{"completion":1}}"#).end();
    assert_eq!(one.word(), "good", "one token has nothing to wait for");
    let mut failed = asked(Good::TokenTimeBelowNanos(THRESHOLD));
    assert_eq!(failed.answer(500, "{}").word(), "bad");
    let mut refused = asked(Good::TokenTimeBelowNanos(THRESHOLD));
    assert_eq!(refused.answer(404, "{}").word(), "client_error");
}

#[test]
fn an_answer_in_one_piece_has_neither_tokens_nor_gaps() {
    let goods = [
        first_below(THRESHOLD, 0, 0),
        Good::TokenTimeBelowNanos(THRESHOLD),
        Good::LongestGapBelowNanos(THRESHOLD),
        Good::Available(Available::default()),
    ];
    let objectives = goods.map(|good| promise(&format!("{good:?}"), &[good]));
    let mut connection = Conversation::new(&objectives);
    connection.ask(r#"{"model":"llama"}"#, "").at(9 * THRESHOLD).scan(8 * THRESHOLD).answer(200, "{}");
    assert_eq!(connection.words(), ["one_piece", "one_piece", "one_piece", "good"]);
    // It was asked for a stream, and whoever waited for its first token had waited too long before it said otherwise.
    for (late, word) in [(0, "one_piece"), (1, "bad")] {
        let mut connection = Conversation::new(&objectives);
        connection.at(START).ask_stream().at(START + THRESHOLD + late).answer(200, "{}");
        assert_eq!(connection.words(), [word, "one_piece", "one_piece", "good"]);
    }
}

#[test]
fn each_of_many_requests_has_gaps_of_its_own() {
    let mut connection = Conversation::new(&[promise("gaps", &[Good::LongestGapBelowNanos(THRESHOLD)])]);
    let mut stream = Stream::open(&mut connection);
    stream.ask("a").ask("b");
    stream.at(START).answer("a", false).answer("b", false);
    stream.at(START + THRESHOLD / 2).answer("b", false);
    stream.connection.scan(9 * THRESHOLD);
    assert_eq!(
        stream.connection.word(),
        "none",
        "that one is open proves nothing after an answer that is not the last"
    );
    stream.at(START + THRESHOLD + 1).answer("a", true);
    assert_eq!(stream.connection.word(), "bad");
    stream.at(START + THRESHOLD + THRESHOLD / 2).answer("b", true);
    assert_eq!(stream.connection.counted()[0], Counted { good: 1, bad: 1, left_out: vec![] });
}

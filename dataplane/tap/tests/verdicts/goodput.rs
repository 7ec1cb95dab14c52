//! One promise of several conditions: any that is not met is bad, else any that tells nothing is left out, else it is good.

use super::conversation::*;
use super::many_stream::Stream;
use tap::proto::condition::Good;
use wire::EndedBy;

/// What the latency of a request is worth by itself, and its time per token: each in all three ways.
const WORTH: [&str; 3] = ["good", "bad", "left out"];

/// The latency is beyond 1 s, or cannot be told; and so the time per token is beyond 100 ms, or cannot be told.
fn chat(latency: &str, token: &str) -> Conversation {
    let tokens = Good::TokenTimeBelowNanos(THRESHOLD);
    let time = Good::LatencyBelowNanos(10 * THRESHOLD);
    let goods = [promise("both", &[time, tokens]), promise("time", &[time]), promise("tokens", &[tokens])];
    let mut connection = Conversation::new(&goods);
    let deadline = if latency == "left out" { "grpc-timeout: 900m\r\n" } else { "" };
    connection.ask(r#"{"model":"llama","stream":true}"#, deadline).head().token();
    let last = if token == "good" { THRESHOLD } else { 3 * THRESHOLD };
    connection.at(last).token();
    if token != "left out" {
        connection.event(r#"{"usage":{"completion":2}}"#);
    }
    connection.at(if latency == "bad" { 11 * THRESHOLD } else { 4 * THRESHOLD }).done().end();
    connection
}

#[test]
fn goodput_is_bad_before_it_is_left_out_and_left_out_before_it_is_good() {
    for (row, latency) in WORTH.iter().enumerate() {
        for (column, token) in WORTH.iter().enumerate() {
            let by_itself =
                |worth: &str, reason| if worth == "left out" { String::from(reason) } else { String::from(worth) };
            let time = by_itself(latency, "deadline");
            let tokens = by_itself(token, "no_tokens");
            let both = [["good", "bad", "no_tokens"], ["bad", "bad", "bad"], ["deadline", "bad", "deadline"]];
            let told = chat(latency, token).words();
            assert_eq!(told, [both[row][column].to_string(), time, tokens], "latency {latency}, tokens {token}");
        }
    }
}

#[test]
fn one_part_makes_it_bad_while_it_is_open_and_it_is_counted_once() {
    let goods = [first_below(9 * THRESHOLD, 0, 0), Good::LongestGapBelowNanos(THRESHOLD)];
    let mut connection = Conversation::new(&[promise("both", &goods)]);
    connection.ask_stream().at(1).head().token();
    assert_eq!(connection.scan(1 + THRESHOLD).word(), "none");
    assert_eq!(connection.scan(2 + THRESHOLD).word(), "bad");
    assert_eq!(connection.over(EndedBy::Server).word(), "bad");
}

#[test]
fn each_request_of_a_stream_that_carries_many_is_judged_by_itself() {
    let goods = [Good::LatencyBelowNanos(9 * THRESHOLD), Good::LongestGapBelowNanos(THRESHOLD)];
    let mut connection = Conversation::new(&[promise("both", &goods)]);
    let mut stream = Stream::open(&mut connection);
    stream.at(1).ask("quick").ask("gap").ask("late");
    stream.at(2).answer("quick", true).answer("gap", false);
    stream.at(3 + THRESHOLD).answer("gap", true);
    stream.at(2 + 9 * THRESHOLD).answer("late", true).end();
    assert_eq!(connection.counted()[0], Counted { good: 1, bad: 2, left_out: vec![] });
}

//! A threshold that grows with the prompt: 100 ms + 1 ms for each token, up to 1 s.

use super::conversation::*;
use wire::EndedBy;

const UP_TO: u64 = 10 * THRESHOLD;

/// A chat whose first token came so long after it was asked for.
fn first_after(wait: u64) -> Conversation {
    let mut connection = Conversation::new(&[promise("starts", &[first_below(THRESHOLD, MS, UP_TO)])]);
    connection.ask_stream().head().at(wait).token();
    connection
}

fn stated(wait: u64, usage: &str) -> String {
    first_after(wait).event(&format!(r#"{{"usage":{{{usage}}}}}"#)).done().end().word()
}

#[test]
fn the_length_of_the_prompt_decides_to_the_nanosecond_where_it_is_told() {
    let allowed = THRESHOLD + 200 * MS;
    assert_eq!(stated(allowed, r#""prompt":200"#), "good");
    assert_eq!(stated(allowed + 1, r#""prompt":200"#), "bad");
    assert_eq!(stated(allowed + 1, r#""prompt":201"#), "good");
    assert_eq!(stated(UP_TO, r#""prompt":100000"#), "good");
    assert_eq!(stated(UP_TO + 1, r#""prompt":100000"#), "bad");
    assert_eq!(stated(THRESHOLD + 1, r#""prompt":0"#), "bad");
}

#[test]
fn tokens_of_a_cache_do_not_extend_it() {
    let allowed = THRESHOLD + 200 * MS;
    assert_eq!(stated(allowed, r#""prompt":1000,"cached":800"#), "good");
    assert_eq!(stated(allowed + 1, r#""prompt":1000,"cached":800"#), "bad");
    assert_eq!(stated(THRESHOLD, r#""prompt":10,"cached":90"#), "good", "a server that says nonsense");
}

#[test]
fn where_no_length_is_told_only_what_any_length_makes_is_judged() {
    assert_eq!(first_after(THRESHOLD).done().end().word(), "good");
    assert_eq!(first_after(THRESHOLD + 1).done().end().word(), "no_length");
    assert_eq!(first_after(UP_TO).done().end().word(), "no_length");
    assert_eq!(first_after(UP_TO + 1).done().end().word(), "bad");
}

#[test]
fn a_failure_is_bad_at_any_length_and_whoever_leaves_early_is_left_out() {
    assert_eq!(first_after(THRESHOLD + 1).over(EndedBy::Server).word(), "bad");
    assert_eq!(first_after(1).over(EndedBy::Server).word(), "bad");
    assert_eq!(first_after(THRESHOLD + 1).over(EndedBy::Client).word(), "cancelled");
    assert_eq!(first_after(UP_TO + 1).over(EndedBy::Client).word(), "bad");
}

#[test]
fn while_it_is_open_it_is_bad_beyond_the_most_there_may_be() {
    let mut open = Conversation::new(&[promise("starts", &[first_below(THRESHOLD, MS, UP_TO)])]);
    open.ask_stream().head();
    assert_eq!(open.scan(UP_TO).word(), "none");
    assert_eq!(open.scan(UP_TO + 1).word(), "bad");
    let deadline = |timeout: &str| {
        let mut open = Conversation::new(&[promise("starts", &[first_below(THRESHOLD, MS, UP_TO)])]);
        let fields = format!("grpc-timeout: {timeout}\r\n");
        open.ask(r#"{"model":"llama","stream":true}"#, &fields).head().scan(UP_TO + 1);
        open.at(UP_TO + 2).token().event(r#"{"usage":{"prompt":100}}"#).done().end().word()
    };
    assert_eq!(deadline("200m"), "bad", "it allows what the prompt of this length may take");
    assert_eq!(deadline("199m"), "deadline");
}

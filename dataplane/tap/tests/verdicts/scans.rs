//! Whether open requests were looked at on the way, and when, decides nothing: a thousand random stories are told with scans and
//! without.

use super::conversation::*;
use super::many_stream::Stream;
use tap::proto::condition::Good;
use wire::{Direction, EndedBy};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

fn connection() -> Conversation {
    let gap = Good::LongestGapBelowNanos(THRESHOLD);
    let goods = [
        Good::LatencyBelowNanos(3 * THRESHOLD),
        first_below(THRESHOLD, 0, 0),
        first_below(THRESHOLD / 2, MS, 2 * THRESHOLD),
        Good::TokenTimeBelowNanos(THRESHOLD),
        gap,
    ];
    let mut objectives: Vec<_> = goods.iter().map(|good| promise(&format!("{good:?}"), &[*good])).collect();
    objectives.push(promise("all", &goods));
    Conversation::new(&objectives)
}

/// A story of steps, each after a random time; `scans`: with looks at random moments between.
fn tell(seed: u64, scans: bool, story: impl Fn(&mut Random, &mut dyn FnMut(Step))) -> (Vec<Counted>, usize) {
    let (mut random, mut looks) = (Random(seed), Random(seed ^ 0xabcdef));
    let mut connection = connection();
    let mut steps = 0;
    story(&mut random, &mut |step| {
        let before = connection.now;
        if scans {
            for _ in 0..looks.next(4) {
                let moment = before + looks.next(step.after + 1);
                connection.scan(moment);
            }
        }
        connection.at(before + step.after);
        (step.does)(&mut connection);
        steps += 1;
    });
    (connection.counted(), steps)
}

struct Step {
    after: u64,
    does: Box<dyn Fn(&mut Conversation)>,
}

fn step(after: u64, does: impl Fn(&mut Conversation) + 'static) -> Step {
    Step { after, does: Box::new(does) }
}

const HALF_EVENT: (&[u8], &[u8]) = (b"14\r\ndata: {\"te", b"xt\":\"a\"}\n\n\r\n");

fn chat(random: &mut Random, tell: &mut dyn FnMut(Step)) {
    let pause = |random: &mut Random| random.next(5) * random.next(THRESHOLD);
    tell(step(pause(random), |it| { it.ask_stream(); }));
    tell(step(pause(random), |it| { it.head(); }));
    let (mut held, mut half, mut left) = (false, false, false);
    for _ in 0..random.next(12) {
        let after = pause(random);
        let what = random.next(9);
        // While bytes are held nothing comes from the server.
        if held || (what == 7 && !half) {
            held = !held;
            tell(step(after, move |it| { it.holds(held); }));
        } else if half {
            half = false;
            tell(step(after, |it| { it.bytes(Direction::ToClient, HALF_EVENT.1); }));
        } else {
            match what {
                0..=3 => tell(step(after, |it| { it.token(); })),
                4 => tell(step(after, |it| { it.event(r#"{"role":"assistant"}"#); })),
                5 => tell(step(after, |it| { it.event(r#"{"usage":{"prompt":60,"cached":20,"completion":4}}"#); })),
                6 => tell(step(after, |it| { it.done(); })),
                _ if !left && random.next(3) == 0 => {
                    left = true;
                    tell(step(after, |it| { it.client_leaves_its_half(); }));
                }
                _ => {
                    half = true;
                    tell(step(after, |it| { it.bytes(Direction::ToClient, HALF_EVENT.0); }));
                }
            }
        }
    }
    if held {
        tell(step(pause(random), |it| { it.holds(false); }));
    }
    let after = pause(random);
    match random.next(4) {
        _ if half => tell(step(after, |it| { it.over(EndedBy::Server); })),
        0 => tell(step(after, |it| { it.over(EndedBy::Server); })),
        1 => tell(step(after, |it| { it.over(EndedBy::Client); })),
        _ => tell(step(after, |it| { it.end(); })),
    }
    tell(step(0, |it| { it.over(EndedBy::Client); }));
}

fn many(random: &mut Random, tell: &mut dyn FnMut(Step)) {
    let pause = |random: &mut Random| random.next(5) * random.next(THRESHOLD);
    tell(step(1, |it| { Stream::open(it); }));
    for _ in 0..random.next(16) {
        let id = ["a", "b", "c"][random.next(3) as usize];
        let what = random.next(4);
        tell(step(pause(random), move |it| {
            let mut stream = Stream { connection: it };
            match what {
                0 | 1 => stream.ask(id),
                2 => stream.answer(id, false),
                _ => stream.answer(id, true),
            };
        }));
    }
    match random.next(3) {
        0 => tell(step(pause(random), |it| { it.over(EndedBy::Client); })),
        _ => tell(step(pause(random), |it| { Stream { connection: it }.end(); })),
    }
    tell(step(0, |it| { it.over(EndedBy::Server); }));
}

#[test]
fn looking_or_not_a_chat_is_judged_alike() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..30_000 {
        let (alone, steps) = tell(seed, false, chat);
        assert_eq!(tell(seed, true, chat), (alone.clone(), steps), "seed {seed}");
        kinds.extend(alone.iter().map(Counted::word));
    }
    let all = ["bad", "cancelled", "client_slow", "good", "no_length", "no_tokens"];
    assert!(all.iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
}

#[test]
fn looking_or_not_requests_of_one_stream_are_judged_alike() {
    let (mut good, mut bad) = (0, 0);
    for seed in 0..30_000 {
        let (alone, steps) = tell(seed, false, many);
        assert_eq!(tell(seed, true, many), (alone.clone(), steps), "seed {seed}");
        (good, bad) = alone.iter().fold((good, bad), |(good, bad), each| (good + each.good, bad + each.bad));
    }
    assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
}

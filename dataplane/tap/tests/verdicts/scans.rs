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

/// The first output of an event, and the rest of it.
const HALF_EVENT: [&[u8]; 2] = [b"14\r\ndata: {\"te", b"xt\":\"a\"}\n\n\r\n"];
const USAGE: &str = r#"{"usage":{"prompt":60,"cached":20,"completion":4}}"#;

/// What a chat may do next, while nothing holds it up and no event is half there.
#[derive(Clone, Copy)]
enum Next {
    Token,
    Event(&'static str),
    Done,
    Half,
    Rest,
    Hold(bool),
    Leave,
    End,
    Over(EndedBy),
}

impl Next {
    fn of(random: &mut Random) -> Next {
        match random.next(9) {
            0..=3 => Next::Token,
            4 => Next::Event(r#"{"role":"assistant"}"#),
            5 => Next::Event(USAGE),
            6 => Next::Done,
            7 => Next::Hold(true),
            _ if random.next(3) == 0 => Next::Leave,
            _ => Next::Half,
        }
    }

    fn does(self, it: &mut Conversation) {
        match self {
            Next::Token => it.token(),
            Next::Event(data) => it.event(data),
            Next::Done => it.done(),
            Next::Half => it.bytes(Direction::ToClient, HALF_EVENT[0]),
            Next::Rest => it.bytes(Direction::ToClient, HALF_EVENT[1]),
            Next::Hold(held) => it.holds(held),
            Next::Leave => it.client_leaves_its_half(),
            Next::End => it.end(),
            Next::Over(by) => it.over(by),
        };
    }
}

fn pause(random: &mut Random) -> u64 {
    random.next(5) * random.next(THRESHOLD)
}

fn chat(random: &mut Random, tell: &mut dyn FnMut(Step)) {
    tell(step(pause(random), |it| {
        it.ask_stream();
    }));
    tell(step(pause(random), |it| {
        it.head();
    }));
    let mut next = Next::Token;
    for _ in 0..random.next(12) {
        // While bytes are held nothing comes from the server, and what is half there is finished first.
        next = match next {
            Next::Hold(true) => Next::Hold(false),
            Next::Half => Next::Rest,
            _ => Next::of(random),
        };
        tell(step(pause(random), move |it| next.does(it)));
    }
    if let Next::Hold(true) = next {
        tell(step(pause(random), |it| Next::Hold(false).does(it)));
    }
    let end = match random.next(4) {
        0 => Next::Over(EndedBy::Server),
        1 => Next::Over(EndedBy::Client),
        _ if matches!(next, Next::Half) => Next::Over(EndedBy::Server),
        _ => Next::End,
    };
    tell(step(pause(random), move |it| end.does(it)));
    tell(step(0, |it| Next::Over(EndedBy::Client).does(it)));
}

fn many(random: &mut Random, tell: &mut dyn FnMut(Step)) {
    tell(step(1, |it| {
        Stream::open(it);
    }));
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
        0 => tell(step(pause(random), |it| {
            it.over(EndedBy::Client);
        })),
        _ => tell(step(pause(random), |it| {
            Stream { connection: it }.end();
        })),
    }
    tell(step(0, |it| {
        it.over(EndedBy::Server);
    }));
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

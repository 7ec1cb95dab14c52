//! Every target on every seed and on every input that ever broke it; no fuzzer is needed for that.

use fuzz::TARGETS;
use std::fs;
use std::path::Path;

#[test]
fn every_seed_keeps_its_promise() {
    let seeds = fuzz::seeds::all();
    for (name, target) in TARGETS {
        let inputs: Vec<&[u8]> = seeds.iter().filter(|seed| seed.target == name).map(|seed| &seed.bytes[..]).collect();
        assert!(inputs.len() >= 2, "{name} has seeds");
        for input in inputs {
            target(input);
            // Cut off anywhere, and with any one byte changed, it is an input like any other.
            for at in 0..input.len().min(600) {
                target(&input[..at]);
                let mut changed = input.to_vec();
                changed[at] ^= 1 << (at % 8);
                target(&changed);
            }
        }
    }
}

#[test]
fn what_once_broke_a_promise_no_longer_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for of_target in fs::read_dir(folder).expect("the folder of regressions") {
        let of_target = of_target.expect("a folder").path();
        if of_target.is_dir() {
            let name = of_target.file_name().and_then(|name| name.to_str()).expect("a target's name");
            let target = fuzz::target(name).unwrap_or_else(|| panic!("no target {name}"));
            for input in fs::read_dir(&of_target).expect("inputs") {
                target(&fs::read(input.expect("an input").path()).expect("an input"));
            }
        }
    }
}

//! Years of deaths and hangs, in microseconds.

use super::*;

const MS: Nanos = 1_000_000;
const SECOND: Nanos = 1000 * MS;
const PID: u32 = 77;

/// A control that was started at this moment.
fn alive_since(now: Nanos) -> Lifecycle {
    let mut control = Lifecycle::new(true);
    control.started(PID, now);
    control
}

/// Reasons and how often each was counted.
fn restarts(control: &Lifecycle) -> Vec<(&'static str, u64)> {
    control.restarts().iter().map(|(reason, count)| (reason.label(), *count)).collect()
}

#[test]
fn control_is_started_at_once_and_not_a_second_time() {
    let mut control = Lifecycle::new(true);
    assert_eq!(control.next_look(), Some(0));
    assert!(control.start_is_due(1));
    control.started(PID, 1);
    assert!(!control.start_is_due(SECOND), "it runs");
}

#[test]
fn without_a_command_line_there_is_no_control_ever() {
    let mut control = Lifecycle::new(false);
    assert!(!control.start_is_due(Nanos::MAX));
    assert_eq!(control.next_look(), None);
    assert_eq!(control.look_is_due(SECOND), None);
    assert_eq!(control.stop(), None);
}

#[test]
fn the_pause_after_a_death_doubles_from_100_ms_to_2_s_and_stays_there() {
    let mut control = Lifecycle::new(true);
    let mut now = SECOND;
    for pause in [100, 200, 400, 800, 1600, 2000, 2000] {
        control.started(PID, now);
        assert_eq!(control.reaped(PID, now), Some(Death { reason: Reason::Exited, pause: pause * MS }));
        assert_eq!(control.next_look(), Some(now + pause * MS));
        assert!(!control.start_is_due(now + pause * MS - 1));
        now += pause * MS;
        assert!(control.start_is_due(now));
    }
}

#[test]
fn ten_seconds_of_health_make_the_next_pause_the_shortest_again() {
    let mut control = Lifecycle::new(true);
    for _ in 0..4 {
        control.started(PID, 0);
        control.reaped(PID, 0);
    }
    control.started(PID, 0);
    let short_of_health = control.reaped(PID, 10 * SECOND - 1).map(|death| death.pause);
    assert_eq!(short_of_health, Some(1600 * MS));
    control.started(PID, 20 * SECOND);
    assert_eq!(control.reaped(PID, 30 * SECOND).map(|death| death.pause), Some(100 * MS));
    control.started(PID, 31 * SECOND);
    assert_eq!(control.reaped(PID, 31 * SECOND).map(|death| death.pause), Some(200 * MS), "and doubles anew");
}

#[test]
fn what_cannot_be_started_is_tried_again_after_a_longer_pause_each_time_and_is_no_restart() {
    let mut control = Lifecycle::new(true);
    control.failed_to_start(SECOND);
    assert!(!control.start_is_due(1100 * MS - 1));
    assert!(control.start_is_due(1100 * MS));
    control.failed_to_start(1100 * MS);
    assert_eq!(control.next_look(), Some(1300 * MS));
    assert_eq!(restarts(&control), []);
}

#[test]
fn each_death_is_one_restart_with_its_reason() {
    let mut control = alive_since(0);
    control.reaped(PID, SECOND);
    assert_eq!(control.reaped(PID, SECOND), None, "a death is told once");
    control.started(PID, 2 * SECOND);
    control.fault(2 * SECOND, Some(u64::MAX));
    control.reaped(PID, 2 * SECOND);
    control.started(PID, 3 * SECOND);
    control.fault(30 * SECOND, None);
    control.reaped(PID, 30 * SECOND);
    control.started(PID, 31 * SECOND);
    control.seam_lost();
    control.reaped(PID, 31 * SECOND);
    assert_eq!(restarts(&control), [("exited", 2), ("hung", 1), ("memory", 1)]);
}

#[test]
fn an_orphan_that_was_reaped_changes_nothing() {
    let mut control = alive_since(0);
    assert_eq!(control.reaped(PID + 1, SECOND), None);
    assert_eq!(restarts(&control), []);
    assert_eq!(control.look_is_due(SECOND), Some(PID), "control lives on");
}

#[test]
fn after_stop_nothing_is_started_counted_or_looked_at() {
    let mut control = alive_since(0);
    assert_eq!(control.stop(), Some(PID));
    assert_eq!(control.reaped(PID, SECOND), None);
    assert_eq!(control.fault(100 * SECOND, Some(u64::MAX)), None);
    assert_eq!(control.look_is_due(100 * SECOND), None);
    assert!(!control.start_is_due(Nanos::MAX));
    assert_eq!(control.next_look(), None);
    assert_eq!(restarts(&control), []);
    assert_eq!(control.stop(), None, "killed once");

    let mut resting = alive_since(0);
    resting.reaped(PID, SECOND);
    assert_eq!(resting.stop(), None, "nobody is there to kill");
    assert!(!resting.start_is_due(Nanos::MAX));
}

#[test]
fn control_that_has_not_pulled_for_15_s_hangs_and_is_killed_once() {
    let mut control = alive_since(SECOND);
    assert_eq!(control.fault(16 * SECOND, Some(0)), None);
    assert_eq!(control.fault(16 * SECOND + 1, Some(0)), Some(Fault::Hung));
    assert_eq!(control.fault(17 * SECOND, Some(0)), None, "killed already");
    assert_eq!(control.seam_lost(), None, "its seam breaks because it was killed");
    assert_eq!(control.reaped(PID, 17 * SECOND).map(|death| death.reason), Some(Reason::Hung));
    assert_eq!(Fault::Hung.to_string(), "it has not asked for a snapshot for 15 s");
}

#[test]
fn a_pull_begins_the_15_s_anew() {
    let mut control = alive_since(0);
    control.pulled(10 * SECOND);
    assert_eq!(control.fault(25 * SECOND, Some(0)), None);
    assert_eq!(control.fault(25 * SECOND + 1, Some(0)), Some(Fault::Hung));
}

#[test]
fn control_is_looked_at_every_100_ms() {
    let mut control = alive_since(0);
    assert_eq!(control.look_is_due(SECOND), Some(PID));
    assert_eq!(control.next_look(), Some(1100 * MS));
    assert_eq!(control.look_is_due(1100 * MS - 1), None);
    assert_eq!(control.look_is_due(1100 * MS), Some(PID));
}

#[test]
fn control_over_its_bound_is_killed_once() {
    let mut control = alive_since(0);
    control.set_memory_bound(50 << 20);
    assert_eq!(control.fault(1, Some(50 << 20)), None, "at its bound is not over it");
    let fault = control.fault(2, Some(51 << 20));
    assert_eq!(fault, Some(Fault::Memory { resident_bytes: 51 << 20, bound_bytes: 50 << 20 }));
    assert_eq!(fault.map(|fault| fault.to_string()).as_deref(), Some("its 51 MiB are over the bound of 50 MiB"));
    assert_eq!(control.fault(3, Some(52 << 20)), None, "killed already");
    assert_eq!(control.fault(60 * SECOND, Some(0)), None, "it does not hang as well");
    assert_eq!(control.reaped(PID, 60 * SECOND).map(|death| death.reason), Some(Reason::Memory));
}

#[test]
fn a_new_bound_holds_at_the_next_look_and_0_is_the_default() {
    let mut control = alive_since(0);
    assert_eq!(control.fault(1, Some(CONTROL_MEMORY_BYTES)), None);
    control.set_memory_bound(200 << 20);
    assert_eq!(control.fault(2, Some(150 << 20)), None, "a reload gave it more");
    control.set_memory_bound(0);
    let bound_bytes = CONTROL_MEMORY_BYTES;
    assert_eq!(control.fault(3, Some(150 << 20)), Some(Fault::Memory { resident_bytes: 150 << 20, bound_bytes }));
}

#[test]
fn memory_that_cannot_be_read_is_not_over_the_bound_and_a_hang_is_still_seen() {
    let mut control = alive_since(0);
    control.set_memory_bound(1);
    assert_eq!(control.fault(SECOND, None), None);
    assert_eq!(control.fault(16 * SECOND, None), Some(Fault::Hung));
}

#[test]
fn a_broken_seam_kills_once_and_a_resting_control_not_at_all() {
    let mut control = alive_since(0);
    assert_eq!(control.seam_lost(), Some(PID));
    assert_eq!(control.seam_lost(), None);
    control.reaped(PID, SECOND);
    assert_eq!(control.seam_lost(), None);
    assert!(control.start_is_due(SECOND + 100 * MS), "its next start stands");
}

#[test]
fn a_life_owes_nothing_to_the_one_before() {
    let mut control = alive_since(0);
    control.fault(16 * SECOND, None);
    control.reaped(PID, 16 * SECOND);
    control.started(PID + 1, 17 * SECOND);
    assert_eq!(control.fault(18 * SECOND, None), None, "its 15 s count from its own start");
    assert_eq!(control.reaped(PID + 1, 18 * SECOND).map(|death| death.reason), Some(Reason::Exited));
}

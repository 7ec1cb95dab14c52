//! One unary call, from both sides.

use super::*;
use wire::{Code, EndedBy, Outcome};

/// A unary call that has been asked and not answered: head at 0 ms, request complete at 10 ms, now 15 ms.
pub fn asked() -> Rig {
    asked_with(&[])
}

pub fn asked_with(extra: &[(&str, &str)]) -> Rig {
    asked_late(0, extra)
}

/// The same on a connection that is some milliseconds old.
pub fn asked_late(ms: u64, extra: &[(&str, &str)]) -> Rig {
    let mut rig = Rig::http2();
    rig.wait(ms);
    let fields = [&request_fields(INFER)[..], extra].concat();
    let body = message(&infer_request("resnet", "", "id-1", &[8, 3], 100));
    rig.client(&headers(1, false, &plain_block(&fields)));
    rig.wait(10).client(&data(1, true, &body)).wait(5);
    rig
}

/// How the one call ended; its request ended the same way.
pub fn verdict(rig: &Rig) -> (Code, Outcome, EndedBy) {
    let (_, end) = rig.only();
    assert_eq!(rig.told.requests.len(), 1);
    let request = &rig.told.requests[0];
    assert_eq!((request.code, request.outcome, request.ended_by), (end.code, end.outcome, end.ended_by));
    (end.code, end.outcome, end.ended_by)
}

/// The server answers the call, trailers still to come.
pub fn answer(rig: &mut Rig) -> &mut Rig {
    rig.server(&headers(1, false, &response_head()));
    rig.server(&data(1, false, &message(&infer_response("resnet", "3", "id-1"))))
}

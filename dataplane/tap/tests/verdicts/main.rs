//! Verdicts of whole connections, with every moment given: exact to a nanosecond on either side of each threshold, at the
//! end and while a request is open.

mod conversation;
mod goodput;
mod growing;
mod held_up;
mod many_stream;
mod models;
mod scans;
mod waits;

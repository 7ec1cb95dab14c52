//! How connections close, in every order of FIN and RST from both sides: on sockets that do as told, with the clock in
//! the test's hand.

mod fin;
mod relay;
mod rst;
#[path = "../support/told.rs"]
mod told;

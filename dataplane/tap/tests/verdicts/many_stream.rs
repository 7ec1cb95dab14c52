//! A stream of gRPC that carries many requests, by their ids: the only one of its connection.

use super::conversation::Conversation;
use tap::frames::{PREFACE, SETTINGS, data, field, grpc_message, headers};
use wire::{Direction, Nanos};

pub struct Stream<'a> {
    pub connection: &'a mut Conversation,
}

impl Stream<'_> {
    pub fn open(connection: &mut Conversation) -> Stream<'_> {
        let fields = [(":method", "POST"), (":path", "/a.B/Many"), ("content-type", "application/grpc")];
        let asked: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
        let answered = [field(":status", "200"), field("content-type", "application/grpc")].concat();
        connection.bytes(Direction::ToServer, &[PREFACE, SETTINGS, &headers(&asked, false)].concat());
        connection.bytes(Direction::ToClient, &[SETTINGS, &headers(&answered, false)].concat());
        Stream { connection }
    }

    pub fn at(&mut self, now: Nanos) -> &mut Self {
        self.connection.at(now);
        self
    }

    pub fn ask(&mut self, id: &str) -> &mut Self {
        self.send(Direction::ToServer, id, &[])
    }

    pub fn answer(&mut self, id: &str, last: bool) -> &mut Self {
        self.send(Direction::ToClient, id, &[0x10, u8::from(last)])
    }

    /// The server ends the stream well.
    pub fn end(&mut self) -> &mut Self {
        self.connection.bytes(Direction::ToClient, &headers(&field("grpc-status", "0"), true));
        self
    }

    fn send(&mut self, direction: Direction, id: &str, rest: &[u8]) -> &mut Self {
        let message = [&[0x0a, id.len() as u8][..], id.as_bytes(), rest].concat();
        self.connection.bytes(direction, &data(&grpc_message(&message), false));
        self
    }
}

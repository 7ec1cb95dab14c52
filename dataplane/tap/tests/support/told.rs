//! A socket that does as it is told, and the order in which it was used.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;
use tap::stream::Stream;

/// What happened, in order.
pub type Order = Rc<RefCell<Vec<&'static str>>>;

/// What it will give, how much it will take, and how its peer has ended.
#[derive(Default)]
pub struct Told {
    /// To be read.
    pub gives: VecDeque<u8>,
    /// After that its peer says FIN.
    pub closed: bool,
    /// After that its peer is reset, and a read says so in this way.
    pub reset: Option<ErrorKind>,
    /// How many more bytes it takes.
    pub takes: usize,
    /// A write finds its peer gone.
    pub gone: bool,
    /// What it took.
    pub taken: Vec<u8>,
    /// Of this, what its peer has not acknowledged.
    pub unacknowledged: usize,
    /// It was told to say FIN.
    pub finished: bool,
    /// It was told to end in a reset.
    pub resets_on_close: bool,
    pub order: Order,
}

impl Read for Told {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.peek(buffer)?;
        self.gives.drain(..length);
        Ok(length)
    }
}

impl Write for Told {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let length = buffer.len().min(self.takes);
        if length == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.order.borrow_mut().push("written");
        self.takes -= length;
        self.taken.extend_from_slice(&buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl mio::event::Source for Told {
    fn register(&mut self, _: &mio::Registry, _: mio::Token, _: mio::Interest) -> io::Result<()> {
        Ok(())
    }
    fn reregister(&mut self, _: &mio::Registry, _: mio::Token, _: mio::Interest) -> io::Result<()> {
        Ok(())
    }
    fn deregister(&mut self, _: &mio::Registry) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Told {
    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (self.gives.len().min(buffer.len()), self.reset) {
            (0, Some(kind)) => Err(kind.into()),
            (0, None) if self.closed => Ok(0),
            (0, None) => Err(ErrorKind::WouldBlock.into()),
            (length, _) => {
                for (place, byte) in buffer.iter_mut().zip(&self.gives) {
                    *place = *byte;
                }
                Ok(length)
            }
        }
    }
    fn finish(&mut self) -> io::Result<()> {
        self.order.borrow_mut().push("finished");
        self.finished = true;
        Ok(())
    }
    fn reset_on_close(&mut self) {
        self.resets_on_close = true;
    }
    fn unacknowledged(&self) -> usize {
        self.unacknowledged
    }
    fn connected(&self) -> Option<io::Result<()>> {
        Some(Ok(()))
    }
}

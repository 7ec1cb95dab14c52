//! Messages that say the same as one before, and need not be read again: per thread, as what many clients send to one
//! model is alike.

use super::apply::{Names, RequestFacts, ResponseFacts};
use super::connection_state::{ConnectionState, MAX_READING};
use super::message_facts::{count, id, input, rename};
use super::reply::Reply;
use crate::call::OpenRequest;
use crate::catalogue::Slot;
use crate::field::{Extracted, Plan, Template, Walk};
use crate::names::{Id, Name};
use crate::plans::MethodPlan;
use crate::pool;
use crate::tensor::Shape;
use crate::tokens::Count;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::thread::LocalKey;

/// Kinds of messages remembered, by method and length: those of a few models, or tokens of some dozen lengths.
const PLACES: usize = 64;
/// Laying out a message takes as long as reading three: it is done for the second of a kind, and then only after so many
/// have not fitted.
const PATIENCE: u8 = 64;

/// What was learned, by method and length of the message.
pub(super) type TemplateCache<T> = RefCell<Vec<Option<Place<T>>>>;

/// Messages of one method and length.
#[derive(Debug)]
pub(super) struct Place<T> {
    plan: Rc<MethodPlan>,
    length: usize,
    /// So many more may fail to fit before one is laid out.
    patience: u8,
    known: Option<(Template, T)>,
}

/// What a kind of message says.
pub(super) trait Known: Sized + 'static {
    /// Where it is remembered.
    const CACHE: &'static LocalKey<TemplateCache<Self>>;
    /// How it is read.
    fn plan(method: &MethodPlan) -> &Plan;
    /// Of a message that was read.
    fn of(extracted: &Extracted<'_>, plan: &Plan, connection: &mut ConnectionState) -> Option<Self>;
    /// Whom it names.
    fn names(&self) -> &KnownNames;
}

/// Whom a kind of message names.
#[derive(Debug)]
pub(super) struct KnownNames {
    model: Option<Name>,
    version: Option<Name>,
    /// The request's id, where it is always the same.
    id: Option<Id>,
}

/// What a kind of request message says.
#[derive(Debug)]
pub(super) struct KnownRequest {
    names: KnownNames,
    batch_size: u32,
    shape: Shape,
    tokens_in: Option<Count>,
}

/// What a kind of response message says.
#[derive(Debug)]
pub(super) struct KnownResponse {
    names: KnownNames,
    reply: Reply,
}

/// A message that says what one before it said.
pub(super) struct Recalled<'a, T> {
    pub(super) known: &'a T,
    /// The id in this one, where that is not always the same.
    pub(super) id: Option<&'a [u8]>,
}

thread_local! {
    static REQUESTS: TemplateCache<KnownRequest> = const { RefCell::new(Vec::new()) };
    static RESPONSES: TemplateCache<KnownResponse> = const { RefCell::new(Vec::new()) };
}

/// Finds out whether a whole message says the same as one before; `tell` is given what,
/// and the id in this one, where that is not always the same. False: it has to be read.
#[inline]
pub(super) fn recall<T: Known>(
    method: &Rc<MethodPlan>,
    message: &[u8],
    connection: &mut ConnectionState,
    tell: impl FnOnce(&T, Option<&[u8]>),
) -> bool {
    if !is_remembered::<T>(method, message, connection) {
        return false;
    }
    T::CACHE.with_borrow_mut(|places| {
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        let Some(place) = places.get_mut(at(method, message.len())) else { return false };
        match place {
            Some(place) if Rc::ptr_eq(&place.plan, method) && place.length == message.len() => {
                if let Some((template, known)) = &place.known {
                    if let Some(id) = template.fit(message) {
                        tell(known, id);
                        return true;
                    }
                }
                place.miss(message, connection);
            }
            _ => *place = Some(Place { plan: method.clone(), length: message.len(), patience: 0, known: None }),
        }
        false
    })
}

/// There is something to read in a message, all of it would be looked at, and one more may be. Descriptions of models
/// are always read.
#[inline]
fn is_remembered<T: Known>(method: &MethodPlan, message: &[u8], connection: &ConnectionState) -> bool {
    let plan = T::plan(method);
    let wanted = !plan.is_empty() && !plan.wants_batch_limit();
    wanted && message.len() <= method.head_bytes as usize && connection.reading < MAX_READING
}

/// Where messages of a method and length are remembered.
#[inline]
fn at(method: &Rc<MethodPlan>, length: usize) -> usize {
    let key = (Rc::as_ptr(method) as usize >> 4).wrapping_add(length) as u64;
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % PLACES
}

impl<T: Known> Place<T> {
    #[inline]
    fn miss(&mut self, message: &[u8], connection: &mut ConnectionState) {
        match self.patience.checked_sub(1) {
            Some(less) => self.patience = less,
            None => self.learn(message, connection),
        }
    }

    #[cold]
    fn learn(&mut self, message: &[u8], connection: &mut ConnectionState) {
        self.patience = PATIENCE;
        let plan = T::plan(&self.plan);
        let mut walk: Box<Walk> = pool::take();
        walk.begin(message.len() as u32, message.len() as u32);
        walk.feed(plan, message);
        let extracted = walk.extracted(plan, message);
        let template = Template::of(plan, extracted.sources, message);
        self.known = template.and_then(|template| Some((template, T::of(&extracted, plan, connection)?)));
        pool::keep(walk);
    }
}

impl KnownNames {
    fn of(extracted: &Extracted<'_>, connection: &mut ConnectionState) -> KnownNames {
        let ConnectionState { models, versions, nameless, .. } = connection;
        let read = |slot, cache| {
            let mut name = nameless.clone();
            rename(&mut name, extracted.get(slot), cache).then_some(name)
        };
        KnownNames {
            model: read(Slot::Model, models),
            version: read(Slot::Version, versions),
            id: id(extracted.get(Slot::RequestId)),
        }
    }

    /// The id of a message in which there is this one, where they differ.
    #[inline]
    fn id(&self, of_message: Option<&[u8]>) -> Option<Id> {
        of_message.map_or(self.id, some_id)
    }
}

/// An empty id is none, as in a message that is read.
#[inline]
fn some_id(bytes: &[u8]) -> Option<Id> {
    if bytes.is_empty() { None } else { Id::new(bytes) }
}

/// Makes it the known name, if there is one.
#[inline]
fn put(name: &mut Name, known: &Option<Name>) -> bool {
    match known {
        None => false,
        Some(known) => {
            if !Rc::ptr_eq(&name.text, &known.text) {
                *name = known.clone();
            }
            true
        }
    }
}

impl Known for KnownRequest {
    const CACHE: &'static LocalKey<TemplateCache<KnownRequest>> = &REQUESTS;

    fn plan(method: &MethodPlan) -> &Plan {
        &method.request
    }

    fn of(extracted: &Extracted<'_>, _: &Plan, connection: &mut ConnectionState) -> Option<KnownRequest> {
        let (batch_size, shape) = input(extracted);
        let tokens_in = count(extracted.get(Slot::TokensIn));
        Some(KnownRequest { names: KnownNames::of(extracted, connection), batch_size, shape, tokens_in })
    }

    #[inline]
    fn names(&self) -> &KnownNames {
        &self.names
    }
}

impl Known for KnownResponse {
    const CACHE: &'static LocalKey<TemplateCache<KnownResponse>> = &RESPONSES;

    fn plan(method: &MethodPlan) -> &Plan {
        &method.response
    }

    /// Errors in words that are wanted are always read.
    fn of(extracted: &Extracted<'_>, plan: &Plan, connection: &mut ConnectionState) -> Option<KnownResponse> {
        let mut reply = Reply::default();
        reply.hear(extracted, &VecDeque::new(), plan.wants_output(), &[]);
        reply.words.is_none().then(|| KnownResponse { names: KnownNames::of(extracted, connection), reply })
    }

    #[inline]
    fn names(&self) -> &KnownNames {
        &self.names
    }
}

impl<T: Known> Names for Recalled<'_, T> {
    #[inline]
    fn model(&mut self, name: &mut Name) -> bool {
        put(name, &self.known.names().model)
    }

    #[inline]
    fn version(&mut self, name: &mut Name) -> bool {
        put(name, &self.known.names().version)
    }
}

impl RequestFacts for Recalled<'_, KnownRequest> {
    #[inline]
    fn id(&self) -> Option<Id> {
        self.known.names.id(self.id)
    }

    #[inline]
    fn input(&self) -> (u32, Shape) {
        (self.known.batch_size, self.known.shape)
    }

    #[inline]
    fn tokens_in(&self) -> Option<Count> {
        self.known.tokens_in
    }
}

impl ResponseFacts for Recalled<'_, KnownResponse> {
    #[inline]
    fn reply(&self, reply: &mut Reply, open: &VecDeque<OpenRequest>) {
        let id = if open.len() > 1 { self.known.names.id(self.id) } else { None };
        reply.repeat(&self.known.reply, id);
    }
}

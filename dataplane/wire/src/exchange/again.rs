//! Messages that say the same as one before, and need not be read again: per thread, as what many clients send to one
//! model is alike.

use super::{Kit, MAX_READING};
use crate::call::Call;
use crate::catalogue::Slot;
use crate::field::{Plan, Said, Template};
use crate::names::{Cache, Id, Name};
use crate::plans::MethodPlan;
use crate::pool;
use crate::said::{Reply, count, id, input, rename};
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
pub(super) type Memo<T> = RefCell<Vec<Option<Place<T>>>>;

thread_local! {
    static ASKED: Memo<Asked> = const { RefCell::new(Vec::new()) };
    static REPLIED: Memo<Replied> = const { RefCell::new(Vec::new()) };
}

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
pub(super) trait Told: Sized + 'static {
    /// Where it is remembered.
    const MEMO: &'static LocalKey<Memo<Self>>;
    /// How it is read.
    fn plan(method: &MethodPlan) -> &Plan;
    /// Of a message that was read.
    fn of(said: &Said<'_>, plan: &Plan, kit: &mut Kit) -> Self;
}

/// What a request message says.
#[derive(Debug)]
pub(super) struct Asked {
    model: Option<Name>,
    version: Option<Name>,
    id: Option<Id>,
    batch_size: u32,
    shape: Shape,
    tokens_in: Option<Count>,
}

/// What a response message says.
#[derive(Debug)]
pub(super) struct Replied {
    model: Option<Name>,
    version: Option<Name>,
    id: Option<Id>,
    reply: Reply,
}

/// Finds out whether a whole message says the same as one before; `tell` is given what, and the id in this one, where
/// that is not always the same. False: it has to be read.
#[inline]
pub(super) fn again<T: Told>(
    method: &Rc<MethodPlan>,
    message: &[u8],
    kit: &mut Kit,
    tell: impl FnOnce(&T, Option<&[u8]>),
) -> bool {
    if !is_remembered::<T>(method, message, kit) {
        return false;
    }
    T::MEMO.with_borrow_mut(|places| {
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        let Some(place) = places.get_mut(at(method, message.len())) else { return false };
        match place {
            Some(place) if Rc::ptr_eq(&place.plan, method) && place.length == message.len() => {
                if let Some((template, told)) = &place.known {
                    if let Some(id) = template.fit(message) {
                        tell(told, id);
                        return true;
                    }
                }
                place.miss(message, kit);
            }
            _ => *place = Some(Place { plan: method.clone(), length: message.len(), patience: 0, known: None }),
        }
        false
    })
}

/// There is something to read in a message, all of it would be looked at, and one more may be. Descriptions of models
/// are always read.
#[inline]
fn is_remembered<T: Told>(method: &MethodPlan, message: &[u8], kit: &Kit) -> bool {
    let plan = T::plan(method);
    let wanted = !plan.is_empty() && !plan.wants_batch_limit();
    wanted && message.len() <= method.head_bytes as usize && kit.reading < MAX_READING
}

/// Where messages of a method and length are remembered.
#[inline]
fn at(method: &Rc<MethodPlan>, length: usize) -> usize {
    let key = (Rc::as_ptr(method) as usize >> 4).wrapping_add(length) as u64;
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % PLACES
}

impl<T: Told> Place<T> {
    #[inline]
    fn miss(&mut self, message: &[u8], kit: &mut Kit) {
        match self.patience.checked_sub(1) {
            Some(less) => self.patience = less,
            None => self.learn(message, kit),
        }
    }

    #[cold]
    fn learn(&mut self, message: &[u8], kit: &mut Kit) {
        self.patience = PATIENCE;
        let plan = T::plan(&self.plan);
        let mut walk: Box<crate::field::Walk> = pool::take();
        walk.begin(message.len() as u32, message.len() as u32);
        walk.feed(plan, message);
        let said = walk.said(plan, message);
        self.known = Template::of(plan, said.sources, message).map(|template| (template, T::of(&said, plan, kit)));
        pool::keep(walk);
    }
}

fn name(said: &Said<'_>, slot: Slot, cache: &mut Cache<()>, nameless: &Name) -> Option<Name> {
    let mut name = nameless.clone();
    rename(&mut name, said.get(slot), cache).then_some(name)
}

impl Told for Asked {
    const MEMO: &'static LocalKey<Memo<Asked>> = &ASKED;

    fn plan(method: &MethodPlan) -> &Plan {
        &method.request
    }

    fn of(said: &Said<'_>, _: &Plan, kit: &mut Kit) -> Asked {
        let (batch_size, shape) = input(said);
        Asked {
            model: name(said, Slot::Model, &mut kit.models, &kit.nameless),
            version: name(said, Slot::Version, &mut kit.versions, &kit.nameless),
            id: id(said.get(Slot::RequestId)),
            batch_size,
            shape,
            tokens_in: count(said.get(Slot::TokensIn)),
        }
    }
}

impl Asked {
    /// Puts it down, as [`super::asked`] does.
    #[inline]
    pub(super) fn tell(&self, call: &mut Call, sending: bool, its_id: Option<&[u8]>) {
        call.named.asked_model(|| put(&mut call.model, &self.model));
        call.named.asked_version(|| put(&mut call.version, &self.version));
        let there = sending || !call.many_requests;
        if let Some(open) = call.open.back_mut().filter(|_| there) {
            if !open.id_is_settled {
                if let Some(id) = its_id.map_or(self.id, some_id) {
                    open.id = id;
                }
            }
            open.batch_size = self.batch_size;
            open.shape = self.shape;
            open.tokens_in.add(self.tokens_in);
        }
    }
}

impl Told for Replied {
    const MEMO: &'static LocalKey<Memo<Replied>> = &REPLIED;

    fn plan(method: &MethodPlan) -> &Plan {
        &method.response
    }

    fn of(said: &Said<'_>, plan: &Plan, kit: &mut Kit) -> Replied {
        let mut reply = Reply::SILENT;
        reply.hear(said, &VecDeque::new(), plan.wants_output());
        Replied {
            model: name(said, Slot::Model, &mut kit.models, &kit.nameless),
            version: name(said, Slot::Version, &mut kit.versions, &kit.nameless),
            id: id(said.get(Slot::RequestId)),
            reply,
        }
    }
}

impl Replied {
    /// Puts it down, as [`super::replied`] does.
    #[inline]
    pub(super) fn tell(&self, call: &mut Call, reply: &mut Reply, its_id: Option<&[u8]>) {
        let id = if call.open.len() > 1 { its_id.map_or(self.id, some_id) } else { None };
        reply.repeat(&self.reply, id);
        call.named.answered_version(|| put(&mut call.version, &self.version));
        call.named.answered_model(|| put(&mut call.model, &self.model));
    }
}

#[inline]
fn put(name: &mut Name, told: &Option<Name>) -> bool {
    if let Some(told) = told {
        if !Rc::ptr_eq(&name.text, &told.text) {
            name.clone_from(told);
        }
    }
    told.is_some()
}

/// Empty is none, as in a message that is read.
#[inline]
fn some_id(bytes: &[u8]) -> Option<Id> {
    if bytes.is_empty() { None } else { Id::new(bytes) }
}

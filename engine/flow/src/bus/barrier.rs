use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::event::Offset;

/// A publisher's question, in its place among what was published: up to where is all that came before this in the log,
/// and durable?
///
/// Clones are the same question. One that is dropped without an answer counts as a closed bus to who asks.
#[derive(Debug, Clone)]
pub struct Barrier {
    reply: Arc<Mutex<Option<Reply>>>,
}

type Reply = oneshot::Sender<Result<Offset, String>>;

/// Where the answer comes.
pub(super) type Answered = oneshot::Receiver<Result<Offset, String>>;

impl Barrier {
    pub(super) fn new() -> (Self, Answered) {
        let (reply, answered) = oneshot::channel();
        (Self { reply: Arc::new(Mutex::new(Some(reply))) }, answered)
    }

    /// Says that all that came before is durable, and before which offset it is; or why it never will be. Only the first
    /// answer counts.
    pub fn answer(&self, answer: Result<Offset, String>) {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reply) = reply {
            // Who no longer waits needs no answer.
            _ = reply.send(answer);
        }
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_abandoned(&self) -> bool {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner);
        reply.as_ref().is_none_or(oneshot::Sender::is_closed)
    }
}

/// Whether it is the same question.
impl PartialEq for Barrier {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.reply, &other.reply)
    }
}

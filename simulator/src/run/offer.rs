use etaflow::{Event, PublishError, Publisher, Timestamp};

use crate::fault::{Delivery, Offered};

/// Offers what is due, in its order, and then puts the scenario's clock forward.
pub(super) async fn offer(
    publisher: &mut Publisher,
    deliveries: &mut Vec<Delivery>,
    until: Option<Timestamp>,
) -> Result<(), PublishError> {
    let mut events: Vec<Event> = Vec::with_capacity(deliveries.len());
    for delivery in deliveries.drain(..) {
        match delivery.what {
            Offered::Event(event) => events.push(event),
            Offered::RawJson(bytes) => {
                settle(publisher.publish_batch(std::mem::take(&mut events)).await)?;
                settle(publisher.publish_json(&bytes).await)?;
            }
        }
    }
    if !events.is_empty() {
        settle(publisher.publish_batch(events).await)?;
    }
    match until {
        Some(until) => settle(publisher.advance_to(until).await),
        None => Ok(()),
    }
}

/// That there was no place for some is counted by the bus; that nobody takes anything any more is a failure.
fn settle(result: Result<(), PublishError>) -> Result<(), PublishError> {
    match result {
        Err(PublishError::Full { .. }) => Ok(()),
        other => other,
    }
}

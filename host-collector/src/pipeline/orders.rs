//! What devices are told to do: by whoever started the collector, and by a file that may change.

use super::{Output, Pipeline};
use crate::order::{Order, Standing};
use crate::session::Session;

impl<S: FnMut(Output)> Pipeline<S> {
    /// Tells every device, once it has said who it is, what is ordered for its service.
    #[must_use]
    pub fn with_orders(self, orders: Vec<Order>) -> Self {
        Self { orders, ..self }
    }

    /// Has every device be told what stands for its service: those that are known now, and others once
    /// they have said who they are. What [`Pipeline::with_orders`] says of sampling counts more.
    pub fn stand(&mut self, standing: Standing) {
        self.standing = standing;
        let (standing, orders) = (&self.standing, &self.orders);
        self.table.for_each(|_, session| {
            let Some(service) = session.ordered_service() else { return };
            let stands = standing.of(service).clone();
            let mine = for_service(orders, service).filter(|order| order.is_sampling());
            let mine: Vec<_> = mine.cloned().collect();
            if session.stand(&stands) {
                mine.into_iter().for_each(|order| session.order(order));
            }
        });
    }
}

/// Tells a device what is ordered for its service, once.
pub(super) fn tell(session: &mut Session, standing: &Standing, orders: &[Order]) {
    let Some(service) = session.new_service() else { return };
    let stands = standing.of(service).clone();
    let mine: Vec<_> = for_service(orders, service).cloned().collect();
    session.stand(&stands);
    mine.into_iter().for_each(|order| session.order(order));
}

fn for_service<'a>(orders: &'a [Order], service: &str) -> impl Iterator<Item = &'a Order> {
    orders.iter().filter(move |order| order.is_for(service))
}

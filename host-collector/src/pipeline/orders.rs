//! What devices are told to do: by whoever started the collector, and by a file that may change.

use super::{Output, Pipeline};
use crate::order::{Order, Standing};
use crate::session::Session;
use std::collections::BTreeSet;

impl<S: FnMut(Output)> Pipeline<S> {
    /// Tells every device, once it has said who it is, what is ordered for its service.
    #[must_use]
    pub fn with_orders(self, orders: Vec<Order>) -> Self {
        Self { orders, ..self }
    }

    /// Tells every device of the order's service, those that are known now and others once they have said
    /// who they are. It takes the place of an earlier one that says another thing about the same.
    ///
    /// Says how many devices are told now.
    ///
    /// # Errors
    ///
    /// Where there are as many orders as devices are told.
    pub fn order(&mut self, order: &Order) -> Result<usize, &'static str> {
        const MOST: usize = 256;

        self.orders.retain(|known| !order.replaces(known));
        if self.orders.len() >= MOST {
            return Err("devices are told 256 orders at most: let one take the place of another");
        }
        if order.lasts() {
            self.orders.push(order.clone());
        }
        // Of a device that began anew there may be several sessions.
        let mut told = BTreeSet::new();
        self.table.for_each(|_, session| {
            if session.ordered_service().is_some_and(|service| order.is_for(service)) {
                session.order(order.clone());
                told.extend(session.source().map(|source| source.device));
            }
        });
        Ok(told.len())
    }

    /// What devices are told once they have said who they are.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
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

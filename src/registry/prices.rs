//! Which prices of a scope are admitted, as far as the control plane says it: who may say it, and nobody after a shutdown.

use crate::circuit::Circuit;
use crate::memory::prices::Owner;
use crate::model::price_band::Prices;
use crate::model::scope::ScopeId;
use crate::snapshot::Snapshot;

/// Who says from now on which prices of each scope are admitted. Before the panels are handed over, since a feed that nobody
/// holds says so at once. While the owner stays the same, so does what is admitted.
pub(super) fn assign(circuit: &Circuit, new: &Snapshot) {
    let old = circuit.snapshot();
    for scope in (0..new.scopes.len()).map(|index| ScopeId(index as u32)) {
        let (was, is) = (price_owner(&old, scope), price_owner(new, scope));
        let is_new = scope.0 as usize >= old.scopes.len();
        if is != was || is_new {
            let prices = if is == Owner::NOBODY { Prices::All } else { Prices::None };
            circuit.board.prices(scope).assign(is, prices);
        }
    }
}

/// The ear of a scope's band breaker, if it has one that is in force.
fn price_owner(snapshot: &Snapshot, scope: ScopeId) -> Owner {
    let guards = snapshot.guards.get(scope.0 as usize).into_iter().flatten();
    let bands = guards.filter_map(|id| snapshot.entry(*id)).find_map(|entry| entry.price_line());
    bands.map_or(Owner::NOBODY, Owner::line)
}

/// After a shutdown no price is admitted, whatever a feed has yet to say. Under the registry's lock, as every assignment.
pub(crate) fn deny_all(circuit: &Circuit) {
    let scopes = circuit.snapshot().scopes.len();
    (0..scopes).for_each(|index| circuit.board.prices(ScopeId(index as u32)).assign(Owner::NOBODY, Prices::None));
}

//! Which prices of a scope are admitted: what a script expects, and what its gate says.

use core::fmt;

use haltline::{Gate, Price, Side};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The prices that a gate admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// Not one.
    None,
    /// Every one: no band is in force.
    All,
    /// A purchase up to a price, a sale from a price on.
    Between { buy: Price, sell: Price },
}

impl Admitted {
    /// Finds the edges by asking: a gate says of one price at a time whether it is admitted. Halves what is left of all prices
    /// 63 times on each side.
    pub(crate) fn of(gate: &Gate) -> Self {
        let admits = |raw, side| gate.admits_price(Price::from_raw(raw), side);
        Self::between(|raw| admits(raw, Side::Buy), |raw| admits(raw, Side::Sell))
    }

    fn between(buys: impl Fn(i64) -> bool, sells: impl Fn(i64) -> bool) -> Self {
        match (buys(i64::MAX), buys(0), sells(0), sells(i64::MAX)) {
            (true, _, true, _) => Self::All,
            (_, true, _, true) => Self::Between {
                buy: Price::from_raw(edge(&buys)),
                // The first from which on it is true: one after the last at which it is not.
                sell: Price::from_raw(if sells(0) { 0 } else { edge(&|raw| !sells(raw)) + 1 }),
            },
            _ => Self::None,
        }
    }
}

/// The last price at which `holds`, which is true of 0 and, once it is false, stays so.
fn edge(holds: &impl Fn(i64) -> bool) -> i64 {
    if holds(i64::MAX) {
        return i64::MAX;
    }
    let (mut yes, mut no) = (0, i64::MAX);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if holds(middle) { yes = middle } else { no = middle }
    }
    yes
}

impl fmt::Display for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no price"),
            Self::All => f.write_str("every price"),
            Self::Between { buy, sell } => write!(f, "purchases up to {buy} and sales from {sell} on"),
        }
    }
}

impl<'de> Deserialize<'de> for Admitted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AdmittedVisitor)
    }
}

/// Both edges of a band.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edges {
    buy: f64,
    sell: f64,
}

struct AdmittedVisitor;

impl<'de> Visitor<'de> for AdmittedVisitor {
    type Value = Admitted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"none\", \"all\", or a table of buy and sell")
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<Admitted, E> {
        match found {
            "none" => Ok(Admitted::None),
            "all" => Ok(Admitted::All),
            _ => Err(E::custom(format!("found {found:?}, allowed are \"none\", \"all\" and a table of buy and sell"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Admitted, A::Error> {
        let Edges { buy, sell } = Edges::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        let price = |key: &str, found: f64| {
            let price = Price::from_f64(found).ok().filter(|price| price.raw() >= 0);
            price.ok_or_else(|| A::Error::custom(format!("{key}: found {found}, allowed are prices from 0 on")))
        };
        Ok(Admitted::Between { buy: price("buy", buy)?, sell: price("sell", sell)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_a_band_are_found_to_the_billionth() {
        for (lower, upper) in [(95_000_000_001, 105_000_000_000), (0, 1), (1, 1), (7, i64::MAX), (0, i64::MAX - 1)] {
            let found = Admitted::between(|raw| raw <= upper, |raw| raw >= lower);
            let expected = Admitted::Between { buy: Price::from_raw(upper), sell: Price::from_raw(lower) };
            assert_eq!(found, expected);
        }
        assert_eq!(Admitted::between(|_| true, |_| true), Admitted::All);
        assert_eq!(Admitted::between(|_| false, |_| false), Admitted::None);
    }
}

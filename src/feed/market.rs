//! What a market says: trades, quotes, closes, numbered messages, the status of its venue.

use super::Feed;
use crate::listener::Listener;
use crate::model::error::FeedError;
use crate::model::observation::{Channel, Observation, VenueStatus};
use crate::model::session::Date;
use crate::model::time::Nanos;
use crate::model::units::{Price, Qty};

impl Feed {
    /// A trade.
    ///
    /// # Errors
    /// [`FeedError`] if the price is not positive, the quantity negative, the time runs backwards or too far ahead, or the System is closed.
    #[inline]
    pub fn trade(&mut self, price: Price, qty: Qty, at: Nanos) -> Result<(), FeedError> {
        if price.raw() <= 0 {
            return self.refuse(FeedError::bad("price", price.to_f64(), "positive prices"));
        }
        if qty.0 < 0 {
            return self.refuse(FeedError::bad("qty", qty.0 as f64, "quantities from zero on"));
        }
        self.values(at, |channel| match channel {
            Channel::Trade => Some(price.raw()),
            Channel::Size => Some(qty.0),
            _ => None,
        })
    }

    /// The best bid and ask; rules that sample middles take their mean, others look at the spread. A crossed or locked book is
    /// no error: for some it is the news.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    #[inline]
    pub fn quote(&mut self, bid: Price, ask: Price, at: Nanos) -> Result<(), FeedError> {
        if bid.raw() <= 0 {
            return self.refuse(FeedError::bad("bid", bid.to_f64(), "positive prices"));
        }
        if ask.raw() <= 0 {
            return self.refuse(FeedError::bad("ask", ask.to_f64(), "positive prices"));
        }
        if self.panel.takes_quotes {
            self.tell(&Observation::Quote { bid, ask }, at, Listener::takes_quotes)?;
        }
        let middle = (i128::from(bid.raw()) + i128::from(ask.raw())) / 2;
        self.values(at, |channel| match channel {
            Channel::Mid => Some(middle as i64),
            // Of two positive numbers, so it cannot overflow.
            Channel::Spread => Some(ask.raw() - bid.raw()),
            _ => None,
        })
    }

    /// The best bid and ask of a book that may have none on a side, or on neither. Where nobody quotes there is no middle and no spread, and
    /// what there is is heard all the same: an offer at the lower price band is a limit state, whether somebody bids below it or
    /// nobody does. A side that nobody quotes counts as beyond every band.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan { scopes: vec![ScopePath::new("XNAS/AAPL")?], ..Plan::default() }, Nanos::from_secs(1))?;
    /// let mut feed = system.feed("XNAS/AAPL")?;
    /// feed.top_of_book(None, Some(Price::from_f64(95.0)?), system.now())?;
    /// assert!(feed.top_of_book(Some(Price::from_raw(0)), None, system.now()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn top_of_book(&mut self, bid: Option<Price>, ask: Option<Price>, at: Nanos) -> Result<(), FeedError> {
        const LOWEST: Price = Price::from_raw(1);
        const HIGHEST: Price = Price::from_raw(i64::MAX);
        if let (Some(bid), Some(ask)) = (bid, ask) {
            return self.quote(bid, ask, at);
        }
        if let Some(side) = bid.or(ask).filter(|side| side.raw() <= 0) {
            let field = if bid.is_some() { "bid" } else { "ask" };
            return self.refuse(FeedError::bad(field, side.to_f64(), "positive prices"));
        }
        if self.panel.takes_quotes {
            let quote = Observation::Quote { bid: bid.unwrap_or(LOWEST), ask: ask.unwrap_or(HIGHEST) };
            self.tell(&quote, at, Listener::takes_quotes)?;
        }
        self.heartbeat(at)
    }

    /// The official close of `session`: the reference of the session after it.
    ///
    /// # Errors
    /// As [`trade`](Self::trade), for the time; also if the date does not [exist](Date::exists).
    pub fn reference(&mut self, price: Price, session: Date, at: Nanos) -> Result<(), FeedError> {
        if !session.exists() {
            return self.refuse(FeedError::bad("session", f64::from(session.0), "dates that exist, as YYYYMMDD"));
        }
        self.observe(&Observation::Reference { price, session }, at)
    }

    /// A message of a numbered stream has come: its number, when the source sent it and when it was received. To be told beside
    /// what it says, or alone. Gaps, repeats and wrong orders are no errors but the news; a time of sending after that of receiving is a
    /// latency of zero.
    ///
    /// # Errors
    /// As [`trade`](Self::trade), for the time of receiving.
    pub fn sequence(&mut self, number: u64, sent: Nanos, received: Nanos) -> Result<(), FeedError> {
        self.tell(&Observation::Sequence { number, sent }, received, Listener::takes_sequences)
    }

    /// What the venue says of itself.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    pub fn venue(&mut self, status: VenueStatus, at: Nanos) -> Result<(), FeedError> {
        self.observe(&Observation::Venue(status), at)
    }
}

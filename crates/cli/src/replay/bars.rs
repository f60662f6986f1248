//! Daily bars from a CSV file.

use std::path::Path;

use haltline::{Date, Price};

use crate::output::Failure;

/// One day of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) date: Date,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
}

const COLUMNS: [&str; 5] = ["date", "open", "high", "low", "close"];

/// Reads the bars of a file, in the order of their dates; other columns are passed over.
pub(crate) fn read(path: &Path) -> Result<Vec<Bar>, Failure> {
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::new(format!("{}: cannot be read: {error}", path.display())))?;
    parse(file).map_err(|what| Failure::new(format!("{}:{what}", path.display())))
}

/// The error begins with the line.
fn parse(reader: impl std::io::Read) -> Result<Vec<Bar>, String> {
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
    let head = csv.headers().map_err(|error| format!("1: {error}"))?.clone();
    let column = |name: &str| {
        let found = head.iter().position(|h| h == name);
        found.ok_or_else(|| format!("1: no column {name:?}; found {:?}", head.iter().collect::<Vec<_>>()))
    };
    let mut places = [0; 5];
    for (place, name) in places.iter_mut().zip(COLUMNS) {
        *place = column(name)?;
    }
    let mut bars: Vec<Bar> = Vec::new();
    for record in csv.records() {
        let record = record.map_err(|error| match error.position() {
            Some(position) => format!("{}: {error}", position.line()),
            None => format!("0: {error}"),
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |i: usize| record.get(places[i]).unwrap_or_default();
        let bar = bar(field).map_err(|what| format!("{line}: {what}"))?;
        if let Some(last) = bars.last().filter(|last| last.date >= bar.date) {
            return Err(format!("{line}: date: found {} after {}, allowed are rising dates", bar.date, last.date));
        }
        bars.push(bar);
    }
    Ok(bars)
}

fn bar<'f>(field: impl Fn(usize) -> &'f str) -> Result<Bar, String> {
    let price = |i: usize| {
        let wrong = || format!("{}: found {:?}, allowed are positive numbers", COLUMNS[i], field(i));
        let value: f64 = field(i).parse().map_err(|_| wrong())?;
        Price::from_f64(value).ok().filter(|price| price.raw() > 0).ok_or_else(wrong)
    };
    let date: jiff::civil::Date =
        field(0).parse().map_err(|_| format!("date: found {:?}, allowed are dates such as 2020-03-09", field(0)))?;
    let number = |n: i8| n.unsigned_abs();
    let year = u16::try_from(date.year()).map_err(|_| format!("date: found {date}, allowed are years from 0 on"))?;
    let bar = Bar {
        date: Date::new(year, number(date.month()), number(date.day())),
        open: price(1)?,
        high: price(2)?,
        low: price(3)?,
        close: price(4)?,
    };
    let inside = |price: Price| (bar.low..=bar.high).contains(&price);
    if !inside(bar.open) || !inside(bar.close) {
        return Err(format!("{}: open and close must lie between low and high", bar.date));
    }
    Ok(bar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_prices_are_exact() {
        let bars = parse("volume,close,low,high,open,date\n1,2746.56,2734.43,2863.89,2863.89,2020-03-09\n".as_bytes());
        let bar = bars.unwrap()[0];
        assert_eq!(bar.date, Date::new(2020, 3, 9));
        assert_eq!(bar.close.raw(), 2_746_560_000_000);
        assert_eq!(bar.open, bar.high);
    }

    #[test]
    fn what_is_no_bar_is_refused_with_its_line() {
        for (rows, why) in [
            ("date,open,high,low\n", "1: no column \"close\""),
            ("date,open,high,low,close\n2020-02-30,1,1,1,1\n", "2: date: found \"2020-02-30\""),
            ("date,open,high,low,close\n2020-02-03,1,1,1,x\n", "2: close: found \"x\""),
            ("date,open,high,low,close\n2020-02-03,1,1,1,NaN\n", "2: close: found \"NaN\""),
            ("date,open,high,low,close\n2020-02-03,1,2,1,3\n", "2: 2020-02-03: open and close"),
            ("date,open,high,low,close\n2020-02-03,1,1,1\n", "2: "),
            ("date,open,high,low,close\n2020-02-04,1,1,1,1\n2020-02-03,1,1,1,1\n", "3: date: found 2020-02-03"),
        ] {
            let error = parse(rows.as_bytes()).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
    }
}

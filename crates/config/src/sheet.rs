//! A file of comma-separated values: its header, and its rows with their places.
//!
//! The crate that splits the fields forgives; here a row is one line, has as many fields as the header, and closes its
//! quotes: behind one that stays open half of a market could hide.

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::finding::Log;

/// A file whose header has been read.
pub(crate) struct Sheet<'a> {
    log: &'a Log<'a>,
    reader: Reader<&'a [u8]>,
    pub(crate) header: StringRecord,
}

impl<'a> Sheet<'a> {
    /// Reads the header; `None` if there is none, which is reported then.
    pub(crate) fn open(log: &'a Log<'a>) -> Option<Self> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(log.whole().as_bytes());
        let mut sheet = Self { log, reader, header: StringRecord::new() };
        let mut header = StringRecord::new();
        let Some(at) = sheet.next(&mut header) else {
            log.wrong(0, "found no line, allowed are a line with the names of the columns and one for each row".into());
            return None;
        };
        if !sheet.is_one_line(at) {
            return None;
        }
        Some(Self { header, ..sheet })
    }

    /// The name of the file.
    pub(crate) fn file(&self) -> &str {
        self.log.file()
    }

    /// Shows each row that is well-formed, and where it begins; whether all of them are.
    pub(crate) fn rows(mut self, mut show: impl FnMut(usize, &StringRecord)) -> bool {
        let mut row = StringRecord::new();
        let mut sound = true;
        while let Some(at) = self.next(&mut row) {
            if self.is_one_line(at) && self.is_complete(at, &row) {
                show(at, &row);
            } else {
                sound = false;
            }
        }
        sound
    }

    /// Where the next row begins, empty lines left out.
    fn next(&mut self, row: &mut StringRecord) -> Option<usize> {
        match self.reader.read_record(row) {
            Ok(true) => {}
            Ok(false) => return None,
            // Neither reading nor UTF-8 can fail in a text.
            Err(error) => {
                self.log.wrong(0, error.to_string());
                return None;
            }
        }
        let at = row.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or_default();
        let rest = self.log.text(at..self.log.whole().len());
        Some(at + rest.len() - rest.trim_start_matches(['\r', '\n', '\u{feff}']).len())
    }

    fn is_one_line(&self, at: usize) -> bool {
        let rest = self.log.text(at..self.log.whole().len());
        let closed = closes_quotes(rest.split(['\r', '\n']).next().unwrap_or_default());
        if !closed {
            let text = "found a quote that is not closed before the next comma, allowed are rows of one line, quotes \
                        around whole fields, and two for one within";
            self.log.wrong(at, text.into());
        }
        closed
    }

    fn is_complete(&self, at: usize, row: &StringRecord) -> bool {
        let (found, allowed) = (row.len(), self.header.len());
        if found != allowed {
            self.log.wrong(at, format!("found {found} fields, allowed are as many as columns ({allowed})"));
        }
        found == allowed
    }
}

/// Whether each field of a line that begins with a quote ends with one.
fn closes_quotes(line: &str) -> bool {
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            // Two quotes are one of the field.
            let mut inside = quoted;
            rest = loop {
                let Some((_, behind)) = inside.split_once('"') else { return false };
                match behind.strip_prefix('"') {
                    Some(further) => inside = further,
                    None => break behind,
                }
            };
            if !rest.is_empty() && !rest.starts_with(',') {
                return false;
            }
        }
        match rest.split_once(',') {
            Some((_, next)) => rest = next,
            None => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_around_whole_fields() {
        for line in ["", "a", "a,b", "\"\"", "\"a\",b", "a,\"b,c\"", "\"a\"\"b\",\"\"\"\"", "5\",6\"\"", ",,\"\","] {
            assert!(closes_quotes(line), "{line}");
        }
        for line in ["\"", "a,\"", "\"a\"b,c", "\"a\" ,b", "\"\"\"", "\"a,b\"\"", "x,\"y,z"] {
            assert!(!closes_quotes(line), "{line}");
        }
    }
}

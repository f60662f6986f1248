//! Server-sent events: bytes to events, as the standard of the web says, each of bounded length.

/// A longer id of an event is left out.
const LONGEST_ID: usize = 1_024;

/// An event that is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// An event or a line is longer than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Puts lines and events together, however the bytes are cut.
#[derive(Debug)]
pub(crate) struct Parser {
    most: usize,
    line: Vec<u8>,
    after_cr: bool,
    is_first: bool,
    event: Event,
    has_data: bool,
    /// The id of the last event that was complete, and that of the one that is not yet.
    pub(crate) id: Option<String>,
    next_id: Option<String>,
    /// How many comments have come, by which a server says that it is there.
    pub(crate) comments: u64,
    /// How long to wait before connecting again, in milliseconds.
    pub(crate) retry: Option<u64>,
}

impl Parser {
    pub(crate) fn new(most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self {
            most,
            line: Vec::new(),
            after_cr: false,
            is_first: true,
            event: Event::default(),
            has_data: false,
            id: None,
            next_id: None,
            comments: 0,
            retry: None,
        }
    }

    /// A new connection: what was cut off is gone; the id stays.
    pub(crate) fn begin(&mut self) {
        let id = self.id.take();
        *self = Self { next_id: id.clone(), id, retry: self.retry, ..Self::new(self.most as u64) };
    }

    /// Takes bytes in, and adds what they complete to `events`, also where the next one is too long: its id is known by then.
    pub(crate) fn take(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), TooLong> {
        for byte in bytes {
            let after_cr = core::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ if self.line.len() + self.event.data.len() >= self.most => return Err(TooLong),
                byte => self.line.push(*byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = core::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = if core::mem::take(&mut self.is_first) { line.trim_start_matches('\u{feff}') } else { &line };
        if line.is_empty() {
            self.id.clone_from(&self.next_id);
            let event = core::mem::take(&mut self.event);
            return core::mem::take(&mut self.has_data).then_some(event);
        }
        self.comments += u64::from(line.starts_with(':'));
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.into(),
            "data" => {
                if core::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "id" if value.is_empty() => self.next_id = None,
            // It goes back as a header, so one that can be none is left out.
            "id" if value.len() <= LONGEST_ID && value.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                self.next_id = Some(value.into());
            }
            "retry" => self.retry = value.parse().ok().or(self.retry),
            // A comment, or a field of another day.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn take(parser: &mut Parser, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        parser.take(bytes, &mut events).map(|()| events)
    }

    const TEXT: &str =
        "\u{feff}: hello\n\nevent: quote\nid: 7\ndata: {\"v\":\ndata:1}\r\n\r\nretry: 250\rdata\r\rdata: cut";

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let quote = Event { name: "quote".into(), data: "{\"v\":\n1}".into() };
        for size in 1..TEXT.len() {
            let mut parser = Parser::new(100);
            let found: Vec<_> =
                TEXT.as_bytes().chunks(size).flat_map(|bytes| take(&mut parser, bytes).unwrap()).collect();
            assert_eq!(found, [quote.clone(), Event::default()], "{size}");
            assert_eq!((parser.id.as_deref(), parser.retry), (Some("7"), Some(250)));
        }
    }

    #[test]
    fn an_event_without_an_end_fills_no_memory() {
        let mut parser = Parser::new(10);
        assert!(take(&mut parser, b"data: 1234").is_ok());
        assert_eq!(take(&mut parser, b"5"), Err(TooLong));
        let mut parser = Parser::new(10);
        assert_eq!((0..100).find(|_| take(&mut parser, b"data:x\n").is_err()), Some(3));
    }

    #[test]
    fn what_is_complete_before_an_event_without_an_end_is_given_out() {
        let (mut parser, mut events) = (Parser::new(10), Vec::new());
        assert_eq!(parser.take(b"id: 7\ndata: 1\n\ndata: 12345", &mut events), Err(TooLong));
        assert_eq!((events, parser.id.as_deref()), (vec![Event { data: "1".into(), ..Event::default() }], Some("7")));
    }

    #[test]
    fn what_a_broken_connection_left_is_gone_with_its_id() {
        let mut parser = Parser::new(100);
        take(&mut parser, b"id: 7\ndata: 1\n\nid: 8\ndata: 2").unwrap();
        parser.begin();
        assert_eq!(parser.id.as_deref(), Some("7"), "the server is to send 8 again");
        assert_eq!(take(&mut parser, b"\n\ndata: 3\n\n").unwrap(), [Event { data: "3".into(), ..Event::default() }]);
        assert_eq!(parser.id.as_deref(), Some("7"));
        take(&mut parser, b"id\n\n").unwrap();
        assert_eq!(parser.id, None);
    }

    #[test]
    fn an_id_that_can_be_no_header_is_left_out() {
        let mut parser = Parser::new(10_000);
        take(&mut parser, b"id: 7\n\n").unwrap();
        let longest = "x".repeat(LONGEST_ID);
        for bad in ["\u{1}", "\0", "\u{7f}", "\u{e9}", &format!("{longest}x")] {
            take(&mut parser, format!("id: {bad}\n\n").as_bytes()).unwrap();
            assert_eq!(parser.id.as_deref(), Some("7"), "{bad:?}");
        }
        take(&mut parser, format!("id: {longest}\n\n").as_bytes()).unwrap();
        assert_eq!(parser.id, Some(longest));
    }

    #[test]
    fn comments_are_counted() {
        let mut parser = Parser::new(100);
        assert_eq!(take(&mut parser, b": one\n:\ndata: 1\n\n:").unwrap().len(), 1);
        assert_eq!(parser.comments, 2);
    }
}

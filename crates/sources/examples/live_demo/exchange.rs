//! A small exchange on loopback: prices as server-sent events, its status and a volatility index to be polled. It halts
//! when the New York exchanges did, 7 % below the last close, and stands still for a quarter of an hour.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use haltline::Nanos;
use haltline_sources::{Clock, Stop, WallClock};

use crate::days::Days;

const TICK: Duration = Duration::from_millis(4);

#[derive(Debug)]
pub(crate) struct Exchange {
    days: Days,
}

impl Exchange {
    /// Begins to listen; gives back its address.
    pub(crate) fn open(days: Days) -> std::io::Result<String> {
        let exchange = Arc::new(Self { days });
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let exchange = exchange.clone();
                // Whoever hangs up has heard enough.
                std::thread::spawn(move || drop(exchange.serve(stream)));
            }
        });
        Ok(address)
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let mut path = String::new();
        while let Some(line) = lines.next().transpose()? {
            if let Some(rest) = line.strip_prefix("GET ") {
                path = rest.split(' ').next().unwrap_or_default().to_owned();
            }
            if !line.is_empty() {
                continue;
            }
            let now = WallClock.now();
            match &*path {
                "/prices" => return self.prices(stream),
                "/status" => answer(&mut stream, "200 OK", &format!("{{\"status\": \"{}\"}}", self.status(now)))?,
                "/volatility" => self.volatility(&mut stream, now)?,
                _ => answer(&mut stream, "404 Not Found", "{}")?,
            }
        }
        Ok(())
    }

    fn status(&self, now: Nanos) -> &'static str {
        match self.days.at(now) {
            None => "closed",
            Some((number, far)) if self.days.is_halted(number, far) => "halted",
            Some(_) => "open",
        }
    }

    /// For two days, 4 and 5 March, its machine is down.
    fn volatility(&self, stream: &mut TcpStream, now: Nanos) -> std::io::Result<()> {
        let number = self.days.number(now);
        if ["2020-03-04", "2020-03-05"].contains(&&*self.days.bars[number].date) {
            return answer(stream, "500 Internal Server Error", "{}");
        }
        let value = self.days.volatility(number);
        answer(stream, "200 OK", &format!("{{\"value\": {value:.2}, \"time\": {}}}", now.0))
    }

    fn prices(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
        let (stop, mut last) = (Stop::default(), WallClock.now());
        loop {
            // A halt is not waited past.
            let halt = self.days.halt_between(last, last + TICK).map(|(_, at, _)| at);
            WallClock.wait(halt.unwrap_or(last + TICK) - WallClock.now(), &stop);
            let now = WallClock.now();
            // The print that goes through the level is made, and has its own time.
            if let Some((number, at, price)) = self.days.halt_between(last, now) {
                self.print(&mut stream, number, at, price)?;
            }
            last = now;
            let open = self.days.at(now).filter(|(number, far)| !self.days.is_halted(*number, *far));
            if let Some((number, price)) = open.and_then(|(number, far)| Some((number, self.days.price(number, far)?)))
            {
                self.print(&mut stream, number, now, price)?;
            }
        }
    }

    fn print(&self, stream: &mut TcpStream, number: usize, at: Nanos, price: f64) -> std::io::Result<()> {
        let before = &self.days.bars[number - 1];
        write!(
            stream,
            "event: price\ndata: {{\"price\": {price}, \"time\": {}, \"close\": {}, \"of\": \"{}\"}}\n\n",
            at.0, before.close, before.date
        )
    }
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    // In one piece: the second of two would wait for the receipt of the first.
    stream.write_all((head + body).as_bytes())
}

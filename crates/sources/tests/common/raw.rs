//! A server that breaks the rules of HTTP, one connection after the other.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// How a connection is treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    /// Accepts, and says nothing.
    Silent,
    /// Hangs up with the request unread: the kernel resets the connection.
    Reset,
    /// Says less than it has announced.
    Truncated,
    /// Tells no length, and hangs up.
    Endless,
    /// Speaks something else.
    Babble,
}

pub(crate) struct RawServer {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    pub(crate) fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                kept.extend(treat(stream, manner));
            }
        });
        Self { port, stop, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/level?key=s3cr3t", self.port)
    }
}

/// Gives back a connection that is to stay open.
fn treat(mut stream: TcpStream, manner: Manner) -> Option<TcpStream> {
    let mut request = [0; 1];
    match manner {
        Manner::Silent => return Some(stream),
        // One byte of it has come, and the rest has not been read.
        Manner::Reset => drop(stream.read(&mut request)),
        Manner::Truncated | Manner::Endless | Manner::Babble => {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let text = match manner {
                Manner::Truncated => {
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"va"
                }
                Manner::Endless => {
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"value\": 7}"
                }
                _ => "220 mail.example ESMTP\r\n\r\n",
            };
            let _ = stream.write_all(text.as_bytes());
        }
    }
    None
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

//! An HTTP/1.1 server that counts what comes, over TCP or TLS.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// What a request is answered with.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Payload,
}

pub(crate) enum Payload {
    Whole(String),
    /// So many bytes; with their number told before, or in chunks.
    Endless {
        bytes: u64,
        told: bool,
    },
    /// Pieces as they come; ends with their sender.
    Pieces(mpsc::UnboundedReceiver<String>),
}

impl Answer {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status: 200, headers, body: Payload::Whole(body.into()) }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::json("") }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn endless(told: bool) -> Self {
        Self { body: Payload::Endless { bytes: 1 << 30, told }, ..Self::json("") }
    }

    pub(crate) fn events() -> (mpsc::UnboundedSender<String>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let answer = Self { body: Payload::Pieces(receiver), ..Self::json("") };
        (sender, answer.with("content-type", "text/event-stream"))
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match &mut *self {
            Self::Whole(text) => (!text.is_empty()).then(|| Bytes::from(std::mem::take(text))),
            Self::Endless { bytes, .. } => {
                let size = (*bytes).min(1 << 16);
                *bytes -= size;
                (size > 0).then(|| Bytes::from(vec![b' '; size as usize]))
            }
            Self::Pieces(pieces) => match pieces.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(piece) => piece.map(Bytes::from),
            },
        };
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(text) => SizeHint::with_exact(text.len() as u64),
            Self::Endless { bytes, told: true } => SizeHint::with_exact(*bytes),
            _ => SizeHint::default(),
        }
    }
}

type Handler = Box<dyn FnMut(usize, &HeaderMap) -> Answer + Send>;

struct State {
    connections: AtomicUsize,
    requests: AtomicUsize,
    handler: Mutex<Handler>,
    /// While true answers are held back.
    held: watch::Sender<bool>,
}

/// Runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    /// Answers each request with what `handler` says of its number, counted from 0, and its headers.
    pub(crate) fn new(handler: impl FnMut(usize, &HeaderMap) -> Answer + Send + 'static) -> Self {
        Self::start(None, Box::new(handler))
    }

    pub(crate) fn tls(
        acceptor: TlsAcceptor,
        handler: impl FnMut(usize, &HeaderMap) -> Answer + Send + 'static,
    ) -> Self {
        Self::start(Some(acceptor), Box::new(handler))
    }

    fn start(acceptor: Option<TlsAcceptor>, handler: Handler) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (held, handler) = (watch::Sender::new(false), Mutex::new(handler));
        let state = Arc::new(State { connections, requests, handler, held });
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        runtime.spawn(accept(listener, acceptor, state.clone()));
        Self { address, scheme, state, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}/level?key=s3cr3t", self.scheme, self.address.port())
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// Holds answers back, or lets them go.
    pub(crate) fn hold(&self, held: bool) {
        self.state.held.send_replace(held);
    }

    /// From now on another handler.
    pub(crate) fn answer(&self, handler: impl FnMut(usize, &HeaderMap) -> Answer + Send + 'static) {
        *self.state.handler.lock().unwrap() = Box::new(handler);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            self.hold(false);
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        state.connections.fetch_add(1, Ordering::SeqCst);
        let state = state.clone();
        match acceptor.clone() {
            None => drop(tokio::spawn(serve(stream, state))),
            Some(acceptor) => drop(tokio::spawn(async move {
                // Who does not trust us hangs up.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, state).await;
                }
            })),
        }
    }
}

fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    state: Arc<State>,
) -> impl Future<Output = ()> + Send {
    let service = service_fn(move |request: Request<Incoming>| {
        let state = state.clone();
        async move {
            let number = state.requests.fetch_add(1, Ordering::SeqCst);
            let mut held = state.held.subscribe();
            let _ = held.wait_for(|held| !held).await;
            let Answer { status, headers, body } = (state.handler.lock().unwrap())(number, request.headers());
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok::<_, Infallible>(response.body(body).unwrap())
        }
    });
    async move {
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }
}

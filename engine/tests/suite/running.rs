//! A server that runs beside a test, on threads of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use polity_engine::Application;
use polity_engine::abci::{Endpoint, Limits, Server, ServerError};
use prost::Message;
use tendermint_abci::{Client, ClientBuilder};
use tendermint_proto::v0_38::abci::{Request, Response, request, response};
use tokio::sync::oneshot;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server.
pub(crate) struct Running {
    pub(crate) endpoint: Endpoint,
    pub(crate) observed: Arc<Mutex<Vec<&'static str>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Running {
    pub(crate) fn tcp(application: Arc<impl Application>, limits: Limits) -> Self {
        Self::start(
            application,
            Endpoint::Tcp("127.0.0.1:0".parse().unwrap()),
            limits,
        )
    }

    pub(crate) fn start(
        application: Arc<impl Application>,
        endpoint: Endpoint,
        limits: Limits,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let observed = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&observed);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let server = Server::bind(&endpoint, limits).await?;
                tell.send(server.endpoint().unwrap()).unwrap();
                let observer = Arc::new(move |method, _| seen.lock().unwrap().push(method));
                let shutdown = async {
                    // A dropped sender stops the server as well, so a failing test leaves none behind.
                    let _ = stopped.await;
                };
                server.run(application, observer, shutdown).await
            })
        });
        let endpoint = told
            .recv_timeout(Duration::from_secs(10))
            .expect("the server binds");
        Self {
            endpoint,
            observed,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match &self.endpoint {
            Endpoint::Tcp(address) => *address,
            Endpoint::Unix(path) => panic!("{} has no address", path.display()),
        }
    }

    pub(crate) fn client(&self) -> Client {
        ClientBuilder::default().connect(self.address()).unwrap()
    }

    pub(crate) fn raw(&self) -> Raw {
        Raw::new(TcpStream::connect(self.address()).unwrap())
    }

    /// Asks the server to stop, without waiting.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for the server's end, which a test must have caused.
    pub(crate) fn ended(mut self) -> Result<(), ServerError> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

/// A peer that writes whatever bytes a test likes.
pub(crate) struct Raw {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    fn new(stream: TcpStream) -> Self {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends what the server may refuse before it has read everything.
    pub(crate) fn send_in_vain(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether something arrives within a twentieth of a second.
    pub(crate) fn has_answer(&mut self) -> bool {
        self.stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let arrived = self.stream.peek(&mut [0]).is_ok();
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        arrived
    }

    pub(crate) fn close_writing(&mut self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// The next answer, or `None` at the end of the stream.
    pub(crate) fn answer(&mut self) -> Option<response::Value> {
        loop {
            if let Ok(length) = prost::decode_length_delimiter(&self.buffer[..]) {
                let header = prost::length_delimiter_len(length);
                if self.buffer.len() >= header + length {
                    let rest = self.buffer.split_off(header + length);
                    let frame = std::mem::replace(&mut self.buffer, rest);
                    return Some(Response::decode(&frame[header..]).unwrap().value.unwrap());
                }
            }
            let mut chunk = [0; 65536];
            match self
                .stream
                .read(&mut chunk)
                .expect("an answer within ten seconds")
            {
                0 => return None,
                count => self.buffer.extend_from_slice(&chunk[..count]),
            }
        }
    }
}

/// A request as a frame.
pub(crate) fn frame(request: request::Value) -> Vec<u8> {
    Request {
        value: Some(request),
    }
    .encode_length_delimited_to_vec()
}

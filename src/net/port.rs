//! For tests: a port of 127.0.0.1 that stays ours, whether somebody listens there or nobody; and a server that misbehaves.

use std::future::Future;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The port: bound by a socket that never listens, so that connections are refused and no test that runs beside gets it.
pub(crate) struct Port(TcpSocket);

impl Port {
    /// A free one.
    pub(crate) fn take() -> Self {
        Self(socket(0))
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// As a URL without path.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.number())
    }

    /// Listens there; when the listener is dropped, connections are refused again.
    pub(crate) fn listen(&self) -> TcpListener {
        socket(self.number()).listen(64).unwrap()
    }
}

/// Sockets that all allow the reuse of their address share it, as long as at most one of them listens.
fn socket(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

/// A server that treats every connection as `behave` does; its port.
pub(crate) async fn server<F>(behave: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behave(stream));
        }
    });
    port
}

//! Connections: accepted without spinning, counted, heard from in time, and cut when everything else has failed.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{FutureExt, Stream, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};
use tracing::{debug, warn};

use super::ServerConfig;

/// After a refused accept, such as out of file descriptors: trying again at once would only burn the processor.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a listener; it never ends and never fails.
pub(super) fn connections(
    listener: TcpListener,
    config: &ServerConfig,
    cut: CancellationToken,
) -> impl Stream<Item = io::Result<Connection>> + use<> {
    let first_byte = Duration::from_millis(config.first_byte_timeout_ms);
    let places = Arc::new(Semaphore::new(config.max_connections));
    let accepting = (listener, places, cut);
    stream::unfold(accepting, move |accepting| async move {
        let (listener, places, cut) = &accepting;
        let (tcp, place) = accept(listener, places).await;
        let connection = Connection {
            tcp,
            first_byte: Some(Box::pin(tokio::time::sleep(first_byte))),
            cut: Box::pin(cut.clone().cancelled_owned()),
            _place: place,
        };
        Some((Ok(connection), accepting))
    })
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let Ok(place) = Arc::clone(places).try_acquire_owned() else {
                    debug!("connection refused, all places are taken");
                    continue;
                };
                // Without it small frames wait 40 ms for an acknowledgement.
                let _ = tcp.set_nodelay(true);
                return (tcp, place);
            }
            Err(failure) => {
                warn!(error = %failure, "connection not accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A connection with its place among the allowed ones.
pub(super) struct Connection {
    tcp: TcpStream,
    first_byte: Option<Pin<Box<Sleep>>>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.tcp.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.poll_unpin(context).is_ready() {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        let polled = Pin::new(&mut self.tcp).poll_read(context, buffer);
        if polled.is_ready() {
            self.first_byte = None;
        } else if let Some(timer) = &mut self.first_byte
            && timer.poll_unpin(context).is_ready()
        {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }
}

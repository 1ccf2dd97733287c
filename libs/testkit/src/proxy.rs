//! The network between a client and a server, as bad as a test wants it: a black hole that takes everything and gives
//! nothing, until it heals. What was sent into it arrives then, as TCP sends again what got lost.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// Bytes that one direction of a connection holds back in a black hole; its sender then has to wait.
const HELD: usize = 1 << 20;

/// A way to a server; its connections end when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    way: watch::Sender<Way>,
    /// Connections that the server holds open.
    at_server: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    BlackHole,
}

impl Proxy {
    /// A way to the server at this uri: `http://127.0.0.1:7101`.
    pub async fn to(uri: &str) -> Self {
        let server: SocketAddr = uri.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, open) = watch::channel(Way::Open);
        let at_server = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&at_server);
        let serving = tokio::spawn(async move {
            let mut links = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                links.spawn(link(client, server, open.clone(), Arc::clone(&counted)));
            }
        });
        Self {
            address,
            way,
            at_server,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Where the server is called through it.
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nothing arrives any more, on connections that there are and on new ones.
    pub fn swallow(&self) {
        self.way.send_replace(Way::BlackHole);
    }

    /// Everything arrives, what was held back first.
    pub fn heal(&self) {
        self.way.send_replace(Way::Open);
    }

    /// Connections that the server has not closed yet.
    pub fn open_at_server(&self) -> usize {
        self.at_server.load(Ordering::SeqCst)
    }
}

async fn link(
    client: TcpStream,
    server: SocketAddr,
    open: watch::Receiver<Way>,
    at_server: Arc<AtomicUsize>,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    at_server.fetch_add(1, Ordering::SeqCst);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let forth = carry(from_client, to_server, open.clone(), || {});
    let back = carry(from_server, to_client, open, || {
        at_server.fetch_sub(1, Ordering::SeqCst);
    });
    // A direction that breaks is one that nobody reads any more.
    let _broken = tokio::join!(forth, back);
}

/// Carries one direction, while the way is open. Says when the sender has ended it, which is seen in a black hole too.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    ended: impl FnOnce(),
) -> io::Result<()> {
    let mut ended = Some(ended);
    let mut held = Vec::new();
    loop {
        tokio::select! {
            read = from.read_buf(&mut held), if ended.is_some() && held.len() < HELD => {
                if !matches!(read, Ok(1..)) && let Some(ended) = ended.take() {
                    ended();
                }
            }
            is_there = opened(&mut way), if ended.is_none() || !held.is_empty() => {
                if !is_there {
                    return Ok(());
                }
                to.write_all(&held).await?;
                held.clear();
                if ended.is_none() {
                    return to.shutdown().await;
                }
            }
        }
    }
}

/// Waits until the way is open; false when there is none any more.
async fn opened(way: &mut watch::Receiver<Way>) -> bool {
    way.wait_for(|way| *way == Way::Open).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wait::eventually;

    const DEADLINE: Duration = Duration::from_secs(10);

    async fn pair() -> (Proxy, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::to(&format!("http://{}", listener.local_addr().unwrap())).await;
        let client = TcpStream::connect(proxy.address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        eventually(DEADLINE, async || proxy.open_at_server() == 1).await;
        (proxy, client, server)
    }

    async fn read(from: &mut TcpStream, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        from.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn what_was_swallowed_arrives_when_the_way_is_open_again() {
        let (proxy, mut client, mut server) = pair().await;
        client.write_all(b"one").await.unwrap();
        assert_eq!(read(&mut server, 3).await, b"one");

        proxy.swallow();
        client.write_all(b"two").await.unwrap();
        server.write_all(b"back").await.unwrap();
        let mut none = [0; 4];
        let arrived = tokio::time::timeout(Duration::from_millis(100), client.read(&mut none));
        assert!(arrived.await.is_err());
        proxy.heal();

        assert_eq!(read(&mut server, 3).await, b"two");
        assert_eq!(read(&mut client, 4).await, b"back");
    }

    #[tokio::test]
    async fn a_server_that_hangs_up_in_a_black_hole_is_seen() {
        let (proxy, mut client, server) = pair().await;
        proxy.swallow();

        drop(server);

        eventually(DEADLINE, async || proxy.open_at_server() == 0).await;
        proxy.heal();
        assert_eq!(client.read(&mut [0; 4]).await.unwrap(), 0);
    }
}

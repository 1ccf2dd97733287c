//! Stand-ins for the services around the one under test. They speak the real contracts over a real listener, keep what
//! they are told, and refuse or fall silent when a test says so.
//!
//! A service's own tests implement the generated traits of those it calls, each method with an [`Intake`], and leave the
//! methods that it never calls to [`nobody_asks!`](crate::nobody_asks). Kpi, which all of them tell, is here: [`Kpi`].

mod intake;
mod kpi;

use std::net::SocketAddr;
use std::pin::Pin;

use platform::status::{Fault, Kind};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::{Response, Status};

pub use self::intake::{Intake, Told};
pub use self::kpi::Kpi;

/// A server of some contracts on a free port of the loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct StandIn {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl StandIn {
    pub async fn serve(routes: Routes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            Server::builder()
                .add_routes(routes)
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .expect("a stand-in serves");
        });
        Self { address, task }
    }

    /// Where it is called.
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a method of a generated service trait gives back.
pub type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'f>>;

/// The answer to a call that the service under test never makes.
pub fn not_asked<'f, T: 'f>() -> Answer<'f, T> {
    Box::pin(async { Err(Fault::new(Kind::Unimplemented, "nobody should ask").to_status()) })
}

/// The methods of a contract that the service under test never calls, inside the `impl` of its generated trait:
/// `nobody_asks! { get_offer(GetOfferRequest) -> GetOfferResponse; }`.
#[macro_export]
macro_rules! nobody_asks {
    ($( $method:ident($request:ty) -> $answer:ty; )+) => { $(
        fn $method<'a: 'f, 'f>(
            &'a self,
            _request: ::tonic::Request<$request>,
        ) -> $crate::stand_in::Answer<'f, $answer>
        where
            Self: 'f,
        {
            $crate::stand_in::not_asked()
        }
    )+ };
}

#[cfg(test)]
mod tests;

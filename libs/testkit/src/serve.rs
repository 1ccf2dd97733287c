//! A service in the test's own process, over a real loopback listener on a free port: the same `run` that its binary
//! calls, with everything of the network stack in between.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::wait::eventually;

/// Longer than the grace period of a service, so that the service's own limit is what a test sees.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const READY_LIMIT: Duration = Duration::from_secs(20);

/// A running service; dropped, it is cut off at once.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// Runs a service on a free port of the loopback. `run` is the service's own, with its settings already applied:
/// `serve(|listener, shutdown| kpi::run(config, listener, shutdown)).await`.
pub async fn serve<F, Fut, E>(run: F) -> Served
where
    F: FnOnce(TcpListener, CancellationToken) -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Debug,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let running = run(listener, shutdown.clone());
    let task = tokio::spawn(async move {
        if let Err(error) = running.await {
            panic!("the service ended with {error:?}");
        }
    });
    Served {
        address,
        shutdown,
        task,
    }
}

impl Served {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client connects to.
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the service says that it serves, by the standard health check.
    pub async fn ready(self) -> Self {
        let answer = eventually(READY_LIMIT, || async {
            if self.task.is_finished() {
                return Ok(None);
            }
            health(self.uri()).await.map(Some)
        });
        assert!(
            answer.await.is_some(),
            "the service ended before it was ready"
        );
        self
    }

    /// Stops as on SIGTERM and waits for the drain; fails when the service ends with an error or not at all.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        timeout(STOP_LIMIT, &mut self.task)
            .await
            .expect("the service ends within its grace period")
            .expect("the service ends without an error");
    }

    /// Cuts the service off without a drain, as a crash does. What it had not committed is lost.
    pub async fn crash(mut self) {
        self.task.abort();
        // Only the end of the task matters here; that it was cancelled is what we asked for.
        let _cancelled = (&mut self.task).await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.task.abort();
    }
}

/// Whether the server at this address says that it can work; `Err` says why not.
pub async fn health(uri: String) -> Result<(), String> {
    let channel = Endpoint::from_shared(uri)
        .unwrap()
        .connect()
        .await
        .map_err(|error| error.to_string())?;
    let answer = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await
        .map_err(|status| status.to_string())?;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        other @ (ServingStatus::Unknown
        | ServingStatus::NotServing
        | ServingStatus::ServiceUnknown) => Err(other.as_str_name().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use tokio_stream::wrappers::TcpListenerStream;

    use super::*;

    async fn only_health(
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), tonic::transport::Error> {
        let (_reporter, health) = tonic_health::server::health_reporter();
        tonic::transport::Server::builder()
            .add_service(health)
            .serve_with_incoming_shutdown(
                TcpListenerStream::new(listener),
                shutdown.cancelled_owned(),
            )
            .await
    }

    #[tokio::test]
    async fn a_service_becomes_ready_and_stops() {
        let served = serve(only_health).await.ready().await;

        assert!(served.address().port() > 0);
        served.stop().await;
    }

    #[tokio::test]
    #[should_panic(expected = "the service ends without an error")]
    async fn an_error_of_the_service_fails_the_test() {
        let served = serve(|_listener, _shutdown| async { Err("no store") }).await;

        served.stop().await;
    }

    #[tokio::test]
    async fn a_crash_leaves_the_port_free() {
        let served = serve(|listener, _shutdown| async move {
            let _held = listener;
            pending::<Result<(), Infallible>>().await
        })
        .await;
        let address = served.address();

        served.crash().await;

        TcpListener::bind(address).await.unwrap();
    }
}

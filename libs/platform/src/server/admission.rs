//! How many calls are worked on at once. There is no queue: a call that does not fit is refused while it is cheap.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use proto::error::v1::ErrorReason;
use tokio::sync::Semaphore;
use tonic::body::Body;

use super::ServerConfig;
use super::around::{Middleware, Next};
use crate::methods;
use crate::status::{Fault, Kind};

const RETRY_AFTER: Duration = Duration::from_millis(200);

#[derive(Debug, Clone)]
pub(super) struct Admission {
    common: Arc<Semaphore>,
    pools: Arc<HashMap<&'static str, Arc<Semaphore>>>,
}

impl Admission {
    pub(super) fn new(config: &ServerConfig, pools: &[(&'static str, usize)]) -> Self {
        let pools = pools
            .iter()
            .map(|(path, calls)| (*path, Arc::new(Semaphore::new(*calls))))
            .collect();
        Self {
            common: Arc::new(Semaphore::new(config.concurrency_limit)),
            pools: Arc::new(pools),
        }
    }
}

impl Middleware for Admission {
    async fn handle<N: Next>(self, request: Request<Body>, next: N) -> Response<Body> {
        let path = request.uri().path();
        if methods::is_infrastructure(path) {
            return next.run(request).await;
        }
        // Held until the answer begins. A stream gives its place back then, since it may live for minutes; how many
        // streams there may be is for the service to say.
        let pool = self.pools.get(path).unwrap_or(&self.common);
        let Ok(_place) = pool.try_acquire() else {
            return Fault::new(Kind::Exhausted, "too many calls at once")
                .because(ErrorReason::Overloaded)
                .retry_after(RETRY_AFTER)
                .to_status()
                .into_http();
        };
        next.run(request).await
    }
}

//! Layers as plain async functions around a call.
//!
//! Each of our layers takes the request, may call what is inside, and gives an answer; none of them fails. This
//! module turns such a function into the tower layer and service that the transport wants.

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt};

/// Something done around each call.
pub(super) trait Middleware: Clone + Send + Sync + 'static {
    fn handle<N: Next>(
        self,
        request: Request<Body>,
        next: N,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// What is inside of a middleware.
pub(super) trait Next: Send + 'static {
    fn run(self, request: Request<Body>) -> impl Future<Output = Response<Body>> + Send;
}

/// The layer of a middleware.
#[derive(Debug, Clone)]
pub(super) struct Around<M>(pub(super) M);

impl<M: Clone, S> Layer<S> for Around<M> {
    type Service = AroundService<M, S>;

    fn layer(&self, inner: S) -> AroundService<M, S> {
        AroundService {
            middleware: self.0.clone(),
            inner,
        }
    }
}

/// A service with a middleware around it.
#[derive(Debug, Clone)]
pub(super) struct AroundService<M, S> {
    middleware: M,
    inner: S,
}

impl<M, S> Service<Request<Body>> for AroundService<M, S>
where
    M: Middleware,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    /// The service inside is made ready when it is called; until then a middleware may refuse the call.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let middleware = self.middleware.clone();
        let next = Inside(self.inner.clone());
        middleware.handle(request, next).map(Ok).boxed()
    }
}

struct Inside<S>(S);

impl<S> Next for Inside<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    async fn run(self, request: Request<Body>) -> Response<Body> {
        match self.0.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

//! The wire side of the service: parse, call, render.

use std::sync::Arc;

use platform::lifecycle::Tasks;
use proto::session::v1 as pb;
use proto::session::v1::session_tracking_service_server::SessionTrackingService;
use tonic::{Request, Response, Status, Streaming};

use crate::service::Service;

mod browser;
mod convert;
mod erase;
mod read;
mod record;
mod resume;
mod stream;
mod watch;

/// The generated trait over the service.
#[derive(Clone)]
pub(crate) struct Api {
    service: Arc<Service>,
    /// What streams run in, so that a stop waits for them.
    tasks: Tasks,
}

impl Api {
    pub(crate) fn new(service: Service, tasks: Tasks) -> Self {
        Self {
            service: Arc::new(service),
            tasks,
        }
    }
}

#[tonic::async_trait]
impl SessionTrackingService for Api {
    type StreamEventsStream = stream::Acknowledgements;
    type WatchSessionsStream = watch::Updates;

    async fn record_events(
        &self,
        request: Request<pb::RecordEventsRequest>,
    ) -> Result<Response<pb::RecordEventsResponse>, Status> {
        record::record_events(&self.service, request).await
    }

    async fn stream_events(
        &self,
        request: Request<Streaming<pb::StreamEventsRequest>>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        stream::stream_events(self, request)
    }

    async fn get_session(
        &self,
        request: Request<pb::GetSessionRequest>,
    ) -> Result<Response<pb::GetSessionResponse>, Status> {
        read::get_session(&self.service, request).await
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        read::list_sessions(&self.service, request).await
    }

    async fn watch_sessions(
        &self,
        request: Request<pb::WatchSessionsRequest>,
    ) -> Result<Response<Self::WatchSessionsStream>, Status> {
        watch::watch_sessions(self, request)
    }

    async fn erase_shopper(
        &self,
        request: Request<pb::EraseShopperRequest>,
    ) -> Result<Response<pb::EraseShopperResponse>, Status> {
        erase::erase_shopper(&self.service, request).await
    }
}

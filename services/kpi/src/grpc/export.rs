//! The producer of an export.

use std::sync::Arc;

use domain::fact::Fact;
use domain::id::TenantId;
use platform::status::to_status;
use platform::stream::{Outlet, StreamLimits};
use proto::kpi::v1 as pb;

use crate::error::KpiError;
use crate::report::Window;
use crate::service::Service;

/// Facts of one message.
const CHUNK: u64 = 200;

/// Messages that wait for the reader; each holds up to 200 facts, so few of them are many.
const BUFFER: usize = 8;

/// Facts that are still to be sent.
pub(super) struct Source {
    service: Arc<Service>,
    tenant: TenantId,
    window: Window,
    last: Option<Fact>,
}

pub(super) fn limits() -> StreamLimits {
    StreamLimits {
        buffer: BUFFER,
        ..StreamLimits::default()
    }
}

impl Source {
    pub(super) fn new(service: Arc<Service>, tenant: TenantId, window: Window) -> Self {
        Self {
            service,
            tenant,
            window,
            last: None,
        }
    }

    async fn next(&mut self) -> Result<Option<pb::ExportFactsResponse>, KpiError> {
        let facts = self
            .service
            .export_page(&self.tenant, self.window, CHUNK, self.last.as_ref())
            .await?;
        let Some(last) = facts.last() else {
            return Ok(None);
        };
        self.last = Some(last.clone());
        let facts = facts.into_iter().map(Into::into).collect();
        Ok(Some(pb::ExportFactsResponse { facts }))
    }
}

/// Sends all facts and ends. A reader that was cut goes on with a window from the time of its last fact: facts that
/// come twice have the same id.
pub(super) async fn produce(mut source: Source, outlet: Outlet<pb::ExportFactsResponse>) {
    loop {
        let next = tokio::select! {
            end = outlet.ended() => return outlet.close(end, None),
            next = source.next() => next,
        };
        match next {
            Ok(Some(chunk)) => {
                if let Err(end) = outlet.send(chunk).await {
                    return outlet.close(end, None);
                }
            }
            Ok(None) => return,
            Err(failure) => return outlet.fail(to_status(&failure)),
        }
    }
}

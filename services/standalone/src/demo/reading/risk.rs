//! What risk-scoring says at the end: its models, and its tables of causes.

use proto::risk::v1::{CauseTable, ListCauseTablesRequest, ListModelsRequest, Model};

use super::PAGE;
use crate::demo::clients::Doors;
use crate::demo::{DemoError, failed};

/// The models of the shop, the champion first.
pub(super) async fn models(doors: &Doors) -> Result<Vec<Model>, DemoError> {
    let request = ListModelsRequest {
        page_size: PAGE,
        page_token: String::new(),
    };
    let listed = doors.models()?.list_models(request).await;
    Ok(listed
        .map_err(failed("the models cannot be listed"))?
        .into_inner()
        .models)
}

/// The tables of causes, with how often each was right by the word of an agent.
pub(super) async fn cause_tables(doors: &Doors) -> Result<Vec<CauseTable>, DemoError> {
    let listed = doors
        .models()?
        .list_cause_tables(ListCauseTablesRequest {})
        .await;
    Ok(listed
        .map_err(failed("the tables of causes cannot be listed"))?
        .into_inner()
        .tables)
}

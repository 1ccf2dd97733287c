//! The page in the browser: it shows what it is told, and sends the answers.

use std::time::Duration;

use proto::routing::v1::shopper_service_client::ShopperServiceClient;
use proto::routing::v1::watch_invitations_response::Update;
use proto::routing::v1::{
    AcceptInvitationRequest, AnswerSurveyRequest, DeclineInvitationRequest,
    WatchInvitationsRequest, WatchInvitationsResponse,
};
use tokio::sync::oneshot;
use tonic::Streaming;

use super::word;
use crate::demo::clients::Line;
use crate::demo::{DemoError, failed, request_id};

/// An open page.
pub(super) struct Page {
    calls: ShopperServiceClient<Line>,
    updates: Streaming<WatchInvitationsResponse>,
    told: Vec<&'static str>,
    goodbye: Option<oneshot::Sender<()>>,
}

impl Page {
    pub(super) async fn open(mut calls: ShopperServiceClient<Line>) -> Result<Self, DemoError> {
        let watched = calls.watch_invitations(WatchInvitationsRequest {}).await;
        let updates = watched.map_err(failed("a page cannot watch for invitations"))?;
        Ok(Self {
            calls,
            updates: updates.into_inner(),
            told: Vec::new(),
            goodbye: None,
        })
    }

    /// What the page was told, in order.
    pub(super) fn told(&self) -> Vec<&'static str> {
        self.told.clone()
    }

    pub(super) async fn invitation(&mut self, limit: Duration) -> Result<String, DemoError> {
        self.wait(limit, "invitation", |update| match update {
            Update::Invitation(invitation) => Some(invitation.invitation_id),
            Update::Withdrawn(_)
            | Update::AgentJoined(_)
            | Update::Heartbeat(_)
            | Update::Survey(_) => None,
        })
        .await
    }

    pub(super) async fn withdrawn(&mut self, limit: Duration) -> Result<(), DemoError> {
        let is = |update| matches!(update, Update::Withdrawn(_)).then_some(());
        self.wait(limit, "withdrawal", is).await
    }

    pub(super) async fn joined(&mut self, limit: Duration) -> Result<(), DemoError> {
        let is = |update| matches!(update, Update::AgentJoined(_)).then_some(());
        self.wait(limit, "agent", is).await
    }

    /// Waits for the question after the contact, and answers it.
    pub(super) async fn survey(&mut self, limit: Duration, score: u32) -> Result<(), DemoError> {
        let asked = self
            .wait(limit, "question", |update| match update {
                Update::Survey(survey) => Some(survey.invitation_id),
                Update::Invitation(_)
                | Update::Withdrawn(_)
                | Update::AgentJoined(_)
                | Update::Heartbeat(_) => None,
            })
            .await?;
        let request = AnswerSurveyRequest {
            request_id: request_id(),
            invitation_id: asked,
            score,
        };
        let answered = self.calls.answer_survey(request).await;
        answered.map_err(failed("a question cannot be answered"))?;
        Ok(())
    }

    pub(super) async fn accept(&mut self, invitation_id: String) -> Result<(), DemoError> {
        let request = AcceptInvitationRequest {
            request_id: request_id(),
            invitation_id,
        };
        let accepted = self.calls.accept_invitation(request).await;
        accepted.map_err(failed("an invitation cannot be accepted"))?;
        Ok(())
    }

    pub(super) async fn decline(&mut self, invitation_id: String) -> Result<(), DemoError> {
        let request = DeclineInvitationRequest {
            request_id: request_id(),
            invitation_id,
        };
        let declined = self.calls.decline_invitation(request).await;
        declined.map_err(failed("an invitation cannot be declined"))?;
        Ok(())
    }

    /// Listens for a while; what comes is noted.
    pub(super) async fn silence(&mut self, length: Duration) -> Result<(), DemoError> {
        let over = tokio::time::sleep(length);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                update = self.updates.message() => {
                    let update = update.map_err(failed("a page was cut off"))?;
                    let Some(update) = update else { return Ok(()) };
                    self.note(update.update.as_ref());
                }
            }
        }
    }

    /// Keeps the conversation open until the goodbye.
    pub(super) fn keep(&mut self, goodbye: oneshot::Sender<()>) {
        self.goodbye = Some(goodbye);
    }

    /// Ends the conversation.
    pub(super) fn goodbye(&mut self) {
        if let Some(goodbye) = self.goodbye.take() {
            // An agent who has gone needs no goodbye.
            let _ = goodbye.send(());
        }
    }

    async fn wait<T>(
        &mut self,
        limit: Duration,
        awaited: &'static str,
        wanted: impl Fn(Update) -> Option<T>,
    ) -> Result<T, DemoError> {
        let end = tokio::time::Instant::now() + limit;
        loop {
            let update = tokio::time::timeout_at(end, self.updates.message()).await;
            let update = update.map_err(|_| DemoError::NotShown(awaited))?;
            let update = update.map_err(failed("a page was cut off"))?;
            let Some(WatchInvitationsResponse { update }) = update else {
                return Err(DemoError::NotShown(awaited));
            };
            self.note(update.as_ref());
            if let Some(found) = update.and_then(&wanted) {
                return Ok(found);
            }
        }
    }

    fn note(&mut self, update: Option<&Update>) {
        let told = update.map(word).filter(|word| *word != "heartbeat");
        self.told.extend(told);
    }
}

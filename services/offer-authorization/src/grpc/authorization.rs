//! The authorization service on the wire.

use domain::id::{OfferId, TenantId};
use platform::auth::Caller;
use platform::lifecycle::Tasks;
use platform::status;
use proto::field::InvalidField;
use proto::offers::v1 as pb;
use proto::offers::v1::offer_authorization_service_server::OfferAuthorizationService;
use storage::RequestKey;
use tonic::{Request, Response, Status};

use super::approvals::{self, Approvals};
use super::convert::{NamedOffer, OfferPage, actor, person, viewer};
use super::{Keyed, Write, answer, answer_page, parse, read_of, refuse, write_of};
use crate::error::OfferError;
use crate::offer::Offer;
use crate::service::{Actor, Approval, Authorization, AuthorizeOffer, CheckAuthority, Service};
use crate::token::Claims;

/// Decides on offers.
#[derive(Clone)]
pub(crate) struct AuthorizationApi {
    service: Service,
    tasks: Tasks,
}

macro_rules! keyed {
    ($( $request:ident => $method:literal ),+ $(,)?) => { $(
        impl Keyed for pb::$request {
            const METHOD: &'static str =
                concat!("/rescate.offers.v1.OfferAuthorizationService/", $method);

            fn request_id(&self) -> &str {
                &self.request_id
            }
        }
    )+ };
}

keyed! {
    RecordCaseRequest => "RecordCase",
    AuthorizeOfferRequest => "AuthorizeOffer",
    RequestApprovalRequest => "RequestApproval",
    ApproveOfferRequest => "ApproveOffer",
    DenyOfferRequest => "DenyOffer",
    ReleaseOfferRequest => "ReleaseOffer",
    RedeemOfferRequest => "RedeemOffer",
    ReverseRedemptionRequest => "ReverseRedemption",
}

/// What somebody does to one offer.
struct OnOffer {
    key: RequestKey,
    actor: Actor,
    offer: OfferId,
}

fn on_offer<T>(request: Request<T>) -> Result<OnOffer, Status>
where
    T: Keyed,
    NamedOffer: TryFrom<T, Error = InvalidField>,
{
    let Write {
        caller,
        key,
        message,
    } = write_of(request)?;
    let NamedOffer(offer) = parse(message)?;
    let actor = actor(&caller)?;
    Ok(OnOffer { key, actor, offer })
}

impl AuthorizationApi {
    /// Streams are served by `tasks`, which are awaited at the end.
    pub(crate) fn new(service: Service, tasks: Tasks) -> Self {
        Self { service, tasks }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// A held offer with its token, which is made anew and is the same each time.
    fn granted(&self, tenant: &TenantId, offer: Offer) -> Result<pb::GrantedOffer, OfferError> {
        let claims = Claims::of(tenant, &offer);
        let token = self.service.keys().sign(&claims);
        Ok(pb::GrantedOffer {
            offer_token: token.map_err(OfferError::Signing)?,
            offer: Some(offer.into()),
        })
    }

    fn authorization(
        &self,
        tenant: &TenantId,
        authorization: Authorization,
    ) -> Result<pb::AuthorizeOfferResponse, OfferError> {
        use pb::authorize_offer_response::Decision;
        let decision = match authorization {
            Authorization::Granted(offer) => Decision::Granted(self.granted(tenant, offer)?),
            Authorization::Refused(refusal) => Decision::Refused(refusal.into()),
            Authorization::ApprovalNeeded(offer) => Decision::ApprovalNeeded(offer.into()),
        };
        Ok(pb::AuthorizeOfferResponse {
            decision: Some(decision),
        })
    }

    fn approval(
        &self,
        tenant: &TenantId,
        approval: Approval,
    ) -> Result<pb::ApproveOfferResponse, OfferError> {
        use pb::approve_offer_response::Decision;
        let decision = match approval {
            Approval::Granted(offer) => Decision::Granted(self.granted(tenant, *offer)?),
            Approval::Refused(refusal) => Decision::Refused(refusal.into()),
            Approval::FirstApproved(offer) => Decision::SecondApprovalNeeded((*offer).into()),
        };
        Ok(pb::ApproveOfferResponse {
            decision: Some(decision),
        })
    }
}

#[tonic::async_trait]
impl OfferAuthorizationService for AuthorizationApi {
    type WatchApprovalsStream = Approvals;

    async fn record_case(
        &self,
        request: Request<pb::RecordCaseRequest>,
    ) -> Result<Response<pb::RecordCaseResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        let revision = self.service.record_case(key, parse(message)?).await;
        let revision = revision.map_err(status::into_status)?;
        Ok(Response::new(pb::RecordCaseResponse { revision }))
    }

    async fn check_authority(
        &self,
        request: Request<pb::CheckAuthorityRequest>,
    ) -> Result<Response<pb::CheckAuthorityResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let command = CheckAuthority::parse(&caller, message).map_err(refuse)?;
        answer(
            self.service
                .check(caller.tenant(), &viewer(&caller), command)
                .await,
        )
    }

    async fn authorize_offer(
        &self,
        request: Request<pb::AuthorizeOfferRequest>,
    ) -> Result<Response<pb::AuthorizeOfferResponse>, Status> {
        let Write {
            caller,
            key,
            message,
        } = write_of(request)?;
        let command = AuthorizeOffer::parse(person(&caller)?, message).map_err(refuse)?;
        let decided = self.service.authorize(key, command).await;
        answer(decided.and_then(|decided| self.authorization(caller.tenant(), decided)))
    }

    async fn request_approval(
        &self,
        request: Request<pb::RequestApprovalRequest>,
    ) -> Result<Response<pb::RequestApprovalResponse>, Status> {
        let OnOffer { key, actor, offer } = on_offer(request)?;
        answer(self.service.request_approval(key, actor, offer).await)
    }

    async fn approve_offer(
        &self,
        request: Request<pb::ApproveOfferRequest>,
    ) -> Result<Response<pb::ApproveOfferResponse>, Status> {
        let OnOffer { key, actor, offer } = on_offer(request)?;
        let tenant = key.tenant.clone();
        let decided = self.service.approve(key, actor, offer).await;
        answer(decided.and_then(|decided| self.approval(&tenant, decided)))
    }

    async fn deny_offer(
        &self,
        request: Request<pb::DenyOfferRequest>,
    ) -> Result<Response<pb::DenyOfferResponse>, Status> {
        let OnOffer { key, actor, offer } = on_offer(request)?;
        answer(self.service.deny(key, actor, offer).await)
    }

    async fn watch_approvals(
        &self,
        request: Request<pb::WatchApprovalsRequest>,
    ) -> Result<Response<Approvals>, Status> {
        approvals::watch_approvals(self, request).await
    }

    async fn release_offer(
        &self,
        request: Request<pb::ReleaseOfferRequest>,
    ) -> Result<Response<pb::ReleaseOfferResponse>, Status> {
        let OnOffer { key, actor, offer } = on_offer(request)?;
        answer(self.service.release(key, actor, offer).await)
    }

    async fn redeem_offer(
        &self,
        request: Request<pb::RedeemOfferRequest>,
    ) -> Result<Response<pb::RedeemOfferResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        answer(self.service.redeem(key, parse(message)?).await)
    }

    async fn reverse_redemption(
        &self,
        request: Request<pb::ReverseRedemptionRequest>,
    ) -> Result<Response<pb::ReverseRedemptionResponse>, Status> {
        let Write { key, message, .. } = write_of(request)?;
        answer(self.service.reverse(key, parse(message)?).await)
    }

    async fn get_offer(
        &self,
        request: Request<pb::GetOfferRequest>,
    ) -> Result<Response<pb::GetOfferResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let NamedOffer(offer) = parse(message)?;
        answer(
            self.service
                .get_offer(caller.tenant(), &viewer(&caller), offer)
                .await,
        )
    }

    async fn list_offers(
        &self,
        request: Request<pb::ListOffersRequest>,
    ) -> Result<Response<pb::ListOffersResponse>, Status> {
        let (caller, message) = read_of(request)?;
        let OfferPage { filter, page } = parse(message)?;
        let (tenant, viewer) = (caller.tenant(), viewer(&caller));
        answer_page(
            self.service
                .list_offers(tenant, &viewer, filter, &page)
                .await,
        )
    }

    async fn get_offer_keys(
        &self,
        request: Request<pb::GetOfferKeysRequest>,
    ) -> Result<Response<pb::GetOfferKeysResponse>, Status> {
        Caller::of(&request)?;
        let keys = self.service.keys().public().into_iter();
        let keys = keys.map(|(key_id, public_key)| pb::OfferKey { key_id, public_key });
        Ok(Response::new(pb::GetOfferKeysResponse {
            keys: keys.collect(),
        }))
    }
}

//! The names by which Cedar knows what is in the world of a question.

use std::sync::LazyLock;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use domain::remedy::RemedyKind;

use super::super::super::lines::entity_type;
use super::super::super::question::{AuthorityQuestion, GrantorRole};
use super::{Principal, Unaskable};

/// What is in the world of a question, by the names that Cedar knows it by.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) principal: EntityUid,
    pub(super) partner: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
}

/// Types of the schema.
pub(super) struct Types {
    pub(super) action: EntityTypeName,
    agent: EntityTypeName,
    supervisor: EntityTypeName,
    partner: EntityTypeName,
    pub(super) shopper: EntityTypeName,
    cart: EntityTypeName,
    order: EntityTypeName,
}

/// Read once: a name takes longer to read than a policy to answer.
static TYPES: LazyLock<Result<Types, Unaskable>> = LazyLock::new(Types::read);

impl Types {
    fn read() -> Result<Self, Unaskable> {
        let named = |name: &str| name.parse().map_err(|_| Unaskable);
        Ok(Self {
            action: named("Action")?,
            agent: named(entity_type(GrantorRole::Agent))?,
            supervisor: named(entity_type(GrantorRole::Supervisor))?,
            partner: named("Partner")?,
            shopper: named("Shopper")?,
            cart: named("Cart")?,
            order: named("Order")?,
        })
    }

    /// Those of the schema.
    pub(super) fn known() -> Result<&'static Self, Unaskable> {
        TYPES.as_ref().map_err(|unaskable| *unaskable)
    }
}

impl Names {
    pub(super) fn of(
        question: AuthorityQuestion<'_>,
        principal: &Principal,
    ) -> Result<Self, Unaskable> {
        let types = Types::known()?;
        let role = match principal.role {
            GrantorRole::Agent => &types.agent,
            GrantorRole::Supervisor => &types.supervisor,
        };
        let resource = match question.remedy {
            RemedyKind::Compensation => &types.order,
            RemedyKind::Information
            | RemedyKind::Fix
            | RemedyKind::WaiveShipping
            | RemedyKind::CutShipping
            | RemedyKind::PercentOff
            | RemedyKind::AmountOff
            | RemedyKind::ExtendedWarranty
            | RemedyKind::Perk
            | RemedyKind::PriceMatch => &types.cart,
        };
        Ok(Self {
            principal: uid(role, &principal.id),
            partner: uid(&types.partner, &principal.partner),
            action: uid(&types.action, question.remedy.as_str()),
            resource: uid(resource, "this"),
        })
    }
}

pub(super) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

//! Margin floors on the wire.

use domain::remedy::RemedyKind;
use platform::paging::PageRequest;
use proto::field::{self, InvalidField};
use proto::offers::v1 as pb;

use super::free_of_charge;
use crate::floors::{FloorScope, FloorSetting};
use crate::store::floors::FloorCursor;

/// Which page of the floors.
pub(in crate::grpc) struct FloorPage(pub(in crate::grpc) PageRequest<FloorCursor>);

impl TryFrom<pb::MarginFloor> for FloorSetting {
    type Error = InvalidField;

    fn try_from(floor: pb::MarginFloor) -> Result<Self, InvalidField> {
        let pb::MarginFloor {
            category,
            remedy,
            floor_bps,
        } = floor;
        let remedy: Option<RemedyKind> = field::read("remedy", remedy)?;
        if remedy.is_some_and(|remedy| !remedy.costs_money()) {
            return Err(free_of_charge("remedy"));
        }
        let least = floor_bps.map(|least| field::read("floor_bps", least));
        Ok(Self {
            scope: FloorScope {
                category: field::read("category", category)?,
                remedy,
            },
            least: least.transpose()?,
        })
    }
}

impl TryFrom<pb::ListMarginFloorsRequest> for FloorPage {
    type Error = InvalidField;

    fn try_from(request: pb::ListMarginFloorsRequest) -> Result<Self, InvalidField> {
        let pb::ListMarginFloorsRequest {
            page_size,
            page_token,
        } = request;
        PageRequest::parse(page_size, &page_token).map(Self)
    }
}

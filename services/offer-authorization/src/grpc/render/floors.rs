//! Margin floors, and what they leave room for.

use proto::field::WireField;
use proto::offers::v1 as pb;

use crate::floors::{FloorLimit, FloorOf, FloorScope, FloorSetting, MarginFloor};

impl From<FloorSetting> for pb::MarginFloor {
    fn from(setting: FloorSetting) -> Self {
        let FloorSetting { scope, least } = setting;
        let FloorScope { category, remedy } = scope;
        Self {
            category: category.into_wire(),
            remedy: remedy.into_wire(),
            floor_bps: least.map(WireField::into_wire),
        }
    }
}

impl From<MarginFloor> for pb::MarginFloor {
    fn from(floor: MarginFloor) -> Self {
        let MarginFloor { scope, least } = floor;
        FloorSetting {
            scope,
            least: Some(least),
        }
        .into()
    }
}

impl From<FloorLimit> for pb::BrokenMarginFloor {
    fn from(limit: FloorLimit) -> Self {
        use pb::broken_margin_floor::Part;

        let FloorLimit { of, least, most } = limit;
        let part = match of {
            FloorOf::Category(category) => Part::Category(category.into_wire()),
            FloorOf::OtherArticles => Part::OtherArticles(pb::OtherArticles {}),
            FloorOf::Programme(programme) => Part::ProgrammeId(programme.into_wire()),
        };
        Self {
            part: Some(part),
            floor_bps: least.into_wire(),
            max_amount: Some(most)
                .filter(|most| !most.is_zero())
                .and_then(WireField::into_wire),
        }
    }
}

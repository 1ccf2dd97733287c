//! Blocks. The rank of reasons is a rule of `domain`, so a block whose primary reason breaks it is refused: the sender
//! ranks differently, and reports would not add up.

use domain::block::{Block, BlockReason};

use crate::block::v1 as pb;
use crate::error::v1::ErrorReason;
use crate::field::{self, InvalidField, WireField};

impl TryFrom<pb::Block> for Block {
    type Error = InvalidField;

    fn try_from(wire: pb::Block) -> Result<Self, InvalidField> {
        let pb::Block { primary, others } = wire;
        let primary: BlockReason = field::read("primary", primary)?;
        let others: Vec<BlockReason> = field::read("others", others)?;

        Self::from_reasons(others.into_iter().chain([primary]))
            .filter(|block| block.primary() == primary)
            .ok_or_else(|| {
                let description = "must rank before all other reasons";
                InvalidField::new("primary", ErrorReason::InvalidField, description)
            })
    }
}

impl From<Block> for pb::Block {
    fn from(block: Block) -> Self {
        Self {
            primary: block.primary().into_wire(),
            others: block.others().to_vec().into_wire(),
        }
    }
}

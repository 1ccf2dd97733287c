//! STUB by R1 so that the crate compiles; R2 overwrites this file.

use domain::assessment::Assessment;
use domain::moment::Moment;
use domain::time::Timestamp;
use storage::Tx;

use super::Service;
use crate::error::RoutingError;
use crate::intervention::Intervention;
use crate::play::Play;

pub(crate) struct NewContact<'a> {
    pub(crate) intervention: &'a Intervention,
    pub(crate) play: &'a Play,
    pub(crate) moment: &'a Moment,
    pub(crate) assessment: &'a Assessment,
    pub(crate) now: Timestamp,
}

impl Service {
    pub(super) async fn start_contact(
        &self,
        _tx: &Tx,
        contact: &NewContact<'_>,
    ) -> Result<Intervention, RoutingError> {
        Ok(contact.intervention.clone())
    }

    pub(super) async fn end_contact(
        &self,
        _tx: &Tx,
        _ended: &Intervention,
        _now: Timestamp,
    ) -> Result<(), RoutingError> {
        Ok(())
    }

    pub(super) async fn session_changed(
        &self,
        _tx: &Tx,
        _live: &Intervention,
        _moment: &Moment,
    ) -> Result<(), RoutingError> {
        Ok(())
    }
}

//! What all five services say at the end, read through their public calls.

mod risk;

use std::time::Duration;

use domain::time::{Timestamp, elapsed, later};
use platform::auth::CallerKind;
use platform::clock::{Clock, SystemClock};
use proto::convert::time::{timestamp, wire_timestamp};
use proto::fact::v1::Fact;
use proto::kpi::v1::{
    AuditKpisRequest, AuditKpisResponse, ExportFactsRequest, GetExperimentRequest,
    GetExperimentResponse, KpiReport, QueryKpisRequest, Window,
};
use proto::offers::v1::{
    LedgerEntry, ListLedgerEntriesRequest, ListOffersRequest, ListProgrammesRequest,
    ListPursesRequest, Offer, Programme, Purse,
};
use proto::risk::v1::{CauseTable, Model};
use proto::routing::v1::explain_decision_request::Subject;
use proto::routing::v1::{ExplainDecisionRequest, Intervention, ListInterventionsRequest};

use super::clients::Doors;
use super::script::CURRENCY;
use super::{DemoError, failed};

/// Facts are on their way through outboxes, and the last carts turn idle: all is there when nothing has changed for so
/// long.
const QUIET: Duration = Duration::from_millis(1_900);
/// A suite that never comes to rest is read as it is; the checks will tell.
const PATIENCE: Duration = Duration::from_secs(8);

const PAGE: u32 = 200;

/// What the services say.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) kpis: KpiReport,
    pub(super) experiment: GetExperimentResponse,
    pub(super) audit: AuditKpisResponse,
    pub(super) facts: Vec<Fact>,
    /// The champion first.
    pub(super) models: Vec<Model>,
    pub(super) cause_tables: Vec<CauseTable>,
    /// The oldest first.
    pub(super) interventions: Vec<Intervention>,
    pub(super) programmes: Vec<Programme>,
    pub(super) purses: Vec<Purse>,
    pub(super) ledger: Vec<LedgerEntry>,
    pub(super) offers: Vec<Offer>,
    /// From the event of a moment to the decision on it, for every intervention.
    pub(super) decided_after: Vec<Duration>,
}

impl Reading {
    /// Waits until the figures have come to rest, then reads everything.
    pub(super) async fn settled(doors: &Doors, from: Timestamp) -> Result<Self, DemoError> {
        rest(doors, from).await?;
        let window = window(from);
        let interventions = interventions(doors).await?;
        Ok(Self {
            decided_after: decided_after(doors, &interventions).await?,
            interventions,
            kpis: kpis(doors, &window).await?,
            experiment: experiment(doors).await?,
            audit: audit(doors, &window).await?,
            facts: facts(doors, window).await?,
            models: risk::models(doors).await?,
            cause_tables: risk::cause_tables(doors).await?,
            programmes: programmes(doors).await?,
            purses: purses(doors).await?,
            ledger: ledger(doors).await?,
            offers: offers(doors).await?,
        })
    }

    /// The interventions of a session, the oldest first.
    pub(super) fn of_session(&self, session: &str) -> impl Iterator<Item = &Intervention> {
        self.interventions
            .iter()
            .filter(move |intervention| intervention.session_id == session)
    }
}

async fn rest(doors: &Doors, from: Timestamp) -> Result<(), DemoError> {
    let end = tokio::time::Instant::now() + PATIENCE;
    let mut before = None;
    while tokio::time::Instant::now() < end {
        let now = kpis(doors, &window(from)).await?;
        let figures = (now.funnel, now.offers, now.net_transaction_score);
        if before.as_ref() == Some(&figures) {
            return Ok(());
        }
        before = Some(figures);
        tokio::time::sleep(QUIET).await;
    }
    Ok(())
}

fn window(from: Timestamp) -> Window {
    let until = later(SystemClock.now(), Duration::from_secs(1));
    // Scripted shoppers were in the shop before the demo began.
    let from = domain::time::earlier(from, Duration::from_mins(10));
    Window {
        from: Some(wire_timestamp(from)),
        until: Some(wire_timestamp(until)),
    }
}

async fn kpis(doors: &Doors, window: &Window) -> Result<KpiReport, DemoError> {
    let request = QueryKpisRequest {
        window: Some(*window),
        horizon: None,
        partner_id: String::new(),
        currency: CURRENCY.to_owned(),
    };
    let asked = doors.kpis()?.query_kpis(request).await;
    let asked = asked.map_err(failed("the kpis cannot be read"))?;
    Ok(asked.into_inner().report.unwrap_or_default())
}

async fn experiment(doors: &Doors) -> Result<GetExperimentResponse, DemoError> {
    let request = GetExperimentRequest {
        experiment_id: "proactive-help".to_owned(),
        holdout_bps: None,
        horizon: None,
    };
    let asked = doors.kpis()?.get_experiment(request).await;
    Ok(asked
        .map_err(failed("the experiment cannot be read"))?
        .into_inner())
}

async fn audit(doors: &Doors, window: &Window) -> Result<AuditKpisResponse, DemoError> {
    let request = AuditKpisRequest {
        window: Some(*window),
        horizon: None,
        currency: CURRENCY.to_owned(),
    };
    let asked = doors.kpis()?.audit_kpis(request).await;
    Ok(asked
        .map_err(failed("the kpis cannot be audited"))?
        .into_inner())
}

async fn facts(doors: &Doors, window: Window) -> Result<Vec<Fact>, DemoError> {
    let request = ExportFactsRequest {
        window: Some(window),
    };
    let exported = doors.kpis()?.export_facts(request).await;
    let mut pages = exported
        .map_err(failed("facts cannot be exported"))?
        .into_inner();
    let mut facts = Vec::new();
    while let Some(page) = pages
        .message()
        .await
        .map_err(failed("facts cannot be exported"))?
    {
        facts.extend(page.facts);
    }
    Ok(facts)
}

async fn interventions(doors: &Doors) -> Result<Vec<Intervention>, DemoError> {
    let mut client = doors.interventions()?;
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListInterventionsRequest {
            session_id: String::new(),
            state: None,
            page_size: PAGE,
            page_token,
        };
        let listed = client.list_interventions(request).await;
        let page = listed
            .map_err(failed("interventions cannot be listed"))?
            .into_inner();
        all.extend(page.interventions);
        if page.next_page_token.is_empty() {
            all.reverse();
            return Ok(all);
        }
        page_token = page.next_page_token;
    }
}

async fn decided_after(
    doors: &Doors,
    interventions: &[Intervention],
) -> Result<Vec<Duration>, DemoError> {
    let mut client = doors.interventions()?;
    let mut times = Vec::with_capacity(interventions.len());
    for intervention in interventions {
        let subject = Some(Subject::InterventionId(
            intervention.intervention_id.clone(),
        ));
        let explained = client
            .explain_decision(ExplainDecisionRequest { subject })
            .await;
        let explained = explained
            .map_err(failed("a decision cannot be explained"))?
            .into_inner();
        let event = explained.moment.and_then(|moment| moment.occurred_at);
        let decided = explained.decision.and_then(|decision| decision.decided_at);
        let instants = event.zip(decided).and_then(|(event, decided)| {
            Some((timestamp(&event).ok()?, timestamp(&decided).ok()?))
        });
        times.extend(instants.map(|(event, decided)| elapsed(event, decided)));
    }
    Ok(times)
}

async fn programmes(doors: &Doors) -> Result<Vec<Programme>, DemoError> {
    let request = ListProgrammesRequest {
        page_size: PAGE,
        page_token: String::new(),
    };
    let listed = doors.programmes()?.list_programmes(request).await;
    Ok(listed
        .map_err(failed("programmes cannot be listed"))?
        .into_inner()
        .programmes)
}

async fn purses(doors: &Doors) -> Result<Vec<Purse>, DemoError> {
    let request = ListPursesRequest {
        partner_id: String::new(),
        page_size: PAGE,
        page_token: String::new(),
    };
    let listed = doors.programmes()?.list_purses(request).await;
    Ok(listed
        .map_err(failed("purses cannot be listed"))?
        .into_inner()
        .purses)
}

async fn ledger(doors: &Doors) -> Result<Vec<LedgerEntry>, DemoError> {
    let request = ListLedgerEntriesRequest {
        page_size: PAGE,
        ..ListLedgerEntriesRequest::default()
    };
    let listed = doors.programmes()?.list_ledger_entries(request).await;
    let mut entries = listed
        .map_err(failed("the ledger cannot be read"))?
        .into_inner()
        .entries;
    entries.reverse();
    Ok(entries)
}

async fn offers(doors: &Doors) -> Result<Vec<Offer>, DemoError> {
    let request = ListOffersRequest {
        page_size: PAGE,
        ..ListOffersRequest::default()
    };
    let listed = doors
        .offers(CallerKind::Operator)?
        .list_offers(request)
        .await;
    Ok(listed
        .map_err(failed("offers cannot be listed"))?
        .into_inner()
        .offers)
}

//! Requests are what the schema says they are, and shares are exact.

use cedar_policy::Schema;
use domain::channel::Channel;
use domain::id::PersonId;
use domain::remedy::RemedyKind;
use proptest::prelude::*;
use testkit::builders::{bps, usd};
use testkit::clock::start;
use testkit::ids::nth;

use super::super::super::compiled::SCHEMA;
use super::super::super::question::{Certificate, Circumstances, Grantor, History, Standing};
use super::shown::{share_down, share_up};
use super::*;
use crate::samples::{ana, policy};

fn all_that_can_be_known() -> Circumstances {
    Circumstances {
        standing: Standing {
            tier: Some("team_leader".parse().unwrap()),
            certificates: vec![Certificate {
                name: "pci".parse().unwrap(),
                expires_at: start(),
            }],
        },
        person: Some(PersonId::Visitor(nth(1))),
        margin: Some(usd(9_000)),
        remedies_held: vec![RemedyKind::PercentOff],
        channel: Some(Channel::Chat),
        approvals: 1,
        history: History { had: 3, unused: 1 },
    }
}

/// Requests are made without the schema, which would only cost time: that they fit it is proven here, for all remedies,
/// roles and causes, whether much is known or nothing.
#[test]
fn every_request_fits_the_schema() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let policy = policy();
    for circumstances in [Circumstances::default(), all_that_can_be_known()] {
        for role in GrantorRole::ALL {
            for remedy in RemedyKind::ALL.iter().filter(|remedy| remedy.costs_money()) {
                let grantor = Grantor::Person(*role, ana());
                let question = AuthorityQuestion {
                    grantor: &grantor,
                    remedy: *remedy,
                    cause: Cause::UnexpectedCost,
                    cart_value: usd(20_000),
                    amount: usd(1_000),
                    granted: usd(0),
                    circumstances: &circumstances,
                    now: start(),
                };
                let slice = policy.slice(*role, *remedy).unwrap();
                let asker = Asker::new(slice, question, &Principal::person(*role, &ana()));
                for cause in Cause::ALL {
                    let facts = Facts {
                        cause: *cause,
                        ..Facts::of(question)
                    };
                    fits(&schema, &asker, facts);
                }
            }
        }
    }
}

fn fits(schema: &Schema, asker: &Asker<'_>, facts: Facts) {
    let question = asker.question;
    let all = of_amount(question, facts).into_iter();
    let all = all.chain(beside_amount(question, facts));
    let all = all.filter_map(|(name, shown)| Some((name, shown?)));
    let context = context(all).unwrap();
    let Names {
        principal,
        action,
        resource,
        ..
    } = asker.names().unwrap().clone();
    Request::new(principal, action, resource, context, Some(schema)).unwrap();
    let entities = asker.entities_at(facts.now).unwrap();
    let kept = entities
        .iter()
        .filter(|entity| entity.uid().type_name().basename() != "Action");
    Entities::from_entities(kept.cloned(), Some(schema)).unwrap();
}

proptest! {
    #[test]
    fn a_share_allows_exactly_what_money_says(value in 0_i64..100_000, total in 0_i64..100_000, share in 0_u32..=10_000) {
        let most = usd(value).share(bps(share)).minor_units();

        prop_assert_eq!(share_up(total, value) <= i64::from(share), total <= most);
    }

    #[test]
    fn no_amount_overflows(total in 0..i64::MAX, value in 1..i64::MAX, left: i64) {
        let (up, down) = (share_up(total, value), share_down(left, value));

        prop_assert!(up >= 0 && (down < 0) == (left < 0));
    }
}

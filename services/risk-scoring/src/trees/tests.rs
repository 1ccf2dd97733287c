use domain::signal::SignalKind;
use proptest::prelude::*;

use super::check::NodeFault;
use super::*;
use crate::score::{probability, sum};
use crate::scorecard::Reason;

/// Asks for the hour, then on the left for the orders; covers 4 + 6, of which the left are 1 + 3.
fn tree() -> Tree {
    Tree {
        feature: vec![0, 1, -1, -1, -1],
        below: vec![12.0, 1.0, 0.0, 0.0, 0.0],
        left: vec![1, 2, 0, 0, 0],
        right: vec![4, 3, 0, 0, 0],
        missing_left: vec![1, 0, 0, 0, 0],
        cover: vec![10.0, 4.0, 1.0, 3.0, 6.0],
        leaf: vec![0.0, 0.0, 0.8, -0.4, 0.3],
    }
}

fn parts() -> TreesParts {
    TreesParts {
        baseline_log_odds: 0.5,
        calibration: Calibration {
            slope: 2.0,
            intercept: -0.25,
        },
        features: vec![Feature::LocalHour, Feature::EarlierOrders],
        trees: vec![tree()],
        lines: Vec::new(),
    }
}

fn told(values: &[(Feature, f64)]) -> (f64, Vec<(String, f64)>) {
    let trees = BoostedTrees::new(&parts()).unwrap();
    let score = trees.score(&values.iter().copied().collect());
    let factors = score.factors.iter();
    let told = factors.map(|factor| (factor.name.as_str().to_owned(), factor.log_odds.get()));
    (score.baseline.get(), told.collect())
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-12
}

#[test]
fn each_step_is_credited_to_the_feature_that_was_asked() {
    // By hand: the inner node on the left is (0.8 - 3 * 0.4) / 4 = -0.1, the root (4 * -0.1 + 6 * 0.3) / 10 = 0.14.
    let (baseline, factors) = told(&[(Feature::LocalHour, 11.0), (Feature::EarlierOrders, 1.0)]);
    assert!(close(baseline, 2.0 * (0.5 + 0.14) - 0.25));
    assert_eq!(factors[0].0, "earlier_orders");
    assert!(close(factors[0].1, 2.0 * (-0.4 + 0.1)));
    assert_eq!(factors[1].0, "local_hour");
    assert!(close(factors[1].1, 2.0 * (-0.1 - 0.14)));
}

#[test]
fn a_value_at_the_threshold_goes_right_and_a_missing_one_where_the_node_says() {
    let hour = |value| told(&[(Feature::LocalHour, value)]).1;
    assert_eq!(hour(12.0).len(), 1, "right, to the leaf");
    assert_eq!(hour(11.999).len(), 2);
    assert_eq!(told(&[]).1, hour(3.0), "missing goes left");
}

#[test]
fn lines_stand_beside_the_trees() {
    let line = Line {
        feature: Feature::Progressing,
        at_least: 1.0,
        below: None,
        log_odds: -0.4,
        reason: Reason::parse("a step lately").unwrap(),
    };
    let with_line = TreesParts {
        lines: vec![line.clone()],
        ..parts()
    };
    let trees = BoostedTrees::new(&with_line).unwrap();
    let features: SessionFeatures = [(Feature::Progressing, 1.0)].into_iter().collect();
    let plain = BoostedTrees::new(&parts()).unwrap();
    assert!(close(trees.raw(&features), plain.raw(&features) - 0.4));

    let twice = TreesParts {
        lines: vec![Line {
            feature: Feature::LocalHour,
            ..line
        }],
        ..parts()
    };
    assert_eq!(BoostedTrees::new(&twice), Err(InvalidTrees::Overlap));
}

/// A tree that asks so many questions one after the other.
fn chain(questions: usize) -> Tree {
    let mut tree = Tree::default();
    for at in 0..=2 * questions {
        let split = at % 2 == 0 && at < 2 * questions;
        let child = |number: usize| u32::try_from(if split { number } else { 0 }).unwrap();
        tree.feature.push(if split { 0 } else { -1 });
        tree.below.push(if split { 1.0 } else { 0.0 });
        tree.left.push(child(at + 1));
        tree.right.push(child(at + 2));
        tree.missing_left.push(0);
        tree.cover.push(1.0);
        tree.leaf.push(0.0);
    }
    tree
}

#[test]
fn trees_that_are_deeper_than_any_trainer_makes_them_are_refused() {
    let of_depth = |questions| {
        BoostedTrees::new(&TreesParts {
            trees: vec![chain(questions)],
            ..parts()
        })
    };
    assert!(of_depth(64).is_ok());
    let refused = of_depth(65).unwrap_err();
    assert!(
        matches!(
            refused,
            InvalidTrees::Node {
                fault: NodeFault::Depth,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn trees_that_cannot_be_walked_are_refused() {
    let refused = |change: &dyn Fn(&mut Tree)| {
        let mut parts = parts();
        change(&mut parts.trees[0]);
        let fault = BoostedTrees::new(&parts).unwrap_err();
        let InvalidTrees::Node { node, fault, .. } = fault else {
            panic!("{fault}");
        };
        (node, fault)
    };
    assert_eq!(refused(&|tree| tree.left[1] = 0), (1, NodeFault::Children));
    assert_eq!(refused(&|tree| tree.left[1] = 9), (1, NodeFault::Children));
    assert_eq!(refused(&|tree| tree.left[1] = 3), (1, NodeFault::Children));
    assert_eq!(
        refused(&|tree| tree.feature[1] = 2),
        (1, NodeFault::Feature)
    );
    assert_eq!(
        refused(&|tree| tree.below[0] = f64::NAN),
        (0, NodeFault::Threshold)
    );
    assert_eq!(
        refused(&|tree| tree.missing_left[0] = 2),
        (0, NodeFault::Missing)
    );
    assert_eq!(refused(&|tree| tree.cover[2] = 0.0), (2, NodeFault::Cover));
    assert_eq!(
        refused(&|tree| tree.leaf[4] = f64::INFINITY),
        (4, NodeFault::Leaf)
    );
    assert_eq!(
        refused(&|tree| tree.leaf.truncate(4)),
        (0, NodeFault::Columns)
    );
}

#[test]
fn signs_that_must_be_so_are_held() {
    let parts = |feature| TreesParts {
        features: vec![feature, Feature::EarlierOrders],
        ..parts()
    };
    let refused = |feature| BoostedTrees::new(&parts(feature)).unwrap_err();
    let node = |fault| InvalidTrees::Node {
        tree: 0,
        node: 0,
        fault,
    };
    let declined = Feature::Count(SignalKind::PaymentDeclined);
    assert_eq!(refused(declined), node(NodeFault::Falls));
    assert_eq!(refused(Feature::Progressing), node(NodeFault::Rises));
}

#[test]
fn parts_that_are_no_model_are_refused() {
    let refused = |change: &dyn Fn(&mut TreesParts)| {
        let mut parts = parts();
        change(&mut parts);
        BoostedTrees::new(&parts).unwrap_err()
    };
    assert_eq!(refused(&|parts| parts.trees.clear()), InvalidTrees::Count);
    assert_eq!(
        refused(&|parts| parts.features[1] = Feature::LocalHour),
        InvalidTrees::Features
    );
    assert_eq!(
        refused(&|parts| parts.baseline_log_odds = f64::NAN),
        InvalidTrees::Baseline
    );
    assert!(matches!(
        refused(&|parts| parts.calibration.slope = -1.0),
        InvalidTrees::Calibration(_)
    ));
}

#[test]
fn trees_that_do_not_fit_their_places_are_refused() {
    // A full tree of so many leaves, each question of which asks at a value of its own.
    let fan = |leaves: usize| {
        let mut tree = Tree::default();
        for at in 0..2 * leaves - 1 {
            let inner = at < leaves - 1;
            let child = |number: usize| u32::try_from(if inner { number } else { 0 }).unwrap();
            tree.feature.push(if inner { 0 } else { -1 });
            tree.below.push(if inner {
                f64::from(u32::try_from(at).unwrap())
            } else {
                0.0
            });
            tree.left.push(child(2 * at + 1));
            tree.right.push(child(2 * at + 2));
            tree.missing_left.push(0);
            tree.cover.push(1.0);
            tree.leaf.push(0.0);
        }
        tree
    };
    let of = |trees: Vec<Tree>| BoostedTrees::new(&TreesParts { trees, ..parts() });
    assert!(of(vec![fan(32_768)]).is_ok(), "65,535 nodes");
    assert_eq!(of(vec![fan(32_769)]), Err(InvalidTrees::Size));
    let shifted = |by: f64| {
        let mut tree = fan(30_000);
        tree.below.iter_mut().for_each(|below| *below += by);
        tree
    };
    assert!(of(vec![shifted(0.0), shifted(0.25)]).is_ok());
    let values = of(vec![shifted(0.0), shifted(0.25), shifted(0.5)]);
    assert_eq!(
        values,
        Err(InvalidTrees::Size),
        "89,997 values of one feature"
    );
}

#[test]
fn a_value_on_or_beside_any_threshold_goes_where_the_plain_walk_leads() {
    let model = BoostedTrees::new(&parts()).unwrap();
    for below in [-0.0, 0.0, 1.0, 12.0, f64::MAX, f64::MIN] {
        for hour in [below.next_down(), below, below.next_up()] {
            if !hour.is_finite() {
                continue;
            }
            for orders in [None, Some(0.0), Some(1.0_f64.next_down()), Some(1.0)] {
                let mut features = SessionFeatures::default();
                features.set(Feature::LocalHour, hour);
                features.set(Feature::EarlierOrders, orders.unwrap_or_default());
                let expected = 0.5 + leaf(&tree(), [Some(hour), Some(orders.unwrap_or_default())]);
                assert!(close(model.raw(&features), expected), "{hour} {orders:?}");
            }
        }
    }
}

/// A random tree of depth 3 at most over two features, with its columns in order.
fn any_tree() -> impl Strategy<Value = Tree> {
    let node = (
        0_i16..2,
        0.0..24.0_f64,
        0_u8..2,
        1.0..9.0_f64,
        -2.0..2.0_f64,
    );
    proptest::collection::vec(node, 15).prop_map(|nodes| {
        let mut tree = Tree::default();
        for (at, (feature, below, missing_left, cover, leaf)) in nodes.into_iter().enumerate() {
            let inner = at < 7;
            tree.feature.push(if inner { feature } else { -1 });
            tree.below.push(below);
            tree.missing_left.push(missing_left);
            tree.cover.push(cover);
            tree.leaf.push(if inner { 0.0 } else { leaf });
            let child = u32::try_from(2 * at + 1).unwrap();
            tree.left.push(if inner { child } else { 0 });
            tree.right.push(if inner { child + 1 } else { 0 });
        }
        tree
    })
}

/// The leaf that a tree gives, walked in the plainest way.
fn leaf(tree: &Tree, values: [Option<f64>; 2]) -> f64 {
    let mut at = 0;
    while let Ok(feature) = usize::try_from(tree.feature[at]) {
        let left =
            values[feature].map_or(tree.missing_left[at] == 1, |value| value < tree.below[at]);
        at = usize::try_from(if left { tree.left[at] } else { tree.right[at] }).unwrap();
    }
    tree.leaf[at]
}

proptest! {
    #[test]
    fn factors_and_baseline_are_the_score(
        trees in proptest::collection::vec(any_tree(), 1..8),
        hour in proptest::option::of(0.0..24.0_f64),
        orders in 0.0..24.0_f64,
    ) {
        let expected = 0.5 + trees.iter().map(|tree| leaf(tree, [hour, Some(orders)])).sum::<f64>();
        let model = BoostedTrees::new(&TreesParts { trees, ..parts() }).unwrap();
        let mut features = SessionFeatures::default();
        features.set(Feature::EarlierOrders, orders);
        if let Some(hour) = hour {
            features.set(Feature::LocalHour, hour);
        }
        let score = model.score(&features);
        prop_assert_eq!(probability(sum(score.baseline, &score.factors)), score.abandonment);
        let calibrated = 2.0 * expected - 0.25;
        prop_assert!((sum(score.baseline, &score.factors) - calibrated).abs() < 1e-9);
        prop_assert_eq!(model.score(&features), score);
    }
}

//! What one decision of a policy costs, without a wire and a store: where the question is another one each time, so that it is
//! put to Cedar, and where it was asked before.
//!
//! `cargo bench -p offer-authorization`. Limit: 40 µs with 100 policies, of which one allows it.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use offer_authorization::measuring::Decision;

fn decisions(criterion: &mut Criterion) {
    for policies in [1, 10, 100] {
        let decision = Decision::among(policies).unwrap();
        assert!(decision.is_allowed(0));
        let mut amount = 0_u32;
        criterion.bench_function(&format!("decide/{policies} policies"), |bencher| {
            bencher.iter(|| {
                amount = amount.wrapping_add(1);
                black_box(&decision).is_allowed(amount)
            });
        });
        criterion.bench_function(&format!("decide again/{policies} policies"), |bencher| {
            bencher.iter(|| black_box(&decision).is_allowed(0));
        });
    }
}

criterion_group!(benches, decisions);
criterion_main!(benches);

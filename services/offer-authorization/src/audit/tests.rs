//! P7: whatever is done to a trail is found.

use proptest::prelude::*;
use testkit::builders::tenant;
use testkit::clock::start;

use super::*;

const LENGTH: usize = 12;

fn note(number: usize) -> Note {
    Note {
        kind: AuditKind::Granted,
        subject: format!("off_{number}"),
        body: format!("{{\"amount\":{number}}}"),
        by: (number != 5).then(|| "ops".to_owned()),
    }
}

fn trail() -> Vec<Entry> {
    let mut head = Head::none();
    let mut entries = Vec::new();
    for number in 1..=LENGTH {
        let entry = head.next(&tenant(), note(number), start());
        head = entry.head();
        entries.push(entry);
    }
    entries
}

/// What is found in a trail that was written whole, with a checkpoint at its eighth entry.
fn found(entries: &[Entry]) -> Vec<Fault> {
    let whole = trail();
    let seen = &whole[7];
    let checkpoint = Checkpoint {
        tenant: tenant(),
        number: seen.number,
        hash: seen.hash.clone(),
        at_ms: seen.at_ms,
    };
    found_after(entries, &[checkpoint], &whole[LENGTH - 1].head())
}

fn found_after(entries: &[Entry], checkpoints: &[Checkpoint], head: &Head) -> Vec<Fault> {
    let tenant = tenant();
    let mut chain = Chain::new(&tenant, checkpoints);
    for entry in entries {
        chain.take(entry);
    }
    chain.finish(head)
}

#[test]
fn a_trail_that_nobody_touched_is_sound() {
    assert_eq!(found(&trail()), []);
    assert_eq!(found_after(&[], &[], &Head::none()), []);
}

#[test]
fn a_trail_of_another_tenant_is_not_ours() {
    let other = TenantId::parse("other").unwrap();
    let mut chain = Chain::new(&other, &[]);
    for entry in trail() {
        chain.take(&entry);
    }
    let faults = chain.finish(&trail()[LENGTH - 1].head());
    assert_eq!(faults.len(), LENGTH, "{faults:?}");
}

#[test]
fn a_tail_that_was_cut_is_found() {
    for left in 0..LENGTH {
        let cut = &trail()[..left];
        let fault = Fault::Cut {
            found: i64::try_from(left).unwrap(),
            expected: 12,
        };
        assert!(found(cut).contains(&fault), "{left} left");
    }
}

#[test]
fn a_tail_that_was_cut_with_its_head_is_found_by_the_checkpoint() {
    let whole = trail();
    let seen = whole[7].head();
    let checkpoint = Checkpoint {
        tenant: tenant(),
        number: seen.number,
        hash: seen.hash,
        at_ms: 0,
    };
    let cut = &whole[..5];

    let faults = found_after(cut, &[checkpoint], &cut[4].head());

    assert_eq!(
        faults,
        [Fault::Cut {
            found: 5,
            expected: 8
        }]
    );
}

#[test]
fn a_trail_that_was_written_anew_is_found_by_the_checkpoint() {
    let mut head = Head::none();
    let mut entries = Vec::new();
    for number in 1..=LENGTH {
        let told = if number == 3 { note(99) } else { note(number) };
        let entry = head.next(&tenant(), told, start());
        head = entry.head();
        entries.push(entry);
    }
    let seen = trail()[7].head();
    let checkpoint = Checkpoint {
        tenant: tenant(),
        number: seen.number,
        hash: seen.hash,
        at_ms: 0,
    };

    assert_eq!(
        found_after(&entries, &[], &head),
        [],
        "the chain alone is sound"
    );
    assert_eq!(
        found_after(&entries, &[checkpoint], &head),
        [Fault::NotAsSigned(8)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_flipped_character_is_found(at in 0..LENGTH, field in 0..6_usize, place in 0..64_usize) {
        let mut entries = trail();
        let entry = &mut entries[at];
        let text = match field {
            0 => &mut entry.kind,
            1 => &mut entry.subject,
            2 => &mut entry.body,
            3 => &mut entry.previous,
            4 => entry.by.get_or_insert_with(|| "ops".to_owned()),
            _ => &mut entry.hash,
        };
        let place = place % text.len();
        let flipped = if text.as_bytes()[place] == b'0' { "1" } else { "0" };
        text.replace_range(place..=place, flipped);

        prop_assert!(!found(&entries).is_empty());
    }

    #[test]
    fn whoever_is_named_in_an_entry_cannot_be_taken_out(at in 0..LENGTH) {
        let mut entries = trail();
        entries[at].by = match entries[at].by {
            Some(_) => None,
            None => Some(String::new()),
        };

        prop_assert!(!found(&entries).is_empty());
    }

    #[test]
    fn a_changed_number_or_time_is_found(at in 0..LENGTH, by in prop_oneof![-9_i64..0, 1_i64..9], time: bool) {
        let mut entries = trail();
        if time {
            entries[at].at_ms += by;
        } else {
            entries[at].number += by;
            entries.sort_by_key(|entry| entry.number);
        }

        prop_assert!(!found(&entries).is_empty());
    }

    #[test]
    fn a_removed_entry_is_found(at in 0..LENGTH) {
        let mut entries = trail();
        entries.remove(at);

        prop_assert!(!found(&entries).is_empty());
    }

    #[test]
    fn swapped_entries_are_found(one in 0..LENGTH, other in 0..LENGTH, keep_numbers: bool) {
        prop_assume!(one != other);
        let mut entries = trail();
        entries.swap(one, other);
        if keep_numbers {
            let (first, second) = (entries[one].number, entries[other].number);
            entries[one].number = second;
            entries[other].number = first;
        }

        prop_assert!(!found(&entries).is_empty());
    }

    #[test]
    fn an_entry_that_comes_twice_is_found(at in 0..LENGTH) {
        let mut entries = trail();
        let again = entries[at].clone();
        entries.insert(at, again);

        prop_assert!(!found(&entries).is_empty());
    }
}

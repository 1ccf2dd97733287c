//! The compact form of a session: what stays in memory while it rests, and its checkpoint in the store.

use super::{LogPlace, Past, Session, Stated};
use crate::packed::{Pack, Unreadable};

/// INVARIANT: a session is packed after it was decided on, so that no contact is left out.
impl Pack for Session {
    fn pack(&self, out: &mut Vec<u8>) {
        let Self {
            memory,
            revision,
            due,
            decided_at,
            places,
            shown,
            state,
            ids,
            past: _,
            refold: _,
            contacts: _,
            stated: _,
        } = self;
        // First, because timers read it alone.
        due.pack(out);
        revision.pack(out);
        decided_at.pack(out);
        shown.pack(out);
        pack_places(places, out);
        ids.pack(out);
        memory.pack(out);
        state.pack(out);
    }

    fn unpack(bytes: &mut &[u8]) -> Result<Self, Unreadable> {
        Ok(Self {
            due: Pack::unpack(bytes)?,
            revision: Pack::unpack(bytes)?,
            decided_at: Pack::unpack(bytes)?,
            shown: Pack::unpack(bytes)?,
            places: unpack_places(bytes)?,
            ids: Pack::unpack(bytes)?,
            memory: Pack::unpack(bytes)?,
            state: Pack::unpack(bytes)?,
            past: Past::unknown(),
            refold: false,
            contacts: Vec::new(),
            stated: Stated::default(),
        })
    }
}

/// Each as the distance to the one before, which is short.
fn pack_places(places: &[LogPlace], out: &mut Vec<u8>) {
    let mut steps = Vec::with_capacity(places.len());
    let mut last = 0_u64;
    for place in places {
        steps.push((place.partition, place.sequence.wrapping_sub(last)));
        last = place.sequence;
    }
    steps.pack(out);
}

fn unpack_places(bytes: &mut &[u8]) -> Result<Vec<LogPlace>, Unreadable> {
    let steps: Vec<(u16, u64)> = Pack::unpack(bytes)?;
    let mut last = 0_u64;
    let places = steps.into_iter().map(|(partition, step)| {
        last = last.wrapping_add(step);
        LogPlace {
            partition,
            sequence: last,
        }
    });
    Ok(places.collect())
}

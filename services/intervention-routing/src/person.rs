//! Who is who: a person whom we know goes by two names, their own and that of the browser they are met in.

use domain::id::{PersonId, VisitorId};

/// All names of a person, the one that says most first: an arm, a cap and a cool-down hold for each of them.
pub(crate) fn names(person: PersonId, visitor: VisitorId) -> Vec<PersonId> {
    let browser = PersonId::Visitor(visitor);
    if person == browser {
        vec![browser]
    } else {
        vec![person, browser]
    }
}

//! Policies as Cedar reads them: parsed, checked against the schema, and sorted by who could be meant.
//!
//! A request for one remedy by one role can only ever be decided by the policies whose head fits both, so those are picked
//! out once for each version and kept. What no policy allows is refused, and a policy that cannot be worked out refuses
//! all that it might have forbidden.

mod depth;
mod literals;
mod sight;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::thread;

use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint, Schema,
    ValidationMode, Validator,
};
use domain::offer::OfferRefusal;
use domain::remedy::RemedyKind;
use thiserror::Error;

use super::answers::Answers;
use super::lines::{Grant, entity_type, in_cedar};
use super::question::{GrantorRole, PolicyName};
use crate::case::CaseAgent;
use depth::{MAX_DEPTH, MAX_OPERATORS};
use literals::{Literals, Unclear};
use sight::Sight;

/// What a policy can speak of.
pub(super) const SCHEMA: &str = include_str!("schema.cedarschema");

/// Most policies of a version, its lines included.
pub(crate) const MAX_POLICIES: usize = 200;

/// Stack of the thread that reads a version, in bytes. Memory that is not touched costs nothing.
const STACK: usize = 32 * 1024 * 1024;

/// The action that all money remedies belong to.
pub(super) const MONEY: &str = "money";

/// Says what a `forbid` means to whoever is refused: the word of an [`OfferRefusal`].
const REFUSAL: &str = "refusal";
/// The name of a policy.
const NAME: &str = "id";

static VALIDATOR: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    Schema::from_cedarschema_str(SCHEMA)
        .map(|(schema, _)| Validator::new(schema))
        .map_err(|fault| fault.to_string())
});

/// Why a text is no authority policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum PolicyFault {
    /// It cannot be read.
    #[error("is no Cedar: {0}")]
    Syntax(String),
    /// It cannot be read now.
    #[error("cannot be read now: there is no thread for it")]
    NoThread,
    /// It would take more memory to read than there is for it.
    #[error(
        "must hold no policy of more than {MAX_OPERATORS} bytes or with more than {MAX_DEPTH} brackets in each other"
    )]
    TooDeep,
    /// It speaks of what an offer does not have.
    #[error("does not fit the schema: {0}")]
    Schema(String),
    /// It has nothing to say.
    #[error("must hold at least one policy")]
    Empty,
    /// It is too long.
    #[error("must hold at most {MAX_POLICIES} policies")]
    TooMany,
    /// A policy cannot be named in an answer.
    #[error("policy {0} needs an `@id` of 1 to 64 visible ASCII characters")]
    Unnamed(usize),
    /// Two policies would be one in an answer.
    #[error("`{0}` names two policies")]
    NamedTwice(PolicyName),
    /// A refusal would have a meaning that nobody knows.
    #[error("`@refusal` of `{0}` must be the word of a refusal")]
    Refusal(PolicyName),
    /// The end of an authority could not be found.
    #[error("a datetime of `{0}` must be in UTC")]
    OutsideUtc(PolicyName),
    /// The end of an authority could not be found.
    #[error("`{0}` must compare `context.now` with datetimes as they are written")]
    Reckoned(PolicyName),
    /// A policy names somebody or a partner as nobody can be called, and would never be about anybody.
    #[error("`{0}` names a person who is not `partner/name`, or a partner whom nobody can be")]
    Nobody(PolicyName),
    /// A policy has holes.
    #[error("must hold no templates")]
    Template,
}

/// The policies of a version that can decide on one remedy of one role.
#[derive(Debug, Default)]
pub(super) struct Slice {
    pub(super) policies: PolicySet,
    /// Whether one of them allows anything.
    pub(super) permits: bool,
    /// What refused offers are told, where a policy says it.
    pub(super) refusals: BTreeMap<PolicyId, OfferRefusal>,
    pub(super) literals: Literals,
    pub(super) sight: Sight,
    /// What they have answered so far. A version never changes, so its answers stay good.
    pub(super) answers: Answers,
}

/// A policy with what is worth knowing of it.
#[derive(Debug)]
struct Known {
    policy: Policy,
    /// What refused offers are told, where it says that.
    refusal: Option<OfferRefusal>,
    literals: Literals,
    sight: Sight,
}

/// A version of a policy, ready to decide.
#[derive(Debug)]
pub(crate) struct CompiledPolicy {
    version: u32,
    slices: BTreeMap<(GrantorRole, RemedyKind), Slice>,
}

impl CompiledPolicy {
    /// Reads the lines and the Cedar text of a version.
    ///
    /// # Errors
    /// [`PolicyFault`]: what is wrong, for its author.
    pub(crate) fn new(version: u32, lines: &[Grant], text: &str) -> Result<Self, PolicyFault> {
        // INVARIANT: Cedar reads by recursion, and what `depth` lets through fits this stack many times over.
        thread::scope(|scope| {
            let reader = thread::Builder::new().stack_size(STACK);
            let reader = reader.spawn_scoped(scope, || Self::read(version, lines, text));
            match reader.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(policy)) => policy,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                Err(_) => Err(PolicyFault::NoThread),
            }
        })
    }

    fn read(version: u32, lines: &[Grant], text: &str) -> Result<Self, PolicyFault> {
        let mut named = read(&in_cedar(lines))?;
        named.extend(read(text)?);
        if named.is_empty() {
            return Err(PolicyFault::Empty);
        }
        if named.len() > MAX_POLICIES {
            return Err(PolicyFault::TooMany);
        }
        require_valid(&named)?;
        let named: Vec<Known> = named.into_iter().map(Known::of).collect::<Result<_, _>>()?;
        let mut slices = BTreeMap::new();
        for role in GrantorRole::ALL {
            for remedy in RemedyKind::ALL.iter().filter(|remedy| remedy.costs_money()) {
                slices.insert((*role, *remedy), Slice::of(&named, *role, *remedy));
            }
        }
        Ok(Self { version, slices })
    }

    /// The version of the policy.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Whether a policy is about this person by name.
    pub(crate) fn names(&self, person: &CaseAgent) -> bool {
        let id = person.to_string();
        let mut slices = self.slices.values();
        slices.any(|slice| slice.literals.persons.contains(&id))
    }

    pub(super) fn slice(&self, role: GrantorRole, remedy: RemedyKind) -> Option<&Slice> {
        self.slices.get(&(role, remedy))
    }
}

/// The policies of a text, each with its own name for an id.
fn read(text: &str) -> Result<Vec<(PolicyName, Policy)>, PolicyFault> {
    if !depth::is_bounded(text) {
        return Err(PolicyFault::TooDeep);
    }
    let set: PolicySet = text
        .parse()
        .map_err(|fault: cedar_policy::ParseErrors| PolicyFault::Syntax(fault.to_string()))?;
    if set.templates().next().is_some() {
        return Err(PolicyFault::Template);
    }
    let mut policies: Vec<&Policy> = set.policies().collect();
    // Cedar numbers the policies of a text and keeps no order: `policy2` comes before `policy10`.
    policies.sort_by_key(|policy| {
        let id = policy.id().to_string();
        (id.len(), id)
    });
    let named = policies.into_iter().zip(1_usize..).map(|(policy, number)| {
        let name = policy.annotation(NAME).and_then(PolicyName::parse);
        let name = name.ok_or(PolicyFault::Unnamed(number))?;
        let policy = policy.new_id(PolicyId::new(name.as_str()));
        Ok((name, policy))
    });
    named.collect()
}

fn require_valid(named: &[(PolicyName, Policy)]) -> Result<(), PolicyFault> {
    let mut set = PolicySet::new();
    for (name, policy) in named {
        set.add(policy.clone())
            .map_err(|_| PolicyFault::NamedTwice(name.clone()))?;
    }
    let validator = VALIDATOR
        .as_ref()
        .map_err(|fault| PolicyFault::Schema(fault.clone()))?;
    let result = validator.validate(&set, ValidationMode::Strict);
    match result.validation_errors().next() {
        None => Ok(()),
        Some(fault) => Err(PolicyFault::Schema(fault.to_string())),
    }
}

impl Known {
    fn of((name, policy): (PolicyName, Policy)) -> Result<Self, PolicyFault> {
        let refusal = policy.annotation(REFUSAL).map(OfferRefusal::parse);
        let refusal = refusal
            .transpose()
            .map_err(|_| PolicyFault::Refusal(name.clone()))?;
        let (mut literals, mut sight) = (Literals::default(), Sight::default());
        // INVARIANT: a policy whose form cannot be read is not one whose turns are known.
        let form = policy.to_json();
        let form = form.map_err(|_| PolicyFault::Reckoned(name.clone()))?;
        sight.take(&form);
        match literals.take(&form) {
            Ok(()) => Ok(Self {
                policy,
                refusal,
                literals,
                sight,
            }),
            Err(Unclear::OutsideUtc) => Err(PolicyFault::OutsideUtc(name)),
            Err(Unclear::Reckoned) => Err(PolicyFault::Reckoned(name)),
            Err(Unclear::Nobody) => Err(PolicyFault::Nobody(name)),
        }
    }
}

impl Slice {
    fn of(known: &[Known], role: GrantorRole, remedy: RemedyKind) -> Self {
        let mut slice = Self::default();
        let is_meant =
            |known: &&Known| could_be(&known.policy, role) && could_do(&known.policy, remedy);
        for known in known.iter().filter(is_meant) {
            let id = known.policy.id().clone();
            slice.permits |= known.policy.effect() == Effect::Permit;
            slice
                .refusals
                .extend(known.refusal.map(|refusal| (id, refusal)));
            slice.literals.join(&known.literals);
            slice.sight.join(&known.sight);
            // INVARIANT: names are unique in the version, so that none is refused for its name here.
            let _ = slice.policies.add(known.policy.clone());
        }
        slice
    }
}

/// Whether somebody of a role could be meant by the head of a policy.
fn could_be(policy: &Policy, role: GrantorRole) -> bool {
    match policy.principal_constraint() {
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
        PrincipalConstraint::Eq(person) => person.type_name().basename() == entity_type(role),
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => {
            kind.basename() == entity_type(role)
        }
    }
}

/// Whether a remedy could be meant by the head of a policy.
fn could_do(policy: &Policy, remedy: RemedyKind) -> bool {
    let is_meant = |action: &EntityUid| {
        let name: &str = action.id().as_ref();
        name == MONEY || name == remedy.as_str()
    };
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(action) => is_meant(&action),
        ActionConstraint::In(actions) => actions.iter().any(is_meant),
    }
}

#[cfg(test)]
mod tests;

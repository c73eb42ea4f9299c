//! Who may do an action, alone, beside others who sign, or by beginning a decision.

use polity_proto::v1::action::Kind;
use polity_proto::v1::{Action, Capability, Looked, WhoCan};

use super::{Waits, verdict};
use crate::actions;
use crate::context::{Authority, Block, Context};
use crate::judge::{Actor, Need, departments, policies, power, who};
use crate::state::keys::List;
use crate::state::{Overlay, Read, lists};

/// Most people who are looked at.
pub const MEMBERS_MAX: usize = 1_000;
/// Most judgements of one answer: people may hold many roles.
const TRIALS_MAX: usize = 2 * MEMBERS_MAX;

/// Everybody who may do the action, each in a role in which they may; and whether more people
/// were there than were looked at.
pub fn who_can(
    state: &dyn Read,
    block: Block,
    action: &Action,
    waits: Waits<'_>,
) -> Option<(Vec<WhoCan>, bool)> {
    let candidates = candidates(state, block, action);
    let mut truncated = candidates.len() >= MEMBERS_MAX;
    let mut able = Vec::new();
    let mut trials = 0;
    'people: for candidate in candidates {
        for actor in in_roles(state, block, candidate, action) {
            if trials == TRIALS_MAX {
                truncated = true;
                break 'people;
            }
            trials += 1;
            if !waits() {
                return None;
            }
            let Some(mut verdict) = verdict::of_able(state, block, actor, action) else {
                continue;
            };
            verdict.looked = Vec::<Looked>::new();
            able.push(WhoCan {
                member: actor.member,
                role: actor.role,
                verdict: Some(verdict),
            });
            break;
        }
    }
    Some((able, truncated))
}

/// In which roles somebody is judged, until they may. Anybody may open a proposal, and their role says what they may propose.
fn in_roles(state: &dyn Read, block: Block, candidate: Actor, action: &Action) -> Vec<Actor> {
    let mut roles = vec![candidate];
    if let Some(Kind::OpenProposal(_)) = action.kind {
        let held = power::roles_of(state, candidate.member, block.now.time);
        roles.extend(held.into_iter().map(|(role, _)| Actor {
            role: role.number,
            ..candidate
        }));
    }
    roles
}

/// Everybody who could possibly: whom the action is about, holders of the capability, whom the policy names, operators.
fn candidates(state: &dyn Read, block: Block, action: &Action) -> Vec<Actor> {
    let nobody = Actor { member: 0, role: 0 };
    let mut overlay = Overlay::new(state);
    let need = begun(&mut overlay, block, nobody, action)
        .and_then(|(_, needs)| needs.into_iter().next())
        .unwrap_or_default();
    if need.own || need.capability == Capability::None {
        return anybody(state);
    }
    let mut found: Vec<Actor> = named(action).into_iter().collect();
    found.extend(who::with_capability(
        state,
        block.now,
        need.capability,
        need.unit,
        MEMBERS_MAX,
    ));
    if need.departments || departments::sets_up_root(state, block.now, &need) {
        for validator in departments::validators(state) {
            let operate = Capability::OperateValidator;
            let operators =
                who::with_capability(state, block.now, operate, validator.unit, MEMBERS_MAX);
            found.extend(operators);
        }
    }
    if let Some(judging) = policies::judging_tier(state, block.now, &need) {
        let by = judging.tier.by.unwrap_or_default();
        found.extend(who::everybody(
            state,
            block.now,
            need.unit,
            &by,
            MEMBERS_MAX,
        ));
    }
    let mut once: Vec<Actor> = Vec::new();
    for actor in found {
        if once.len() < MEMBERS_MAX && !once.contains(&actor) {
            once.push(actor);
        }
    }
    once
}

/// Whom the action is about, where it may be their own act as well as the unit's: in no role.
fn named(action: &Action) -> Option<Actor> {
    let member = match action.kind.as_ref()? {
        Kind::JoinUnit(join) => join.member,
        Kind::LeaveUnit(leave) => leave.member,
        _ => None,
    };
    member.map(|member| Actor {
        member: member.number,
        role: 0,
    })
}

/// What belongs to a person only they can tell: everybody is asked.
fn anybody(state: &dyn Read) -> Vec<Actor> {
    lists::all(state, List::Members, 0)
        .into_iter()
        .filter(|member| power::member_is_active(state, *member))
        .take(MEMBERS_MAX)
        .map(|member| Actor { member, role: 0 })
        .collect()
}

fn begun<'s, 'b>(
    overlay: &'s mut Overlay<'b>,
    block: Block,
    actor: Actor,
    action: &Action,
) -> Option<(Context<'s, 'b>, Vec<Need>)> {
    let alone = verdict::of_one(actor, action);
    actions::check_form(&alone, 1).ok()?;
    let mut context = Context::new(overlay, block, 0, Authority::Signed);
    context.signers = vec![actor.member];
    context.begin(0, &alone).ok()?;
    let needs = actions::needs(&context, &alone).ok()?;
    Some((context, needs))
}

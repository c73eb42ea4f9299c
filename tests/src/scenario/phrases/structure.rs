//! Units, roles and assignments.

use polity_ledger::state::keys::List;
use polity_ledger::state::{lists, objects};
use polity_proto::v1::{
    AcceptAssignment, AmendRole, AmendUnit, AssignRole, Assignment, ChangeSquad, CreateRole,
    CreateUnit, DissolveUnit, JoinUnit, LeaveUnit, Manner, MoveRole, MoveUnit, ObjectKind, Profile,
    Ref, RemoveRole, RenewAssignment, ResignRole, RevokeAssignment, Role, RoleKind, Unit, UnitKind,
    action::Kind,
};

use super::super::clock;
use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble};
use super::{capabilities, elections};

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "create" if words.take("unit") => create_unit(draft, words)?,
        "create" if words.take("role") => create_role(draft, words)?,
        "amend" if words.take("unit") => amend_unit(draft, words)?,
        "amend" if words.take("role") => amend_role(draft, words)?,
        "move" if words.take("unit") => {
            let unit = draft.refer(ObjectKind::Unit, words)?;
            words.need("to")?;
            let parent = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::MoveUnit(MoveUnit { unit, parent }));
        }
        "move" if words.take("role") => {
            let role = draft.refer(ObjectKind::Role, words)?;
            words.need("to")?;
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::MoveRole(MoveRole { role, unit }));
        }
        "dissolve" if words.take("unit") => {
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::DissolveUnit(DissolveUnit { unit }));
        }
        "remove" if words.take("role") => {
            let role = draft.refer(ObjectKind::Role, words)?;
            draft.push(Kind::RemoveRole(RemoveRole { role }));
        }
        "join" => {
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::JoinUnit(JoinUnit { unit, member: None }));
        }
        "take" => {
            let member = draft.refer(ObjectKind::Member, words)?;
            words.need("into")?;
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::JoinUnit(JoinUnit { unit, member }));
        }
        "leave" => {
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::LeaveUnit(LeaveUnit { unit, member: None }));
        }
        "release" => {
            let member = draft.refer(ObjectKind::Member, words)?;
            words.need("from")?;
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::LeaveUnit(LeaveUnit { unit, member }));
        }
        "change" if words.take("squad") => change_squad(draft, words)?,
        "assign" => assign(draft, words)?,
        "accept" => {
            let assignment = own_assignment(draft, words)?;
            draft.push(Kind::AcceptAssignment(AcceptAssignment { assignment }));
        }
        "resign" => {
            let assignment = own_assignment(draft, words)?;
            draft.push(Kind::ResignRole(ResignRole { assignment }));
        }
        "revoke" if words.take("role") => {
            let assignment = assignment_of(draft, words, "of")?;
            draft.push(Kind::RevokeAssignment(RevokeAssignment { assignment }));
        }
        "renew" => renew(draft, words)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// `creates unit acme/dev as department [holding CAPABILITIES] [with at most N] [after UNIT]
/// [by profile P] [known as ID]`.
fn create_unit(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("unit")?;
    let (parent, handle) = match path.rsplit_once('/') {
        Some((parent, handle)) => (draft.lookup.find(ObjectKind::Unit, parent)?, handle),
        None => (None, path.as_str()),
    };
    words.need("as")?;
    let kind = unit_kind(&words.word("kind")?)?;
    let confers = if words.take("holding") {
        capabilities(words)?
    } else {
        Vec::new()
    };
    let ceiling = if words.take("with at most") {
        words.number("ceiling")?
    } else {
        0
    };
    let succeeds = if words.take("after") {
        draft.refer(ObjectKind::Unit, words)?
    } else {
        None
    };
    let profile = if words.take("by profile") {
        elections::profile(words)?
    } else {
        Profile::None
    };
    let external_id = words.after("known as")?.unwrap_or_default();
    let act = CreateUnit {
        profile: profile as i32,
        parent,
        kind: kind as i32,
        handle: handle.to_owned(),
        confers: confers.into_iter().map(|one| one as i32).collect(),
        ceiling,
        succeeds,
        external_id,
        ..CreateUnit::default()
    };
    draft.create(ObjectKind::Unit, &path, Kind::CreateUnit(act));
    Ok(())
}

fn unit_kind(name: &str) -> Outcome<UnitKind> {
    UnitKind::from_str_name(&format!("UNIT_KIND_{}", name.to_uppercase()))
        .ok_or_else(|| Trouble(format!("`{name}` is no kind of unit")))
}

/// `amends unit U [as KIND] [handle H] [holding CAPABILITIES] [with at most N]`; the rest stays.
fn amend_unit(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("unit")?;
    let number = draft.lookup.number(ObjectKind::Unit, &path)?;
    let unit: Unit = objects::get(draft.lookup.state, number).unwrap_or_default();
    let kind = if words.take("as") {
        unit_kind(&words.word("kind")?)?
    } else {
        unit.kind()
    };
    let handle = words.after("handle")?.unwrap_or(unit.handle);
    let confers = if words.take("holding") {
        capabilities(words)?
            .into_iter()
            .map(|one| one as i32)
            .collect()
    } else {
        unit.confers
    };
    let ceiling = if words.take("with at most") {
        words.number("ceiling")?
    } else {
        unit.ceiling
    };
    let reference = draft.lookup.find(ObjectKind::Unit, &path)?;
    draft.push(Kind::AmendUnit(AmendUnit {
        unit: reference,
        handle,
        label: unit.label,
        purpose: unit.purpose,
        confers,
        ceiling,
        kind: kind as i32,
    }));
    Ok(())
}

/// What follows a role's path, in this order: `[as KIND] [elected] [for at most N] [for D] [over DOMAIN]`.
struct RoleWords {
    kind: RoleKind,
    elected: bool,
    holders_max: u32,
    term: u64,
    domains: Vec<String>,
}

fn role_words(words: &mut Words, before: RoleWords) -> Outcome<RoleWords> {
    let kind = match words.after("as")? {
        Some(name) => RoleKind::from_str_name(&format!(
            "ROLE_KIND_{}",
            name.to_uppercase().replace('-', "_")
        ))
        .ok_or_else(|| Trouble(format!("`{name}` is no kind of role")))?,
        None => before.kind,
    };
    let elected = words.take("elected") || before.elected;
    let holders_max = if words.take("for at most") {
        words.number("number of holders")?
    } else {
        before.holders_max
    };
    let term = if words.take("for") {
        clock::duration(words)?
    } else {
        before.term
    };
    let mut domains = before.domains;
    if words.take("over") {
        domains = vec![words.word("domain")?];
    }
    Ok(RoleWords {
        kind,
        elected,
        holders_max,
        term,
        domains,
    })
}

fn create_role(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("role")?;
    let (unit, handle) = path
        .split_once('#')
        .ok_or_else(|| Trouble(format!("a role is written unit#role, not `{path}`")))?;
    let unit = draft.lookup.find(ObjectKind::Unit, unit)?;
    let nothing = RoleWords {
        kind: RoleKind::Ordinary,
        elected: false,
        holders_max: 0,
        term: 0,
        domains: Vec::new(),
    };
    let told = role_words(words, nothing)?;
    let external_id = words.after("known as")?.unwrap_or_default();
    let act = CreateRole {
        unit,
        kind: told.kind as i32,
        handle: handle.to_owned(),
        domains: told.domains,
        holders_max: told.holders_max,
        term: told.term,
        elected: told.elected,
        external_id,
        ..CreateRole::default()
    };
    draft.create(ObjectKind::Role, &path, Kind::CreateRole(act));
    Ok(())
}

fn amend_role(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("role")?;
    let number = draft.lookup.number(ObjectKind::Role, &path)?;
    let role: Role = objects::get(draft.lookup.state, number).unwrap_or_default();
    let before = RoleWords {
        kind: role.kind(),
        elected: role.elected,
        holders_max: role.holders_max,
        term: role.term,
        domains: role.domains,
    };
    let told = role_words(words, before)?;
    let reference = draft.lookup.find(ObjectKind::Role, &path)?;
    draft.push(Kind::AmendRole(AmendRole {
        role: reference,
        handle: role.handle,
        purpose: role.purpose,
        domains: told.domains,
        accountabilities: role.accountabilities,
        holders_min: role.holders_min,
        holders_max: told.holders_max,
        term: told.term,
    }));
    Ok(())
}

/// `changes squad from U to U [chapter from U to U]`.
fn change_squad(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("from")?;
    let from = draft.refer(ObjectKind::Unit, words)?;
    words.need("to")?;
    let to = draft.refer(ObjectKind::Unit, words)?;
    let mut act = ChangeSquad {
        from,
        to,
        ..ChangeSquad::default()
    };
    if words.take("chapter from") {
        act.chapter_from = draft.refer(ObjectKind::Unit, words)?;
        words.need("to")?;
        act.chapter_to = draft.refer(ObjectKind::Unit, words)?;
    }
    draft.push(Kind::ChangeSquad(act));
    Ok(())
}

/// `assigns finn to R [until TIME] [for N percent] [as elected | surrogate | imported]`.
fn assign(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let member = draft.refer(ObjectKind::Member, words)?;
    words.need("to")?;
    let role = draft.refer(ObjectKind::Role, words)?;
    let (until, percentage) = term(words)?;
    let manner = match words.after("as")? {
        None => Manner::Assigned,
        Some(name) => Manner::from_str_name(&format!("MANNER_{}", name.to_uppercase()))
            .ok_or_else(|| Trouble(format!("`{name}` is no manner of assignment")))?,
    };
    draft.push(Kind::AssignRole(AssignRole {
        role,
        member,
        until,
        manner: manner as i32,
        focus: String::new(),
        percentage,
    }));
    Ok(())
}

fn term(words: &mut Words) -> Outcome<(u64, u32)> {
    let until = if words.take("until") {
        clock::time(words)?
    } else {
        0
    };
    let percentage = if words.take("for") {
        words.number("percentage")?
    } else {
        0
    };
    if percentage != 0 {
        words.need("percent")?;
    }
    Ok((until, percentage))
}

fn renew(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let assignment = assignment_of(draft, words, "of")?;
    let (until, percentage) = term(words)?;
    draft.push(Kind::RenewAssignment(RenewAssignment {
        assignment,
        until,
        focus: String::new(),
        percentage,
    }));
    Ok(())
}

/// The actor's own assignment to the role that comes next.
fn own_assignment(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Option<Ref>> {
    let role = words.word("role")?;
    let holder = words.after("of")?.unwrap_or_else(|| draft.actor.clone());
    newest_assignment(draft, &role, &holder)
}

/// `R of finn`: the newest assignment, also one that has ended.
fn assignment_of(draft: &mut Draft<'_>, words: &mut Words, between: &str) -> Outcome<Option<Ref>> {
    let role = words.word("role")?;
    words.need(between)?;
    let holder = words.word("member")?;
    newest_assignment(draft, &role, &holder)
}

fn newest_assignment(draft: &mut Draft<'_>, role: &str, holder: &str) -> Outcome<Option<Ref>> {
    let role_number = draft.lookup.number(ObjectKind::Role, role)?;
    let member = draft.lookup.number(ObjectKind::Member, holder)?;
    let state = draft.lookup.state;
    let mut open = lists::all(state, List::Assignments, member)
        .into_iter()
        .filter_map(|number| objects::get::<Assignment>(state, number));
    let ever = (1..).map_while(|number| objects::get::<Assignment>(state, number));
    let fits =
        |assignment: &Assignment| assignment.role == role_number && assignment.member == member;
    let found = open.rfind(fits).or_else(|| ever.filter(fits).last());
    found
        .map(|assignment| polity_ledger::form::numbered(assignment.number))
        .ok_or_else(|| Trouble(format!("{holder} never held {role}")))
}

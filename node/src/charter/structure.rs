//! Units, roles, people and who holds what.

use polity_proto::v1::{
    AssignRole, Capability, CreateRole, CreateUnit, InviteMember, Join, JoinUnit, Manner,
    action::Kind,
};

use super::draft::{Draft, Entry, Sort};
use super::{CharterError, form, profile, words};

pub(super) fn add(
    draft: &mut Draft,
    charter: &form::Charter,
    constitution: &[u8],
) -> Result<(), CharterError> {
    for unit in &charter.units {
        add_unit(draft, unit)?;
    }
    profile::add_seats(draft, charter)?;
    for role in &charter.roles {
        add_role(draft, charter, role)?;
    }
    for person in &charter.people {
        add_person(draft, person, constitution)?;
    }
    for assignment in &charter.assignments {
        add_assignment(draft, assignment)?;
    }
    Ok(())
}

fn add_unit(draft: &mut Draft, unit: &form::Unit) -> Result<(), CharterError> {
    let entry = Entry {
        table: "units",
        name: &unit.unit,
    };
    let wrong = |words: String| entry.error(words);
    let (parent, handle) = match unit.unit.rsplit_once('/') {
        Some((parent, handle)) => (draft.find(entry, Sort::Unit, parent)?, handle),
        None => (None, unit.unit.as_str()),
    };
    let read = |words: &[String]| -> Result<Vec<i32>, CharterError> {
        let values = words.iter().map(|word| words::capability(word));
        values
            .map(|value| value.map(|value| value as i32).map_err(wrong))
            .collect()
    };
    let kept_back = read(&unit.keeps_back)?;
    let conferred = match &unit.confers {
        Some(words) => read(words)?,
        None => every_capability(),
    };
    let confers = conferred
        .into_iter()
        .filter(|value| !kept_back.contains(value))
        .collect();
    let create = CreateUnit {
        parent,
        kind: profile::kind_of(unit)?,
        handle: handle.to_owned(),
        label: unit.label.clone(),
        purpose: unit.purpose.clone(),
        external_id: unit.external_id.clone(),
        confers,
        ceiling: unit.ceiling,
        succeeds: None,
        // Applied when its seats are there, so that the charter can name them.
        profile: 0,
    };
    draft.create(entry, Sort::Unit, Kind::CreateUnit(create))
}

fn every_capability() -> Vec<i32> {
    (1..=i32::from(u8::MAX))
        .filter(|value| Capability::try_from(*value).is_ok())
        .collect()
}

fn add_role(
    draft: &mut Draft,
    charter: &form::Charter,
    role: &form::Role,
) -> Result<(), CharterError> {
    let entry = Entry {
        table: "roles",
        name: &role.role,
    };
    let Some((unit, handle)) = role.role.split_once('#') else {
        return Err(entry.error("is not of the form unit#handle"));
    };
    let kind = role.kind.as_deref().unwrap_or("ordinary");
    let create = CreateRole {
        unit: draft.find(entry, Sort::Unit, unit)?,
        kind: words::role_kind(kind).map_err(|words| entry.error(words))? as i32,
        handle: handle.to_owned(),
        purpose: role.purpose.clone(),
        domains: role.domains.clone(),
        accountabilities: role.accountabilities.clone(),
        holders_min: role.holders_min,
        holders_max: role.holders_max,
        term: words::optional_duration(&role.term).map_err(|words| entry.error(words))?,
        elected: role.elected,
        external_id: role.external_id.clone(),
    };
    let create = profile::seated(charter, entry, create)?;
    draft.create(entry, Sort::Role, Kind::CreateRole(create))
}

fn add_person(
    draft: &mut Draft,
    person: &form::Person,
    constitution: &[u8],
) -> Result<(), CharterError> {
    let entry = Entry {
        table: "people",
        name: &person.handle,
    };
    let wrong = |words: String| entry.error(words);
    let kind = person.kind.as_deref().unwrap_or("person");
    let commitment = match &person.commitment {
        Some(text) => words::hex_bytes(text, 32).map_err(wrong)?,
        None => Vec::new(),
    };
    let invite = InviteMember {
        handle: person.handle.clone(),
        key: words::hex_bytes(&person.key, 32).map_err(wrong)?,
        commitment,
        kind: words::member_kind(kind).map_err(wrong)? as i32,
        unit: draft.find(entry, Sort::Unit, &person.unit)?,
        external_id: person.external_id.clone(),
    };
    draft.create(entry, Sort::Member, Kind::InviteMember(invite))?;
    let member = draft.find(entry, Sort::Member, &person.handle)?;

    let joins = match (&person.possession, &person.joins) {
        (Some(possession), joins) => {
            let join = Join {
                member,
                constitution: constitution.to_vec(),
                possession: words::hex_bytes(possession, 64).map_err(wrong)?,
            };
            draft.push(entry, "join", Kind::Join(join));
            joins.clone().unwrap_or_else(|| vec![person.unit.clone()])
        }
        // Whoever is only invited sits nowhere yet.
        (None, None) => Vec::new(),
        (None, Some(_)) => {
            return Err(entry.error("joins units without a proof of possession of the key"));
        }
    };
    for name in &joins {
        let unit = draft.find(entry, Sort::Unit, name)?;
        let join = Kind::JoinUnit(JoinUnit { unit, member });
        draft.push(entry, &format!("joins {name}"), join);
    }
    for name in &person.roles {
        let assign = AssignRole {
            role: draft.find(entry, Sort::Role, name)?,
            member,
            ..AssignRole::default()
        };
        draft.push(entry, &format!("role {name}"), Kind::AssignRole(assign));
    }
    Ok(())
}

fn add_assignment(draft: &mut Draft, assignment: &form::Assignment) -> Result<(), CharterError> {
    let entry = Entry {
        table: "assignments",
        name: &assignment.role,
    };
    let assign = AssignRole {
        role: draft.find(entry, Sort::Role, &assignment.role)?,
        member: draft.find(entry, Sort::Member, &assignment.member)?,
        until: words::optional_time(&assignment.until).map_err(|words| entry.error(words))?,
        focus: assignment.focus.clone(),
        percentage: assignment.percentage,
        manner: if assignment.surrogate {
            Manner::Surrogate as i32
        } else {
            AssignRole::default().manner
        },
    };
    draft.push(entry, &assignment.member, Kind::AssignRole(assign));
    Ok(())
}

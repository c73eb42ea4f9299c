//! Units that are founded with a profile: its seats have names like any other role of the charter.

use polity_ledger::parameters;
use polity_ledger::profiles::{self, Bundle};
use polity_proto::v1::{ApplyProfile, CreateRole, Profile, RoleKind, action::Kind};

use super::draft::{Draft, Entry, Sort};
use super::{CharterError, form, network, words};

/// Makes the seats of every unit with a profile, but for those that the charter describes itself.
pub(super) fn add_seats(draft: &mut Draft, charter: &form::Charter) -> Result<(), CharterError> {
    let term = election_term(charter)?;
    for unit in &charter.units {
        let Some((_, bundle)) = profile_of(unit)? else {
            continue;
        };
        for seat in bundle.seats {
            let name = format!("{}#{}", unit.unit, seat.handle);
            if charter.roles.iter().any(|role| role.role == name) {
                continue;
            }
            let entry = Entry {
                table: "roles",
                name: &name,
            };
            let place = draft.find(entry, Sort::Unit, &unit.unit)?;
            let create = seat.create(place, term);
            draft.create(entry, Sort::Role, Kind::CreateRole(create))?;
        }
    }
    Ok(())
}

/// A role of the charter as it is made: where its unit's profile has this seat, whatever the charter does not say
/// of it is as the profile says, and its kind and how it is filled stay the profile's.
pub(super) fn seated(
    charter: &form::Charter,
    entry: Entry<'_>,
    role: CreateRole,
) -> Result<CreateRole, CharterError> {
    let Some((path, handle)) = entry.name.split_once('#') else {
        return Ok(role);
    };
    let unit = charter.units.iter().find(|unit| unit.unit == path);
    let profile = unit.map(profile_of).transpose()?.flatten();
    let seats = profile.map_or(&[][..], |(_, bundle)| bundle.seats);
    let Some(seat) = seats.iter().find(|seat| seat.handle == handle) else {
        return Ok(role);
    };
    if role.kind() != RoleKind::Ordinary && role.kind() != seat.kind {
        return Err(entry.error("is a seat of its unit's profile, which says what kind it is"));
    }
    let given = seat.create(role.unit, election_term(charter)?);
    if role.elected && !given.elected {
        return Err(
            entry.error("is a seat of its unit's profile, which has it assigned and not elected")
        );
    }
    Ok(CreateRole {
        kind: given.kind,
        elected: given.elected,
        purpose: or(role.purpose, given.purpose),
        holders_max: or(role.holders_max, given.holders_max),
        term: or(role.term, given.term),
        ..role
    })
}

fn or<T: Default + PartialEq>(said: T, given: T) -> T {
    if said == T::default() { given } else { said }
}

fn election_term(charter: &form::Charter) -> Result<u64, CharterError> {
    let given = network::parameters(&charter.parameters)?;
    Ok(or(
        given.election_term,
        parameters::defaults().election_term,
    ))
}

/// Applies the profiles, whose seats are there, and gives the leads what they may do alone.
pub(super) fn add_rules(draft: &mut Draft, charter: &form::Charter) -> Result<(), CharterError> {
    for unit in &charter.units {
        let Some((profile, bundle)) = profile_of(unit)? else {
            continue;
        };
        let entry = entry(unit);
        let place = draft.find(entry, Sort::Unit, &unit.unit)?;
        let apply = ApplyProfile {
            unit: place,
            profile: profile as i32,
        };
        draft.push(entry, "profile", Kind::ApplyProfile(apply));
        let lead = bundle
            .seats
            .iter()
            .find(|seat| seat.kind == RoleKind::Lead && !seat.elected);
        let Some(lead) = lead else { continue };
        let role = format!("{}#{}", unit.unit, lead.handle);
        let role = draft.find(entry, Sort::Role, &role)?;
        for capability in bundle.of_the_lead {
            let give = profiles::lead_grant(role, *capability, place);
            draft.push(entry, "profile", Kind::GiveGrant(give));
        }
    }
    Ok(())
}

/// The kind with which a unit is founded: its profile's, where it has one.
pub(super) fn kind_of(unit: &form::Unit) -> Result<i32, CharterError> {
    let named = words::unit_kind(&unit.kind).map_err(|words| entry(unit).error(words))?;
    let bundle = profile_of(unit)?.map(|(_, bundle)| bundle.kind);
    Ok(bundle.unwrap_or(named) as i32)
}

fn profile_of(unit: &form::Unit) -> Result<Option<(Profile, Bundle)>, CharterError> {
    let wrong = |words: String| entry(unit).error(words);
    let Some(name) = &unit.profile else {
        return Ok(None);
    };
    let profile = words::profile(name).map_err(wrong)?;
    let kind = words::unit_kind(&unit.kind).map_err(wrong)?;
    let is_root = !unit.unit.contains('/');
    match profiles::bundle(profile, kind, is_root) {
        Some(bundle) => Ok(Some((profile, bundle))),
        None => Err(wrong(format!(
            "the profile {name:?} is not for a {}",
            unit.kind
        ))),
    }
}

fn entry(unit: &form::Unit) -> Entry<'_> {
    Entry {
        table: "units",
        name: &unit.unit,
    }
}

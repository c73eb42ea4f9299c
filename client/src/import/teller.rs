//! Tells events as a story: what is true so far decides what the next event can mean.

use std::collections::BTreeMap;

use super::events::{Event, What};
use super::story::{Deed, Step, Story, Thing, ThingIndex, role_id};
use crate::{Error, Result};

/// Tells all events, instant by instant.
pub(super) fn tell(events: &[Event]) -> Result<Story> {
    let mut teller = Teller::default();
    let mut rest = events;
    while let Some(first) = rest.first() {
        let length = rest.partition_point(|event| event.at == first.at);
        let (instant, later) = rest.split_at(length);
        teller.instant(instant)?;
        rest = later;
    }
    Ok(teller.story)
}

/// What is true after the events so far.
#[derive(Default)]
struct Teller {
    story: Story,
    units: BTreeMap<String, ThingIndex>,
    /// The unit that had a name last.
    lives: BTreeMap<String, ThingIndex>,
    parents: BTreeMap<ThingIndex, Option<ThingIndex>>,
    members: BTreeMap<String, ThingIndex>,
    roles: BTreeMap<(ThingIndex, String), ThingIndex>,
    held: BTreeMap<(ThingIndex, ThingIndex), ThingIndex>,
}

impl Teller {
    fn instant(&mut self, events: &[Event]) -> Result<()> {
        let mut ending: Vec<(&Event, &String)> = Vec::new();
        for event in events {
            match &event.what {
                What::UnitDissolved { unit } => ending.push((event, unit)),
                What::UnitCreated { unit, .. } if ending.iter().any(|(_, name)| *name == unit) => {
                    self.dissolve_all(&mut ending)?;
                    self.event(event)?;
                }
                What::UnitCreated { .. }
                | What::UnitMoved { .. }
                | What::MemberAdded { .. }
                | What::Assigned { .. }
                | What::Unassigned { .. } => self.event(event)?,
            }
        }
        self.dissolve_all(&mut ending)
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        let wrong = |words: String| usage(event, words);
        match &event.what {
            What::UnitCreated { unit, kind, parent } => {
                self.create_unit(event, unit, kind, parent.as_deref())
            }
            What::UnitMoved { unit, parent } => self.move_unit(event, unit, parent.as_deref()),
            What::UnitDissolved { unit } => {
                let unit = self.unit(event, unit)?;
                self.dissolve_unit(event, unit)
            }
            What::MemberAdded { member } => {
                if self.members.contains_key(member) {
                    return Err(wrong(format!("{member} is a member already")));
                }
                let name = member.clone();
                let thing = self.thing(Thing::Member { name });
                self.members.insert(member.clone(), thing);
                self.step(event, Deed::ImportMember { member: thing }, vec![thing]);
                Ok(())
            }
            What::Assigned { unit, role, member } => self.assign(event, unit, role, member),
            What::Unassigned { unit, role, member } => self.revoke(event, unit, role, member),
        }
    }

    fn create_unit(
        &mut self,
        event: &Event,
        name: &str,
        kind: &str,
        parent: Option<&str>,
    ) -> Result<()> {
        if self.units.contains_key(name) {
            return Err(usage(event, format!("there is a unit {name} already")));
        }
        let parent = self.parent(event, parent)?;
        let unit = self.thing(Thing::Unit {
            name: name.to_owned(),
            kind: kind.to_owned(),
        });
        self.units.insert(name.to_owned(), unit);
        self.parents.insert(unit, parent);
        let mut touches = self.lineage(unit);
        // A name is free when the unit that had it is dissolved.
        touches.extend(self.lives.insert(name.to_owned(), unit));
        self.step(event, Deed::CreateUnit { unit, parent }, touches);
        Ok(())
    }

    fn move_unit(&mut self, event: &Event, name: &str, parent: Option<&str>) -> Result<()> {
        let unit = self.unit(event, name)?;
        let parent = self.parent(event, parent)?;
        if self.parents.get(&unit) == Some(&parent) {
            return Err(usage(event, format!("{name} is there already")));
        }
        if parent.is_some_and(|parent| self.lineage(parent).contains(&unit)) {
            return Err(usage(event, format!("{name} would stand below itself")));
        }
        let mut touches = self.lineage(unit);
        self.parents.insert(unit, parent);
        touches.extend(self.lineage(unit));
        self.step(event, Deed::MoveUnit { unit, parent }, touches);
        Ok(())
    }

    /// Ends units that end in one instant: the deepest first.
    fn dissolve_all(&mut self, ending: &mut Vec<(&Event, &String)>) -> Result<()> {
        let mut units = Vec::new();
        for (event, name) in ending.drain(..) {
            let unit = self.unit(event, name)?;
            units.push((self.lineage(unit).len(), event, unit));
        }
        units.sort_by_key(|(depth, event, _)| (std::cmp::Reverse(*depth), event.number));
        for (_, event, unit) in units {
            self.dissolve_unit(event, unit)?;
        }
        Ok(())
    }

    fn dissolve_unit(&mut self, event: &Event, unit: ThingIndex) -> Result<()> {
        let name = self.story.external_id(unit);
        if self.parents.values().any(|parent| *parent == Some(unit)) {
            return Err(usage(event, format!("{name} still has units below it")));
        }
        let is_held = |(role, _): &(ThingIndex, ThingIndex)| self.story.role(*role).0 == unit;
        if self.held.keys().any(is_held) {
            return Err(usage(
                event,
                format!("somebody still holds a role of {name}"),
            ));
        }
        let touches = self.lineage(unit);
        self.units.remove(&name);
        self.parents.remove(&unit);
        self.step(event, Deed::DissolveUnit { unit }, touches);
        Ok(())
    }

    fn assign(&mut self, event: &Event, unit: &str, role: &str, member: &str) -> Result<()> {
        let named = (self.unit(event, unit)?, role.to_owned());
        let holder = self.member(event, member)?;
        let seat = match self.roles.get(&named) {
            Some(seat) => *seat,
            None => self.create_role(event, named.clone())?,
        };
        if self.held.contains_key(&(seat, holder)) {
            let words = format!("{member} holds {} already", role_id(unit, role));
            return Err(usage(event, words));
        }
        let assignment = self.thing(Thing::Assignment {
            role: seat,
            member: holder,
        });
        self.held.insert((seat, holder), assignment);
        self.step(event, Deed::Assign { assignment }, vec![named.0, holder]);
        Ok(())
    }

    fn create_role(&mut self, event: &Event, named: (ThingIndex, String)) -> Result<ThingIndex> {
        let (unit, name) = named.clone();
        let role = self.thing(Thing::Role { unit, name });
        let id = self.story.external_id(role);
        if polity_ledger::form::external_id(&id).is_err() {
            return Err(usage(event, format!("{id} is longer than 64 bytes")));
        }
        self.roles.insert(named, role);
        self.step(event, Deed::CreateRole { role }, vec![unit]);
        Ok(role)
    }

    fn revoke(&mut self, event: &Event, unit: &str, role: &str, member: &str) -> Result<()> {
        let in_unit = self.unit(event, unit)?;
        let holder = self.member(event, member)?;
        let seat = self.roles.get(&(in_unit, role.to_owned()));
        let assignment = seat.and_then(|seat| self.held.remove(&(*seat, holder)));
        let assignment = assignment.ok_or_else(|| {
            let words = format!("{member} does not hold {}", role_id(unit, role));
            usage(event, words)
        })?;
        self.step(event, Deed::Revoke { assignment }, vec![in_unit, holder]);
        Ok(())
    }

    fn unit(&self, event: &Event, name: &str) -> Result<ThingIndex> {
        let unit = self.units.get(name).copied();
        unit.ok_or_else(|| usage(event, format!("there is no unit {name}")))
    }

    fn parent(&self, event: &Event, name: Option<&str>) -> Result<Option<ThingIndex>> {
        name.map(|name| self.unit(event, name)).transpose()
    }

    fn member(&self, event: &Event, name: &str) -> Result<ThingIndex> {
        let member = self.members.get(name).copied();
        member.ok_or_else(|| usage(event, format!("there is no member {name}")))
    }

    /// A unit and those above it.
    fn lineage(&self, unit: ThingIndex) -> Vec<ThingIndex> {
        let above = |unit: &ThingIndex| self.parents.get(unit).copied().flatten();
        std::iter::successors(Some(unit), above).collect()
    }

    fn thing(&mut self, thing: Thing) -> ThingIndex {
        self.story.things.push(thing);
        self.story.things.len() - 1
    }

    fn step(&mut self, event: &Event, deed: Deed, touches: Vec<ThingIndex>) {
        self.story.steps.push(Step {
            event: event.number,
            at: event.at,
            deed,
            touches,
        });
    }
}

fn usage(event: &Event, words: String) -> Error {
    Error::usage(format!("event {}: {words}", event.number))
}

//! Authority over the present action: by its signers, or by what stands above them.

use polity_proto::v1::{Assignment, Basis, BasisSource, Role};

use super::{Authority, Context};
use crate::judge::{Actor, Need, Trace, Verdict, hands, judge, power};
use crate::state::objects;
use crate::{Amount, Rejection};

impl Context<'_, '_> {
    /// Judges the present action's needs and keeps the basis of the first.
    pub fn authorise(&mut self, needs: &[Need]) -> Result<(), Rejection> {
        let basis = match self.authority {
            Authority::Signed => self.judge_all(needs)?,
            Authority::Genesis => Basis {
                source: BasisSource::Genesis as i32,
                ..Basis::default()
            },
            // Whoever adopts a proposal says by what its actions are done.
            Authority::Proposal(_) => self.basis,
            Authority::Timer => Basis {
                source: BasisSource::Timer as i32,
                ..Basis::default()
            },
        };
        self.basis = basis;
        Ok(())
    }

    /// To govern a unit, at the time of the block.
    pub(crate) fn to_govern(&self, unit: u64) -> Need {
        Need::governing(self, unit, self.now().time)
    }

    /// Everybody who stands behind the present action: the actor, those who sign beside them and,
    /// where a delegation is used, whoever delegated. What one person may not do twice, none of
    /// them does.
    pub(crate) fn people_behind(&self) -> Vec<u64> {
        let mut people: Vec<u64> = self.signing().map(|actor| actor.member).collect();
        people.extend(self.delegator_of(&self.basis));
        people
    }

    /// Who delegated the grant that a basis names, if it is a delegation.
    fn delegator_of(&self, basis: &Basis) -> Option<u64> {
        let grant = hands::grant_of(self.state, basis)?;
        power::delegator(self.state, &grant)
    }

    /// Whether one person does what is done now: nobody else had to agree.
    pub(crate) fn is_of_one(&self) -> bool {
        match self.authority {
            Authority::Signed => true,
            Authority::Proposal(number) => hands::is_decided_by_one(self.state, number),
            Authority::Genesis | Authority::Timer => false,
        }
    }

    /// Whether one of the people behind the present action counts as the member.
    pub(crate) fn is_behind(&self, member: u64) -> bool {
        hands::meet(
            self.state,
            self.now().time,
            &self.people_behind(),
            &[member],
        )
    }

    /// Whether a service does what is done now, or it is done by the authority of one.
    pub(crate) fn is_of_service(&self) -> bool {
        let mut members = [self.actor.member, self.basis.member].into_iter();
        members.any(|member| power::is_service(self.state, member))
    }

    /// Whether the member would give something to themselves: as one of those behind the present action or, where one
    /// person does it, as one of those who, alone and not long ago, gave them the authority for it.
    pub(crate) fn gives_themselves(&self, member: u64) -> bool {
        if self.is_of_one() {
            self.is_behind_with_givers(&[member])
        } else {
            self.is_behind(member)
        }
    }

    /// Whether one of the people behind the present action counts as one behind an earlier act.
    pub(crate) fn is_behind_act(&self, basis: &Basis) -> bool {
        let people = hands::behind(self.state, self.now().time, basis);
        people.is_none_or(|people| self.is_behind_with_givers(&people))
    }

    fn is_behind_with_givers(&self, others: &[u64]) -> bool {
        let now = self.now().time;
        let Some(givers) = hands::behind(self.state, now, &self.basis) else {
            return true;
        };
        let people = [self.people_behind(), givers].concat();
        hands::meet(self.state, now, &people, others)
    }

    fn judge_all(&self, needs: &[Need]) -> Result<Basis, Rejection> {
        // Whatever the action needs: who names an acting role must hold it now.
        for actor in self.signing() {
            let held = actor.role == 0
                || power::holding(self.state, actor.member, actor.role, self.now().time).is_some();
            if !held {
                return Err(Rejection::RoleNotHeld);
            }
        }
        let mut basis = None;
        for need in needs {
            let allowed = self.judge_one(need)?;
            basis.get_or_insert(allowed);
        }
        basis.ok_or(Rejection::NoGrant)
    }

    fn judge_one(&self, need: &Need) -> Result<Basis, Rejection> {
        let spent = need
            .value
            .as_ref()
            .map_or(Amount::ZERO, |value| self.taken(value.account));
        let verdict = |actor: &Actor| {
            judge(
                self.state,
                self.now(),
                *actor,
                need,
                spent,
                &mut Trace::off(),
            )
        };
        if need.people > 1 {
            return self.judge_people(need, verdict);
        }
        let refusal = match verdict(&self.actor) {
            Verdict::Allowed(basis) => return Ok(basis),
            Verdict::NeedsDecision(_) => Rejection::NeedsDecision,
            Verdict::Refused(rejection) => rejection,
        };
        // What is the actor's own nobody else can do for them: signing along does not help where the actor sleeps.
        if need.own {
            return Err(refusal);
        }
        // Where the actor may not, one who signed beside them may: a move has two sides.
        let second = self
            .seconds
            .iter()
            .find_map(|second| match verdict(second) {
                Verdict::Allowed(basis) => Some(basis),
                Verdict::NeedsDecision(_) | Verdict::Refused(_) => None,
            });
        second.ok_or(refusal)
    }

    fn judge_people(
        &self,
        need: &Need,
        verdict: impl Fn(&Actor) -> Verdict,
    ) -> Result<Basis, Rejection> {
        let mut allowed = Vec::new();
        for actor in self.signing() {
            match verdict(actor) {
                Verdict::Allowed(basis) => allowed.push((*actor, basis)),
                Verdict::NeedsDecision(_) if allowed.is_empty() => {
                    return Err(Rejection::NeedsDecision);
                }
                Verdict::Refused(rejection) if allowed.is_empty() => return Err(rejection),
                Verdict::NeedsDecision(_) | Verdict::Refused(_) => {}
            }
        }
        match allowed.first() {
            Some((_, basis)) if self.count_people(need, &allowed) >= need.people => Ok(*basis),
            Some(_) | None => Err(Rejection::PeopleMissing),
        }
    }

    /// Whether somebody, signing beside those who act now, is one more of the people of different units whom a need asks for.
    pub(crate) fn is_one_more(&self, need: &Need, other: Actor) -> bool {
        let mut allowed = self.with_authority(need);
        let before = self.count_people(need, &allowed);
        allowed.extend(self.authority_of(need, other));
        self.count_people(need, &allowed) > before
    }

    /// Those signers of the present action who have the authority that a need asks for.
    pub(crate) fn with_authority(&self, need: &Need) -> Vec<(Actor, Basis)> {
        let signing = self.signing();
        signing
            .filter_map(|actor| self.authority_of(need, *actor))
            .collect()
    }

    fn authority_of(&self, need: &Need, actor: Actor) -> Option<(Actor, Basis)> {
        let trace = &mut Trace::off();
        match judge(self.state, self.now(), actor, need, Amount::ZERO, trace) {
            Verdict::Allowed(basis) => Some((actor, basis)),
            Verdict::NeedsDecision(_) | Verdict::Refused(_) => None,
        }
    }

    /// Who signs the present action: the actor, then those who sign beside them.
    pub(crate) fn signing(&self) -> impl Iterator<Item = &Actor> {
        std::iter::once(&self.actor).chain(&self.seconds)
    }

    /// How many people of different units these are, each with the authority that a need asks for.
    fn count_people(&self, need: &Need, allowed: &[(Actor, Basis)]) -> usize {
        let mut signed: Vec<(u64, Vec<u64>)> = allowed
            .iter()
            .filter_map(|(actor, basis)| {
                let people = self.person_behind(actor, basis)?;
                Some((self.side(need, basis), people))
            })
            .collect();
        // Those who stand for themselves alone come first: they leave more of the others.
        signed.sort_by_key(|(_, people)| people.len());
        let (mut units, mut counted) = (Vec::new(), Vec::new());
        for (unit, people) in signed {
            let is_another = !hands::meet(self.state, self.now().time, &people, &counted);
            if is_another && !units.contains(&unit) {
                units.push(unit);
                counted.extend(people);
            }
        }
        units.len()
    }

    /// Everybody who stands behind a signer and is one person with them. A service is nobody.
    pub(crate) fn person_behind(&self, actor: &Actor, basis: &Basis) -> Option<Vec<u64>> {
        let is_service = power::is_service(self.state, actor.member);
        (!is_service).then(|| hands::behind(self.state, self.now().time, basis))?
    }

    /// The unit as which somebody counts, where people of different units are asked for.
    pub(crate) fn side(&self, need: &Need, basis: &Basis) -> u64 {
        self.side_of(need.unit, self.unit_behind(need, basis))
    }

    /// The unit that a unit counts as, where several are asked for. Those inside the one that it is
    /// about are one with it: whoever governs that could make as many of them as are asked for. Of
    /// the root, each branch counts.
    fn side_of(&self, about: u64, unit: u64) -> u64 {
        let lineage = power::lineage(self.state, unit);
        let Some(place) = lineage.iter().position(|one| one.number == about) else {
            return unit;
        };
        match (lineage[place].parent, place) {
            (0, 1..) => lineage[place - 1].number,
            _ => about,
        }
    }

    /// The unit in whose name somebody counts: that of the assignment by which they, or whoever delegated it to them,
    /// have their authority. Whoever has it by no assignment is one of the people of the unit that it is about.
    fn unit_behind(&self, need: &Need, basis: &Basis) -> u64 {
        let delegation = hands::grant_of(self.state, basis).filter(|grant| grant.source != 0);
        let assignment = delegation.map_or(basis.assignment, |grant| grant.source_assignment);
        let role = objects::look::<Assignment>(self.state, assignment)
            .and_then(|assignment| objects::look::<Role>(self.state, assignment.role));
        role.map_or(need.unit, |role| role.unit)
    }
}

//! `add_key`: a member's own further key; for an imported member the first one, which two people of
//! different units give and which makes the member active.

use polity_proto::v1::{AddKey, Capability, Member, MemberState, ObjectKind};

use super::{Act, enrolment, ownership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for AddKey {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)?;
        enrolment::check_fit(&self.key)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        let need = if member.state() == MemberState::Imported {
            Need {
                people: 2,
                ..ownership::need_about(context, Capability::AdmitMembers, &member)
            }
        } else if member.number == context.actor.member {
            Need::own()
        } else {
            Need::not_yours()
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let mut member: Member = context.find(&self.member)?;
        match member.state() {
            MemberState::Active => {}
            // Whoever gives the first key admits the member.
            MemberState::Imported => {
                member.state = MemberState::Active as i32;
                member.admitted_by = context.basis.member;
                member.admission = Some(context.basis);
                member.admitted_at = now;
                member.joined_at = now;
            }
            MemberState::None
            | MemberState::Invited
            | MemberState::Suspended
            | MemberState::Departed => return Err(Rejection::MemberStateWrong),
        }
        if enrolment::active(&member) >= enrolment::KEYS_MAX {
            return Err(Rejection::TooManyKeys);
        }
        enrolment::check_free(context, &self.key)?;
        enrolment::check_possession(context, member.number, &self.key, &self.possession)?;

        enrolment::reserve(context, member.number, &self.key);
        enrolment::enrol(&mut member, &self.key, context.now());
        context.put(&member);
        let history = (ObjectKind::Member, member.number);
        context.event(ObjectKind::Member, member.number, &[history]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::world::{World, alone, by, joined, public, tier};

    #[test]
    fn a_member_adds_keys_that_prove_themselves() {
        let mut world = World::new();
        world.ada(Kind::InviteMember(world.invite("ivy", "dev")));
        let second = world.add_key("finn", "finn-2");
        for (actor, key, expected) in [
            (
                "finn",
                AddKey {
                    member: None,
                    ..second.clone()
                },
                "rejected ref_malformed",
            ),
            (
                "finn",
                AddKey {
                    key: vec![1],
                    ..second.clone()
                },
                "rejected key_unfit",
            ),
            (
                "finn",
                AddKey {
                    member: crate::form::numbered(99),
                    ..second.clone()
                },
                "rejected object_unknown",
            ),
            ("gia", second.clone(), "rejected not_yours"),
            ("ben", world.add_key("ivy", "ivy-2"), "rejected not_yours"),
            ("finn", world.add_key("finn", "gia"), "rejected key_unfit"),
            (
                "finn",
                AddKey {
                    possession: vec![],
                    ..second.clone()
                },
                "rejected possession_unproven",
            ),
            (
                "finn",
                AddKey {
                    possession: world.possession("gia", "finn-2"),
                    ..second.clone()
                },
                "rejected possession_unproven",
            ),
            ("finn", second.clone(), "accepted"),
            ("finn", second, "rejected key_unfit"),
        ] {
            world.check(actor, None, Kind::AddKey(key), expected);
        }
        let key = Kind::AddKey(world.add_key("finn", "finn-3"));
        world.check_deed(by("finn").with_key("finn-2").does(key), "accepted");
    }

    #[test]
    fn a_member_has_at_most_16_keys() {
        let mut world = World::new();
        for number in 2..=16 {
            let key = Kind::AddKey(world.add_key("finn", &format!("finn-{number}")));
            world.check("finn", None, key, "accepted");
        }
        let key = Kind::AddKey(world.add_key("finn", "finn-17"));
        world.check("finn", None, key, "rejected too_many_keys");
    }

    #[test]
    fn two_people_of_different_units_give_an_imported_member_the_first_key() {
        let mut world = World::new();
        world.ada(Kind::ImportMember(world.import("old", "dev")));
        let key = Kind::AddKey(world.add_key("old", "old"));
        let ada = by("ada").acting_as("acme#lead");
        world.check_deed(ada.clone().does(key.clone()), "rejected people_missing");
        let same_unit = by("ben")
            .acting_as("dev#lead")
            .seconded("gia", "dev#engineer");
        world.check_deed(same_unit.does(key.clone()), "rejected people_missing");
        world.check_deed(
            ada.clone().seconded("ben", "dev#lead").does(key.clone()),
            "accepted",
        );
        let again = ada.seconded("ben", "dev#lead").does(key);
        world.check_deed(again, "rejected not_yours");

        let member = world.member("old");
        assert_eq!(member.state(), MemberState::Active);
        assert_eq!(member.keys[0].public, public("old"));
        assert_eq!(member.admitted_by, world.member_number("ada"));
    }

    #[test]
    fn whoever_acts_in_no_role_is_of_the_unit_that_it_is_about() {
        let mut world = World::new();
        world.ada(Kind::ImportMember(world.import("old", "dev")));
        let admit = Capability::AdmitMembers;
        let policy = world.policy("dev", admit, vec![tier(0, joined(), alone())]);
        world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
        let key = Kind::AddKey(world.add_key("old", "old"));
        let deed = |beside: &str, role| match role {
            Some(role) => by(beside).acting_as(role).seconded_plainly("finn"),
            None => by(beside).seconded_plainly("finn"),
        };
        let colleagues = deed("ben", Some("dev#lead")).does(key.clone());
        world.check_deed(colleagues, "rejected people_missing");
        world.check_deed(
            deed("gia", None).does(key.clone()),
            "rejected people_missing",
        );
        let ada = deed("ada", Some("acme#lead")).does(key);
        world.check_deed(ada, "accepted");
    }

    #[test]
    fn a_suspended_member_gets_no_key() {
        let mut world = World::new();
        world.suspend("finn");
        let key = Kind::AddKey(world.add_key("finn", "finn-2"));
        world.check("finn", None, key, "rejected member_inactive");
    }

    #[test]
    fn whoever_leaves_enrols_nothing_in_the_same_breath() {
        let mut world = World::new();
        let key = Kind::AddKey(world.add_key("gia", "gia-2"));
        let leave = Kind::Leave(polity_proto::v1::Leave {});
        let both = world.submit(&[by("gia").does(leave), by("gia").does(key)]);
        assert_eq!(both, Err(crate::Rejection::MemberInactive));
    }

    #[test]
    fn whoever_was_invited_enrols_by_joining_and_by_nobodys_decision() {
        let mut world = World::new();
        world.ada(Kind::InviteMember(world.invite("ivy", "dev")));
        let key = Kind::AddKey(world.add_key("ivy", "ivy-2"));
        world.check_decided("ada", key, "rejected member_state_wrong");
    }
}

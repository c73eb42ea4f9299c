//! `stop_recovery`: the owner is there after all, and keeps their keys; also while suspended.

use polity_proto::v1::{Member, ObjectKind, Recovery, StopRecovery};

use super::{Act, recover_member};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for StopRecovery {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.recovery)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let recovery: Recovery = context.find(&self.recovery)?;
        let need = if recovery.member == context.actor.member {
            Need::own()
        } else {
            Need::not_yours()
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now();
        let recovery: Recovery = context.find(&self.recovery)?;
        let member: Member = context.get(recovery.member)?;
        // The deadline binds by time, even where its timer waits.
        if recovery.ended || now.waiting() >= recovery.due {
            return Err(Rejection::RecoveryEnded);
        }
        if !recovery.stoppable {
            return Err(Rejection::RecoveryUnstoppable);
        }

        let (number, history) = (recovery.number, (ObjectKind::Member, member.number));
        let stopped = Member {
            recovery_stopped_at: now.time,
            recovery_stopped_paused: now.paused,
            ..member
        };
        recover_member::end_without(context, recovery, stopped);
        context.event(ObjectKind::Recovery, number, &[history]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::world::{HOUR, World, by};

    fn stop(number: u64) -> Kind {
        Kind::StopRecovery(StopRecovery {
            recovery: crate::form::numbered(number),
        })
    }

    #[test]
    fn the_owner_stops_a_recovery_in_time() {
        let mut world = World::new();
        for key in ["first", "second"] {
            let recover = Kind::RecoverMember(world.recover("finn", key));
            let asked = by("ada")
                .acting_as("acme#lead")
                .seconded("ben", "dev#lead")
                .does(recover);
            let expected = if key == "first" {
                "accepted"
            } else {
                "rejected recovery_open"
            };
            world.check_deed(asked, expected);
        }
        let malformed = Kind::StopRecovery(StopRecovery { recovery: None });
        for (actor, kind, expected) in [
            ("finn", malformed, "rejected ref_malformed"),
            ("finn", stop(9), "rejected object_unknown"),
            ("gia", stop(1), "rejected not_yours"),
            ("finn", stop(1), "accepted"),
            ("finn", stop(1), "rejected recovery_ended"),
        ] {
            world.check(actor, None, kind, expected);
        }
        assert!(world.advance(48 * HOUR).is_empty());
        assert_eq!(world.member("finn").keys.len(), 1);
        // The key that was not enrolled is free again.
        world.check(
            "finn",
            None,
            Kind::AddKey(world.add_key("finn", "first")),
            "accepted",
        );
    }

    #[test]
    fn whoever_suspends_the_owner_does_not_take_the_stop_from_them() {
        let mut world = World::new();
        let two = by("ada").acting_as("acme#lead").seconded("ben", "dev#lead");
        let suspend = Kind::SuspendMember(SuspendMember {
            member: world.member_ref("finn"),
        });
        let recover = Kind::RecoverMember(world.recover("finn", "thief"));
        world.check_deed(two.clone().does(suspend), "accepted");
        world.check_deed(two.does(recover), "accepted");
        // The stop is all that is left to the owner, and theirs alone.
        let pay = world.payment("finn:main", "gia:main", 1);
        world.check("finn", None, pay, "rejected member_inactive");
        let seconded = by("gia").seconded_plainly("finn").does(stop(1));
        world.check_deed(seconded, "rejected member_inactive");
        world.check("gia", None, stop(1), "rejected not_yours");
        world.check("finn", None, stop(1), "accepted");

        let reinstate = Kind::ReinstateMember(ReinstateMember {
            member: world.member_ref("finn"),
        });
        world.ada(reinstate);
        assert!(world.advance(48 * HOUR).is_empty());
        let leave = Kind::Leave(Leave {});
        let thief = by("finn").with_key("thief").does(leave);
        world.check_deed(thief, "rejected key_unknown");
        assert_eq!(world.member("finn").keys.len(), 1);
    }

    #[test]
    fn an_unstoppable_recovery_goes_on() {
        let mut world = World::new();
        let mut recovery = Recovery {
            number: 1,
            member: world.member_number("finn"),
            due: u64::MAX,
            ..Recovery::default()
        };
        let put = |world: &mut World, recovery: &Recovery| {
            let key = crate::state::keys::key(crate::state::keys::RECOVERY, &[1]);
            world
                .state
                .insert(key, prost::Message::encode_to_vec(recovery));
        };
        put(&mut world, &recovery);
        world.check("finn", None, stop(1), "rejected recovery_unstoppable");
        recovery.stoppable = true;
        recovery.due = world.time;
        put(&mut world, &recovery);
        world.check("finn", None, stop(1), "rejected recovery_ended");
    }
}

//! `revoke_key`: one of the actor's own keys loses its power, also over what it signed before.

use polity_proto::v1::{Key, Member, ObjectKind, RevokeKey};

use super::{Act, enrolment};
use crate::Rejection;
use crate::context::Context;
use crate::judge::Need;

impl Act for RevokeKey {
    fn check(&self) -> Result<(), Rejection> {
        match self.key.len() {
            32 => Ok(()),
            _ => Err(Rejection::KeyUnfit),
        }
    }

    fn needs(&self, _: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let mut member: Member = context.get(context.actor.member)?;
        let position = |key: &[u8]| {
            member
                .keys
                .iter()
                .position(|candidate| candidate.public == key && candidate.revoked_at == 0)
        };
        let revoked = position(&self.key).ok_or(Rejection::KeyUnknown)?;
        if enrolment::active(&member) == 1 {
            return Err(Rejection::LastKey);
        }
        // Keys stand in the order in which they were added. So a thief who adds a key of their own is outrun by the
        // older ones; and a key that was revoked earlier in this transaction revokes none.
        if let Some(signing) = signing_key(context) {
            let signing = position(signing).ok_or(Rejection::KeyUnknown)?;
            let is_young = now < too_young_until(context, &member.keys[signing]);
            Rejection::KeyTooYoung.when(revoked < signing && is_young)?;
        }

        member.keys[revoked].revoked_at = now;
        context.put(&member);
        let history = (ObjectKind::Member, member.number);
        context.event(ObjectKind::Member, member.number, &[history]);
        Ok(())
    }
}

/// Until when a key revokes none that is older. Whoever is cut off by an outage is given that time to answer.
pub(crate) fn too_young_until(context: &Context<'_, '_>, key: &Key) -> u64 {
    let added = context.now().later_by_outages(key.added_at, key.paused);
    added.saturating_add(context.parameters().key_protection)
}

/// The key with which the actor signed.
pub(crate) fn signing_key<'c>(context: &'c Context<'_, '_>) -> Option<&'c [u8]> {
    let position = context
        .signers
        .iter()
        .position(|member| *member == context.actor.member)?;
    context.signer_keys.get(position).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::Rejection;
    use crate::world::{HOUR, World, by};

    #[test]
    fn a_younger_key_cannot_revoke_an_older_one_before_it_is_trusted() {
        let mut world = World::new();
        world.check("finn", None, world.revoke_key("finn"), "rejected last_key");
        world.check(
            "finn",
            None,
            Kind::RevokeKey(RevokeKey { key: vec![1] }),
            "rejected key_unfit",
        );
        world.check(
            "finn",
            None,
            world.revoke_key("gia"),
            "rejected key_unknown",
        );
        world.check(
            "finn",
            None,
            Kind::AddKey(world.add_key("finn", "finn-2")),
            "accepted",
        );

        let old_by_young = by("finn").with_key("finn-2").does(world.revoke_key("finn"));
        world.check_deed(old_by_young.clone(), "rejected key_too_young");
        world.advance(72 * HOUR);
        world.check_deed(old_by_young, "accepted");
        world.check(
            "finn",
            None,
            world.revoke_key("finn-2"),
            "rejected key_unknown",
        );
        let own = by("finn")
            .with_key("finn-2")
            .does(world.revoke_key("finn-2"));
        world.check_deed(own, "rejected last_key");
    }

    #[test]
    fn a_key_that_revoked_itself_revokes_no_other() {
        let mut world = World::new();
        for name in ["finn-2", "thief", "thief-2"] {
            let key = Kind::AddKey(world.add_key("finn", name));
            world.check("finn", None, key, "accepted");
        }
        let revoke = |world: &World, name| {
            let by_thief = by("finn").with_key("thief");
            by_thief.does(world.revoke_key(name))
        };
        let own = revoke(&world, "thief");
        let others = ["finn", "finn-2"].map(|name| revoke(&world, name));
        let all = [&[own][..], &others[..]].concat();
        assert_eq!(world.submit(&all).err(), Some(Rejection::KeyUnknown));
        for other in others {
            world.check_deed(other, "rejected key_too_young");
        }
    }

    #[test]
    fn an_outage_makes_no_key_older() {
        let mut world = World::new();
        let key = Kind::AddKey(world.add_key("finn", "thief"));
        world.outage(HOUR);
        world.check("finn", None, key, "accepted");
        world.outage(72 * HOUR);
        let revoke = by("finn").with_key("thief").does(world.revoke_key("finn"));
        world.check_deed(revoke.clone(), "rejected key_too_young");
        world.advance(71 * HOUR);
        world.check_deed(revoke.clone(), "rejected key_too_young");
        world.advance(HOUR);
        world.check_deed(revoke, "accepted");
    }

    #[test]
    fn the_older_key_outruns_a_thief() {
        let mut world = World::new();
        world.check(
            "finn",
            None,
            Kind::AddKey(world.add_key("finn", "thief")),
            "accepted",
        );
        world.check("finn", None, world.revoke_key("thief"), "accepted");
        let leave = by("finn").with_key("thief").does(Kind::Leave(Leave {}));
        world.check_deed(leave, "rejected key_unknown");
        // A revoked key enrols nobody again.
        world.check(
            "finn",
            None,
            Kind::AddKey(world.add_key("finn", "thief")),
            "rejected key_unfit",
        );
    }

    #[test]
    fn many_changes_of_keys_leave_a_bounded_object() {
        let mut world = World::new();
        for number in 1..60 {
            let name = format!("finn-{number}");
            world.check(
                "finn",
                None,
                Kind::AddKey(world.add_key("finn", &name)),
                "accepted",
            );
            world.check("finn", None, world.revoke_key(&name), "accepted");
        }
        let member = world.member("finn");
        assert_eq!(member.keys.len(), 32);
        assert_eq!(member.keys[0].revoked_at, 0);
    }
}

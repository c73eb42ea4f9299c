//! `change_squad`: a member moves between squads, with the receiving squad's product owner; tribe
//! and chapter can change in the same act.

use polity_proto::v1::{
    Capability, ChangeSquad, EndReason, Member, Ref, Role, RoleKind, Unit, UnitKind,
};

use super::{Act, membership};
use crate::context::{Authority, Context};
use crate::judge::{self, Actor, Need, kinds, power};
use crate::state::objects;
use crate::{Rejection, form};

impl Act for ChangeSquad {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::optional_reference(&self.chapter_from)?;
        form::optional_reference(&self.chapter_to)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Unit = context.find(&self.from)?;
        let to: Unit = context.find(&self.to)?;
        for chapter in [&self.chapter_from, &self.chapter_to] {
            if chapter.is_some() {
                let _: Unit = context.find(chapter)?;
            }
        }
        let receiver = receiver(context, to.number);
        if context.authority == Authority::Signed && receiver.is_none() {
            return Err(Rejection::PeopleMissing);
        }
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member = context.actor.member;
        let from: Unit = context.find(&self.from)?;
        let to: Unit = context.find(&self.to)?;
        if from.kind() != UnitKind::Squad || to.kind() != UnitKind::Squad {
            return Err(Rejection::KindRule);
        }
        if !membership::has_joined(context, member, from.number) {
            return Err(Rejection::NotJoined);
        }

        let receiver = receiver(context, to.number);
        // To receive somebody is to admit them, which sleeps after a recovery.
        let (now, admits) = (context.now(), Capability::AdmitMembers);
        Rejection::Sleeping
            .when(receiver.is_some_and(|by| judge::sleeps(context, now, by.member, admits)))?;
        membership::take_out(context, member, from.number, EndReason::None);
        membership::join(context, member, to.number, receiver)?;
        if self.chapter_from.is_some() {
            let chapter = chapter(context, &self.chapter_from)?;
            if !membership::has_joined(context, member, chapter) {
                return Err(Rejection::NotJoined);
            }
            membership::take_out(context, member, chapter, EndReason::None);
        }
        check_chapters(context, member)?;
        if self.chapter_to.is_some() {
            let chapter = chapter(context, &self.chapter_to)?;
            membership::join(context, member, chapter, receiver)?;
        }
        Ok(())
    }
}

/// Who signs as product owner of the squad that receives the member.
fn receiver(context: &Context<'_, '_>, squad: u64) -> Option<Actor> {
    let mut seconds = context.seconds.iter().copied();
    seconds.find(|second| receives(context, *second, squad))
}

/// Whether somebody signs as product owner of a squad. Whoever was imported into that role and not renewed in it
/// receives nobody; whether it is theirs at all is judged with every acting role.
fn receives(context: &Context<'_, '_>, second: Actor, squad: u64) -> bool {
    let is_owner = objects::look::<Role>(context, second.role)
        .is_some_and(|role| role.unit == squad && role.kind() == RoleKind::ProductOwner);
    let held = power::holding(context, second.member, second.role, context.now().time);
    is_owner && held.is_none_or(|assignment| power::assignment_carries_grants(&assignment))
}

/// Whoever goes to another tribe leaves the chapters of the old one by their own words, in the same act: a chapter is
/// no small print.
fn check_chapters(context: &Context<'_, '_>, member: u64) -> Result<(), Rejection> {
    let found: Member = context.get(member)?;
    let tribe = kinds::home_tribe(context, &found);
    for chapter in found.chapters {
        let chapter: Unit = context.get(chapter)?;
        if chapter.parent != tribe {
            return Err(Rejection::KindRule);
        }
    }
    Ok(())
}

fn chapter(context: &Context<'_, '_>, reference: &Option<Ref>) -> Result<u64, Rejection> {
    let unit: Unit = context.find(reference)?;
    if unit.kind() == UnitKind::Chapter {
        Ok(unit.number)
    } else {
        Err(Rejection::KindRule)
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::{DAY, Deed, World, approve, by, joined, role_holders, tier};

    fn change(world: &World, from: &str, to: &str) -> ChangeSquad {
        ChangeSquad {
            from: world.unit_ref(from),
            to: world.unit_ref(to),
            ..ChangeSquad::default()
        }
    }

    fn received(change: ChangeSquad, owner: &str, role: &str) -> Deed {
        by("finn")
            .seconded(owner, role)
            .does(Kind::ChangeSquad(change))
    }

    #[test]
    fn a_member_changes_with_the_receiving_product_owner() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        world.ada(world.join_unit("finn", "dev/web/quality"));
        let to_blue = change(&world, "dev/web/red", "dev/web/blue");
        let owner = "dev/web/blue#owner";
        for (deed, expected) in [
            (
                received(
                    ChangeSquad {
                        from: None,
                        ..to_blue
                    },
                    "gia",
                    owner,
                ),
                "rejected ref_malformed",
            ),
            (
                received(
                    ChangeSquad {
                        to: form::numbered(99),
                        ..to_blue
                    },
                    "gia",
                    owner,
                ),
                "rejected object_unknown",
            ),
            (
                by("finn").does(Kind::ChangeSquad(to_blue)),
                "rejected people_missing",
            ),
            (
                received(to_blue, "ben", "dev/web/red#owner"),
                "rejected people_missing",
            ),
            (received(to_blue, "ben", owner), "rejected role_not_held"),
            (
                received(change(&world, "dev", "dev/web/blue"), "gia", owner),
                "rejected kind_rule",
            ),
            (
                received(
                    change(&world, "dev/app/green", "dev/web/blue"),
                    "gia",
                    owner,
                ),
                "rejected not_joined",
            ),
            (
                received(
                    ChangeSquad {
                        chapter_from: world.unit_ref("dev/app/craft"),
                        ..to_blue
                    },
                    "gia",
                    owner,
                ),
                "rejected not_joined",
            ),
            (
                received(
                    ChangeSquad {
                        chapter_to: world.unit_ref("dev/web"),
                        ..to_blue
                    },
                    "gia",
                    owner,
                ),
                "rejected kind_rule",
            ),
            (
                received(
                    ChangeSquad {
                        chapter_to: world.unit_ref("dev/app/craft"),
                        ..to_blue
                    },
                    "gia",
                    owner,
                ),
                "rejected kind_rule",
            ),
            (received(to_blue, "gia", owner), "accepted"),
        ] {
            world.check_deed(deed, expected);
        }
        let finn = world.member("finn");
        assert_eq!(finn.home_squad, world.unit("dev/web/blue").number);
        assert_eq!(finn.chapters, [world.unit("dev/web/quality").number]);
    }

    #[test]
    fn a_product_owner_who_was_imported_receives_nobody() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        let owner = "dev/web/blue#owner";
        let held = world.assignment("gia", owner);
        world.put_for_test(&Assignment {
            manner: Manner::Imported as i32,
            ..held
        });
        let to_blue = change(&world, "dev/web/red", "dev/web/blue");
        world.check_deed(received(to_blue, "gia", owner), "rejected people_missing");
    }

    #[test]
    fn a_product_owner_who_was_recovered_receives_nobody_for_a_while() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        let gia = world.member("gia");
        world.put_for_test(&Member {
            sleeps_until: world.time + 7 * DAY,
            ..gia
        });
        let to_blue = change(&world, "dev/web/red", "dev/web/blue");
        let deed = received(to_blue, "gia", "dev/web/blue#owner");
        world.check_deed(deed.clone(), "rejected sleeping");
        world.advance(7 * DAY);
        world.check_deed(deed, "accepted");
    }

    #[test]
    fn whom_a_product_owner_received_approves_nothing_of_theirs_for_a_while() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        let (squad, owner) = ("dev/web/blue", "dev/web/blue#owner");
        let tiers = vec![tier(0, role_holders(), approve(joined(), 1))];
        let policy = world.policy(squad, Capability::Anchor, tiers);
        world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
        let to_blue = change(&world, "dev/web/red", squad);
        world.check_deed(received(to_blue, "gia", owner), "accepted");

        let anchor = Kind::AnchorDocument(AnchorDocument {
            unit: world.unit_ref(squad),
            hash: vec![1; 32],
            ..AnchorDocument::default()
        });
        let (kind, mode) = (ProposalKind::Operation, ModeKind::Approve);
        let proposal = world.proposal(squad, kind, mode, vec![anchor]);
        for (days, expected) in [(0, "rejected approver_too_close"), (30, "accepted")] {
            world.advance(days * DAY);
            let number = world.open("gia", owner, proposal.clone());
            let yes = world.answer(number, Answer::Approve);
            world.check("finn", None, yes, expected);
        }
    }

    #[test]
    fn tribe_and_chapter_change_in_the_same_act() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        world.ada(world.join_unit("finn", "dev/web/quality"));
        let silent = change(&world, "dev/web/red", "dev/app/green");
        world.check_deed(
            received(silent, "ada", "dev/app/green#owner"),
            "rejected kind_rule",
        );
        let change = ChangeSquad {
            chapter_from: world.unit_ref("dev/web/quality"),
            chapter_to: world.unit_ref("dev/app/craft"),
            ..change(&world, "dev/web/red", "dev/app/green")
        };
        world.check_deed(received(change, "ada", "dev/app/green#owner"), "accepted");
        let finn = world.member("finn");
        assert_eq!(finn.home_squad, world.unit("dev/app/green").number);
        assert_eq!(finn.chapters, [world.unit("dev/app/craft").number]);
        assert!(
            world
                .list(List::Joined, world.unit("dev/web/red").number)
                .is_empty()
        );
    }
}

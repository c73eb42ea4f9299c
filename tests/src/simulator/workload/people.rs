//! Members and their keys.

use polity_ledger::{check, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    AddKey, ImportMember, InviteMember, Join, Leave, Member, MemberKind, MemberState,
    RecoverMember, Recovery, ReinstateMember, RevokeKey, StopRecovery, SuspendMember,
    WithdrawInvitation,
};

use super::{Deed, Scene};
use crate::simulator::founding;

pub(crate) fn invite_member(scene: &mut Scene<'_>) -> Option<Deed> {
    let kind = if scene.dice.chance(15) {
        MemberKind::Service
    } else {
        MemberKind::Person
    };
    let invite = InviteMember {
        handle: scene.handle(),
        key: scene.keyring.make(),
        kind: kind as i32,
        unit: scene.unit(),
        external_id: scene.external_id(),
        ..InviteMember::default()
    };
    Some(Kind::InviteMember(invite).into())
}

pub(crate) fn join(scene: &mut Scene<'_>) -> Option<Deed> {
    let invited = scene.view.members(MemberState::Invited);
    let member = scene.one(invited)?.number;
    let join = Join {
        member: form::numbered(member),
        constitution: founding::constitution(),
        ..Join::default()
    };
    Some(Deed::of(member, Kind::Join(join)))
}

pub(crate) fn add_key(scene: &mut Scene<'_>) -> Option<Deed> {
    let state = scene
        .dice
        .one_of([MemberState::Active, MemberState::Imported]);
    let members = scene.view.members(state);
    let member = scene.one(members)?;
    let (key, possession) = new_key(scene, member.number);
    let add = Kind::AddKey(AddKey {
        member: form::numbered(member.number),
        key,
        possession,
    });
    Some(match member.state() {
        MemberState::Imported => add.into(),
        MemberState::None
        | MemberState::Invited
        | MemberState::Active
        | MemberState::Suspended
        | MemberState::Departed => Deed::of(member.number, add),
    })
}

pub(crate) fn revoke_key(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut members = scene.view.members(MemberState::Active);
    members.retain(|member| scene.view.keys_of(member.number).len() > 1);
    let member = scene.one(members)?.number;
    let keys = scene.view.keys_of(member);
    let revoke = RevokeKey {
        key: scene.dice.pick(&keys)?.clone(),
    };
    Some(Deed::of(member, Kind::RevokeKey(revoke)))
}

pub(crate) fn recover_member(scene: &mut Scene<'_>) -> Option<Deed> {
    let member = scene.follower()?.number;
    let (key, possession) = new_key(scene, member);
    let recover = RecoverMember {
        member: form::numbered(member),
        key,
        possession,
    };
    Some(Kind::RecoverMember(recover).into())
}

pub(crate) fn stop_recovery(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut recoveries = scene.view.all::<Recovery>();
    recoveries.retain(|recovery| !recovery.ended);
    let recovery = scene.one(recoveries)?;
    let stop = StopRecovery {
        recovery: form::numbered(recovery.number),
    };
    Some(Deed::of(recovery.member, Kind::StopRecovery(stop)))
}

pub(crate) fn suspend_member(scene: &mut Scene<'_>) -> Option<Deed> {
    let member = scene.follower()?.number;
    let suspend = SuspendMember {
        member: form::numbered(member),
    };
    Some(Kind::SuspendMember(suspend).into())
}

pub(crate) fn reinstate_member(scene: &mut Scene<'_>) -> Option<Deed> {
    let suspended = scene.view.members(MemberState::Suspended);
    let reinstate = ReinstateMember {
        member: scene.reference(suspended),
    };
    Some(Kind::ReinstateMember(reinstate).into())
}

pub(crate) fn leave(scene: &mut Scene<'_>) -> Option<Deed> {
    let member: Member = scene.follower()?;
    Some(Deed::of(member.number, Kind::Leave(Leave {})))
}

pub(crate) fn import_member(scene: &mut Scene<'_>) -> Option<Deed> {
    let import = ImportMember {
        handle: scene.handle(),
        external_id: scene.external_id(),
        unit: scene.unit(),
        ..ImportMember::default()
    };
    Some(Kind::ImportMember(import).into())
}

pub(crate) fn withdraw_invitation(scene: &mut Scene<'_>) -> Option<Deed> {
    let invited = scene.view.members(MemberState::Invited);
    let withdraw = WithdrawInvitation {
        member: scene.reference(invited),
    };
    Some(Kind::WithdrawInvitation(withdraw).into())
}

/// A new key for a member, with the proof that it is possessed.
fn new_key(scene: &mut Scene<'_>, member: u64) -> (Vec<u8>, Vec<u8>) {
    let key = scene.keyring.make();
    let message = check::possession_bytes(&scene.organisation, member, &key);
    let possession = scene.keyring.sign(&key, &message);
    (key, possession)
}

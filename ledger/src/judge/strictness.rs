//! The order of modes: which decision is harder to come by.

use polity_proto::v1::{Mode, ModeKind};

/// One mode without what it escalates to: kind, count, quorum, pass, whether silence is no
/// consent, and how long it takes.
type Rank = (i32, u32, u32, u32, bool, u64);

/// What modes are ordered by; beside an announcement, what an objection leads to.
pub type Strictness = (Rank, Rank);

/// How strict a mode is: alone < announce < approve < consent < vote < departments, then by higher
/// count, quorum and pass, then by whether everybody must answer, then by longer wait.
pub fn strictness(mode: &Mode) -> Strictness {
    let then = mode.escalates_to.as_deref().map(rank).unwrap_or_default();
    (rank(mode), then)
}

fn rank(mode: &Mode) -> Rank {
    let all_must_answer = mode.kind() == ModeKind::Consent && !mode.silence_is_consent;
    let wait = match mode.kind() {
        ModeKind::None | ModeKind::Alone | ModeKind::Departments => 0,
        ModeKind::Announce | ModeKind::Approve => mode.wait,
        ModeKind::Consent | ModeKind::Vote => mode.deadline,
    };
    (
        mode.kind,
        mode.count,
        mode.quorum,
        mode.pass,
        all_must_answer,
        wait,
    )
}

/// Whether `own` is laxer than `above` in nothing.
///
/// The order alone is not enough: two approvals of one's own role are no stricter than two of the
/// guardians, and a higher quorum does not make up for a lower pass. Nor is what comes about while
/// everybody else is silent stricter than what somebody else must approve.
pub fn tightens(own: &Mode, above: &Mode) -> bool {
    if own.kind() != above.kind() {
        let by_silence = above.kind() == ModeKind::Approve && passes_in_silence(own);
        return own.kind > above.kind && !by_silence;
    }
    let (own_rank, above_rank) = (rank(own), rank(above));
    let in_nothing_laxer = own_rank.1 >= above_rank.1
        && own_rank.2 >= above_rank.2
        && own_rank.3 >= above_rank.3
        && own_rank.4 >= above_rank.4
        && own_rank.5 >= above_rank.5;
    let same_people = own.approver == above.approver;
    let escalation = match (&own.escalates_to, &above.escalates_to) {
        (Some(own), Some(above)) => tightens(own, above),
        (_, None) => true,
        (None, Some(_)) => false,
    };
    in_nothing_laxer && same_people && escalation
}

/// Whether something can happen without anybody else's yes.
pub(crate) fn asks_nobody_to_agree(mode: &Mode) -> bool {
    matches!(mode.kind(), ModeKind::Alone | ModeKind::Announce) || passes_in_silence(mode)
}

/// Whether a proposal can pass while most of those who are asked say nothing.
fn passes_in_silence(mode: &Mode) -> bool {
    match mode.kind() {
        ModeKind::Consent => mode.silence_is_consent,
        ModeKind::Vote => mode.quorum <= 50,
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Approve
        | ModeKind::Departments => false,
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, RoleKind, Who, WhoKind};

    use super::*;
    use crate::world::{able, alone, announce, approve, by_departments, consent, vote};

    #[test]
    fn modes_ascend_in_the_order_of_their_kinds_and_then_of_their_numbers() {
        let approver = || able(Capability::Approve);
        let modes = [
            alone(),
            announce(10, approve(approver(), 1)),
            announce(10, approve(approver(), 2)),
            announce(20, approve(approver(), 1)),
            approve(approver(), 1),
            Mode {
                wait: 5,
                ..approve(approver(), 1)
            },
            approve(approver(), 2),
            consent(10),
            consent(20),
            Mode {
                silence_is_consent: false,
                ..consent(10)
            },
            vote(50, 50, 10),
            vote(50, 60, 10),
            vote(60, 50, 10),
            by_departments(),
        ];
        for (index, mode) in modes.iter().enumerate() {
            assert!(tightens(mode, mode));
            for stricter in &modes[index + 1..] {
                assert!(
                    strictness(mode) < strictness(stricter),
                    "{mode:?} {stricter:?}"
                );
                assert!(!tightens(mode, stricter), "{mode:?} {stricter:?}");
            }
        }
    }

    #[test]
    fn what_is_stricter_in_one_thing_and_laxer_in_another_tightens_nothing() {
        let lead = Who {
            kind: WhoKind::RoleKind as i32,
            role_kind: RoleKind::Lead as i32,
            ..Who::default()
        };
        let guardians = approve(able(Capability::Approve), 2);
        for (own, above) in [
            (approve(lead, 5), guardians.clone()),
            (vote(60, 50, 10), vote(50, 60, 10)),
            (announce(20, guardians.clone()), announce(10, consent(5))),
            (consent(1), guardians.clone()),
            (vote(50, 99, 1), guardians.clone()),
        ] {
            assert!(!tightens(&own, &above), "{own:?} {above:?}");
        }
        let answered = Mode {
            silence_is_consent: false,
            ..consent(1)
        };
        for own in [answered, vote(51, 50, 1), by_departments()] {
            assert!(tightens(&own, &guardians), "{own:?}");
        }
    }
}

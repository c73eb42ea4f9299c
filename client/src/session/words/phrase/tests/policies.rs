//! Who begins, who decides, and how: nothing of it is left out.

use polity_proto::v1::action::Kind;
use polity_proto::v1::{Capability, Mode, ModeKind, Ref, RoleKind, SetPolicy, Tier, Who, WhoKind};

use super::{NEW, are_told_apart, told};

fn holders() -> Who {
    Who {
        kind: WhoKind::RoleHolders as i32,
        ..Who::default()
    }
}

fn lead() -> Who {
    Who {
        kind: WhoKind::RoleKind as i32,
        role_kind: RoleKind::Lead as i32,
        ..Who::default()
    }
}

fn role(new: u32) -> Who {
    Who {
        kind: WhoKind::Role as i32,
        role: Some(Ref { number: 0, new }),
        ..Who::default()
    }
}

fn approve(count: u32, approver: Who, wait: u64) -> Mode {
    Mode {
        kind: ModeKind::Approve as i32,
        approver: Some(approver),
        count,
        wait,
        ..Mode::default()
    }
}

fn announce(wait: u64, escalates_to: Mode) -> Mode {
    Mode {
        kind: ModeKind::Announce as i32,
        wait,
        escalates_to: Some(Box::new(escalates_to)),
        ..Mode::default()
    }
}

fn consent(deadline: u64, silence_is_consent: bool) -> Mode {
    Mode {
        kind: ModeKind::Consent as i32,
        deadline,
        silence_is_consent,
        ..Mode::default()
    }
}

fn vote(deadline: u64, quorum: u32, pass: u32) -> Mode {
    Mode {
        kind: ModeKind::Vote as i32,
        deadline,
        quorum,
        pass,
        ..Mode::default()
    }
}

fn policy(tiers: impl IntoIterator<Item = (u8, Who, Mode)>) -> SetPolicy {
    let tier = |(up_to, by, mode)| Tier {
        up_to: if up_to == 0 { vec![] } else { vec![up_to] },
        by: Some(by),
        mode: Some(mode),
    };
    SetPolicy {
        unit: NEW,
        capability: Capability::OpenAccounts as i32,
        tiers: tiers.into_iter().map(tier).collect(),
        ..SetPolicy::default()
    }
}

#[tokio::test]
async fn a_policy_is_told_in_the_words_that_set_it() {
    let table = [
        (
            policy([(0, holders(), approve(1, role(2), 259_200))]),
            "role holders: approve 1 by role that step 2 creates after 72h",
        ),
        (
            policy([
                (5, holders(), announce(3_600, approve(2, lead(), 0))),
                (0, lead(), consent(60, false)),
            ]),
            "up to 5 minor units: role holders: announce 1h else approve 2 by lead; \
             else: lead: consent within 1m unless silent",
        ),
        (
            policy([(0, holders(), vote(86_400, 50, 60))]),
            "role holders: vote within 24h quorum 50% pass 60%",
        ),
    ];
    for (act, tiers) in table {
        let text = told(Kind::SetPolicy(act)).await;
        let before = "set the policy of the unit that step 1 creates to open_accounts: ";
        assert_eq!(text, format!("{before}{tiers}"));
    }
}

#[tokio::test]
async fn no_two_policies_are_told_alike() {
    let one = |mode: Mode| policy([(0, holders(), mode)]);
    let plain = one(approve(1, lead(), 0));
    let policies = vec![
        policy([(0, lead(), approve(1, lead(), 0))]),
        policy([(9, holders(), approve(1, lead(), 0))]),
        one(approve(2, lead(), 0)),
        one(approve(1, holders(), 0)),
        one(approve(1, role(1), 0)),
        one(approve(1, role(2), 0)),
        one(approve(1, lead(), 60)),
        one(announce(60, approve(1, lead(), 0))),
        one(announce(61, approve(1, lead(), 0))),
        one(announce(60, approve(1, holders(), 0))),
        one(consent(60, true)),
        one(consent(60, false)),
        one(consent(61, true)),
        one(vote(60, 50, 50)),
        one(vote(61, 50, 50)),
        one(vote(60, 51, 50)),
        one(vote(60, 50, 51)),
        SetPolicy {
            capability: Capability::Spend as i32,
            ..plain.clone()
        },
        SetPolicy {
            asset: NEW,
            ..plain.clone()
        },
        SetPolicy {
            recursive: true,
            ..plain.clone()
        },
        SetPolicy {
            words: "We ask first".into(),
            ..plain.clone()
        },
        SetPolicy {
            replaces: NEW,
            ..plain.clone()
        },
        plain,
    ];
    are_told_apart(policies.into_iter().map(Kind::SetPolicy).collect()).await;
}

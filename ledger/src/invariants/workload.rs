//! A seeded life of value: whatever is accepted or refused, the invariants hold after each block.

use polity_proto::v1::{
    Account, ClosePeriod, ConfirmExternal, Hold, HoldState, MoveBudget, PlaceHold, PlanBudget,
    SetCreditLimit, Transfer, TransferKind, action::Kind,
};

use super::all;
use crate::world::{DAY, HOUR, START, World, euros, post, void};
use crate::{Amount, form};

/// Numbers that look random and are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const ACCOUNTS: [&str; 6] = [
    "dev:main",
    "ops:main",
    "acme:main",
    "acme:reserve",
    "finn:main",
    "gia:main",
];
/// Who acts, in which role, and from which account they may pay.
type Person = (&'static str, Option<&'static str>, &'static str);

const PEOPLE: [Person; 7] = [
    ("ben", Some("dev#lead"), "dev:main"),
    ("finn", Some("dev#engineer"), "dev:main"),
    ("finn", None, "finn:main"),
    ("hal", Some("ops#engineer"), "ops:main"),
    ("ada", Some("acme#lead"), "acme:main"),
    ("ada", Some("acme#lead"), "acme:reserve"),
    ("eve", Some("finance#lead"), "acme:main"),
];

fn transfer(world: &World, seeded: &mut Seeded, own: &str) -> Transfer {
    let from = match seeded.below(8) {
        0 => seeded.pick(&ACCOUNTS),
        _ => own,
    };
    let to = seeded.pick(&ACCOUNTS);
    let within = from.split(':').next() == to.split(':').next();
    let kind = if within {
        TransferKind::Internal
    } else {
        TransferKind::Payment
    };
    Transfer {
        line: match seeded.below(4) {
            0 => form::numbered(1 + seeded.below(4)),
            _ => None,
        },
        value_date: match seeded.below(9) {
            0 => START + seeded.below(60) * DAY,
            _ => 0,
        },
        ..world.transfer(from, to, 1 + u128::from(seeded.below(90)), kind)
    }
}

fn deed(world: &World, seeded: &mut Seeded, own: &str) -> Kind {
    let holds = all::<Hold>(&world.state).count() as u64;
    let hold = 1 + seeded.below(holds.max(1));
    match seeded.below(12) {
        0..3 => Kind::Transfer(transfer(world, seeded, own)),
        3..6 => Kind::PlaceHold(PlaceHold {
            transfer: Some(transfer(world, seeded, own)),
            expires_at: world.time + seeded.below(5) * DAY + HOUR,
        }),
        6 => post(
            hold,
            (seeded.below(2) == 0).then(|| u128::from(seeded.below(100))),
        ),
        7 => void(hold),
        8 => {
            let month = seeded.below(3) * 30 * DAY;
            let category = seeded.pick(&["tools", "travel"]);
            let line = world.line(category, u128::from(seeded.below(500)));
            Kind::PlanBudget(PlanBudget {
                from: line.from + month,
                until: line.until + month,
                hard: seeded.below(3) != 0,
                ..line
            })
        }
        9 => Kind::MoveBudget(MoveBudget {
            from: form::numbered(1 + seeded.below(4)),
            to: form::numbered(1 + seeded.below(4)),
            amount: euros(u128::from(seeded.below(200))),
        }),
        10 => match seeded.below(3) {
            0 => Kind::RecordExternal(world.record("bank:main", "acme:main", 7)),
            1 => Kind::ConfirmExternal(ConfirmExternal {
                hold: form::numbered(hold),
                statement: vec![9; 32],
            }),
            _ => Kind::ClosePeriod(ClosePeriod {
                unit: world.unit_ref("dev"),
                until: START + seeded.below(60) * DAY,
            }),
        },
        _ => Kind::SetCreditLimit(SetCreditLimit {
            account: world.account_ref("acme:reserve"),
            limit: euros(u128::from(seeded.below(100))),
        }),
    }
}

#[test]
fn a_life_of_value_keeps_every_invariant() {
    let mut world = World::with_treasury();
    world.fund("ops", 5_000);
    world.fund("dev", 5_000);
    let mut seeded = Seeded(42);
    let mut accepted = 0;
    for _ in 0..1_000 {
        let (member, role, own) = seeded.pick(&PEOPLE);
        let kind = deed(&world, &mut seeded, own);
        accepted += u32::from(world.run(member, role, kind).is_ok());
        if seeded.below(4) == 0 {
            world.advance(seeded.below(30) * HOUR);
        }
    }
    let ends = |state| {
        all::<Hold>(&world.state)
            .filter(|hold| hold.state() == state)
            .count()
    };
    let states = [HoldState::Posted, HoldState::Voided, HoldState::Expired];
    assert!(accepted > 150, "only {accepted} were accepted");
    assert!(states.into_iter().all(|state| ends(state) > 0));

    // When every hold is over, nothing is pending anywhere.
    world.advance(400 * DAY);
    for account in all::<Account>(&world.state) {
        let pending = [&account.debits_pending, &account.credits_pending];
        assert!(
            pending
                .into_iter()
                .all(|amount| Amount::from_state(amount).is_zero())
        );
    }
}

//! Profiles: ways of working that a unit begins with or changes to.
//!
//! A profile says which kind the unit is, which seats it has, how it decides, and what a new lead may
//! do alone. It only bundles what could be done by hand: each seat, policy and grant is made by the
//! rules of its own action. One organisation mixes profiles as it likes.

use polity_proto::v1::{
    Capability, CreateRole, GiveGrant, Mode, ModeKind, Profile, Ref, RoleKind, ScopeKind, ScopeRef,
    SetPolicy, Tier, UnitKind, Who, WhoKind,
};

/// What a profile makes of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The kind that the unit has from then on.
    pub kind: UnitKind,
    /// Seats; where the unit has one of the sort, it stays as it is.
    pub seats: &'static [Seat],
    /// How the unit decides.
    pub rules: Vec<Rule>,
    /// What the lead may do alone, where the seat is new: whoever leads already gains nothing.
    pub of_the_lead: &'static [Capability],
    /// Nobody governs the unit alone any more: grants of `govern` over it end.
    pub is_governed_together: bool,
}

/// A seat of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its sort.
    pub kind: RoleKind,
    /// Its handle.
    pub handle: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether it is filled by election.
    pub elected: bool,
}

/// How a unit decides about a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The capability.
    pub capability: Capability,
    /// Who may begin.
    pub by: Whom,
    /// How it is decided.
    pub mode: Way,
}

/// People, as rules of profiles name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Holders of any role of the unit.
    RoleHolders,
    /// Who joined the unit.
    Joined,
    /// Holders of a role of this sort, in the unit or the nearest above that has one.
    Sort(RoleKind),
    /// Holders of `approve`.
    Approvers,
}

/// A way of deciding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nobody objects until the deadline.
    Consent,
    /// One other person agrees.
    SecondPerson(Whom),
}

const LEAD: Seat = Seat {
    kind: RoleKind::Lead,
    handle: "lead",
    purpose: "leads the unit, and answers for what no other role does",
    elected: false,
};

/// Holacracy Constitution 5.0, 5.1: the offices of a circle.
const OFFICES: [Seat; 4] = [
    LEAD,
    Seat {
        kind: RoleKind::Facilitator,
        handle: "facilitator",
        purpose: "facilitates the circle's governance and tests objections",
        elected: true,
    },
    Seat {
        kind: RoleKind::Secretary,
        handle: "secretary",
        purpose: "keeps the circle's records and interprets its governance",
        elected: true,
    },
    // Last: the anchor circle has nobody above to be represented to.
    Seat {
        kind: RoleKind::Representative,
        handle: "representative",
        purpose: "carries the circle's tensions into the circle above",
        elected: true,
    },
];

const PRODUCT_OWNER: Seat = Seat {
    kind: RoleKind::ProductOwner,
    handle: "product-owner",
    purpose: "says what the squad builds next",
    elected: false,
};

const COORDINATOR: Seat = Seat {
    handle: "coordinator",
    purpose: "brings the guild together",
    elected: true,
    ..LEAD
};

fn second_person(capability: Capability, by: Whom, other: Whom) -> Rule {
    Rule {
        capability,
        by,
        mode: Way::SecondPerson(other),
    }
}

/// What a profile makes of a unit of this kind; none where it does not fit. `is_root`: nothing is
/// above the unit.
pub fn bundle(profile: Profile, kind: UnitKind, is_root: bool) -> Option<Bundle> {
    match profile {
        Profile::None => None,
        Profile::Holacracy => circle(kind, is_root),
        Profile::Squads => squads(kind),
        Profile::Department => department(kind),
    }
}

fn circle(kind: UnitKind, is_root: bool) -> Option<Bundle> {
    let seats = if is_root { &OFFICES[..3] } else { &OFFICES[..] };
    is_free(kind).then_some(Bundle {
        kind: UnitKind::Circle,
        seats,
        rules: vec![Rule {
            capability: Capability::Govern,
            by: Whom::RoleHolders,
            mode: Way::Consent,
        }],
        of_the_lead: &[Capability::AssignRoles],
        is_governed_together: true,
    })
}

fn squads(kind: UnitKind) -> Option<Bundle> {
    const LEADER: Whom = Whom::Sort(RoleKind::Lead);
    let of = |kind, seats, rule, of_the_lead| {
        Some(Bundle {
            kind,
            seats,
            rules: vec![rule],
            of_the_lead,
            is_governed_together: false,
        })
    };
    const SPENDS: Capability = Capability::Spend;
    match kind {
        UnitKind::Squad => of(
            kind,
            &[PRODUCT_OWNER],
            second_person(SPENDS, Whom::Sort(RoleKind::ProductOwner), LEADER),
            &[],
        ),
        UnitKind::Chapter => of(
            kind,
            &[LEAD],
            second_person(SPENDS, Whom::Joined, Whom::Approvers),
            &[Capability::Approve],
        ),
        UnitKind::Guild => of(
            kind,
            &[COORDINATOR],
            second_person(SPENDS, Whom::Joined, LEADER),
            &[],
        ),
        UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Project
        | UnitKind::Team
        | UnitKind::Tribe => of(
            UnitKind::Tribe,
            &[LEAD],
            second_person(SPENDS, Whom::RoleHolders, Whom::Approvers),
            &[Capability::AssignRoles, Capability::Approve],
        ),
        UnitKind::None => None,
    }
}

fn department(kind: UnitKind) -> Option<Bundle> {
    let four_eyes = |capability| second_person(capability, Whom::RoleHolders, Whom::Approvers);
    is_free(kind).then_some(Bundle {
        kind: UnitKind::Department,
        seats: &[LEAD],
        rules: [Capability::Govern, Capability::Spend, Capability::Allocate]
            .map(four_eyes)
            .to_vec(),
        of_the_lead: &[Capability::AssignRoles, Capability::Approve],
        is_governed_together: false,
    })
}

/// Kinds that any unit can have, wherever it stands.
fn is_free(kind: UnitKind) -> bool {
    match kind {
        UnitKind::Company
        | UnitKind::Department
        | UnitKind::Circle
        | UnitKind::Project
        | UnitKind::Team => true,
        UnitKind::None
        | UnitKind::Squad
        | UnitKind::Tribe
        | UnitKind::Chapter
        | UnitKind::Guild => false,
    }
}

impl Seat {
    /// The action that makes the seat in a unit.
    pub fn create(&self, unit: Option<Ref>, term: u64) -> CreateRole {
        CreateRole {
            unit,
            kind: self.kind as i32,
            handle: self.handle.into(),
            purpose: self.purpose.into(),
            holders_max: 1,
            term: if self.elected { term } else { 0 },
            elected: self.elected,
            ..CreateRole::default()
        }
    }
}

impl Rule {
    /// The action that makes the rule a unit's policy; `deadline` is the time to object.
    pub fn set(&self, unit: Option<Ref>, deadline: u64) -> SetPolicy {
        let mode = match self.mode {
            Way::Consent => Mode {
                kind: ModeKind::Consent as i32,
                deadline,
                silence_is_consent: true,
                ..Mode::default()
            },
            Way::SecondPerson(whom) => Mode {
                kind: ModeKind::Approve as i32,
                approver: Some(whom.who()),
                count: 1,
                ..Mode::default()
            },
        };
        SetPolicy {
            unit,
            capability: self.capability as i32,
            tiers: vec![Tier {
                up_to: Vec::new(),
                by: Some(self.by.who()),
                mode: Some(mode),
            }],
            ..SetPolicy::default()
        }
    }
}

impl Whom {
    fn who(self) -> Who {
        let of = |kind: WhoKind| Who {
            kind: kind as i32,
            ..Who::default()
        };
        match self {
            Whom::RoleHolders => of(WhoKind::RoleHolders),
            Whom::Joined => of(WhoKind::JoinedMembers),
            Whom::Sort(kind) => Who {
                role_kind: kind as i32,
                ..of(WhoKind::RoleKind)
            },
            Whom::Approvers => Who {
                capability: Capability::Approve as i32,
                ..of(WhoKind::Capability)
            },
        }
    }
}

/// The action by which a lead may do something alone in a unit.
pub fn lead_grant(role: Option<Ref>, capability: Capability, unit: Option<Ref>) -> GiveGrant {
    GiveGrant {
        role,
        capability: capability as i32,
        scope: Some(ScopeRef {
            kind: ScopeKind::Unit as i32,
            unit,
            ..ScopeRef::default()
        }),
        ..GiveGrant::default()
    }
}

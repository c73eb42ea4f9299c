//! Why a transaction is refused: one numbered list.

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $sentence:literal;)*) => {
        /// Why a transaction was refused. Numbers are stable, never reused, and grouped by family; the family is the
        /// hundred.
        ///
        /// Precedence is the order of judgement: bytes (1xx), signers (2xx), named objects (401),
        /// the acting role (301), authority (3xx), separation of duties (36x), the object's state, value (6xx).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        #[repr(u32)]
        pub enum Rejection {
            $(#[doc = $sentence] #[error($sentence)] $name = $number,)*
        }

        impl Rejection {
            /// Every rejection, ascending by number.
            pub const ALL: &'static [Rejection] = &[$(Rejection::$name),*];

            /// The stable name, as readers and scenarios write it.
            pub fn name(self) -> &'static str {
                match self { $(Rejection::$name => $slug,)* }
            }

            /// The rejection with this number.
            pub fn from_code(code: u32) -> Option<Rejection> {
                match code { $($number => Some(Rejection::$name),)* _ => None }
            }
        }
    };
}

/// Makes [`Family`] of one row for each: the hundred of its numbers, and what it is about.
macro_rules! families {
    ($($name:ident = $hundred:literal, $meaning:literal;)*) => {
        /// What a refusal is about, in the order of the numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Family {
            $(#[doc = $meaning] $name = $hundred,)*
        }

        impl Family {
            /// The family of a hundred, where there is one; it may have no rejection yet.
            pub fn of_hundred(hundred: u32) -> Option<Family> {
                match hundred { $($hundred => Some(Family::$name),)* _ => None }
            }

            /// What it is about, in words.
            pub fn meaning(self) -> &'static str {
                match self { $(Family::$name => $meaning,)* }
            }
        }
    };
}

families! {
    Bytes = 1, "the bytes are not a transaction of this ledger";
    Signers = 2, "the signers, their keys and signatures";
    Authority = 3, "authority: grants, policies and duties";
    Organisation = 4, "the organisation: members, units, roles";
    Decisions = 5, "decisions and proposals";
    Value = 6, "value: accounts, budgets, holds";
    Exchange = 7, "exchange between peers";
    Network = 8, "the network: validators, nodes, parameters";
    Audit = 9, "audit: documents, auditors, closed periods";
}

impl Family {
    /// The family of a rejection's number.
    pub fn of_code(code: u32) -> Option<Family> {
        Family::of_hundred(code / 100)
    }
}

impl Rejection {
    /// The stable number.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// What it is about.
    pub fn family(self) -> Family {
        Family::of_code(self.code()).expect("every rejection is of a family")
    }

    /// This refusal, unless something holds.
    pub(crate) fn unless(self, holds: bool) -> Result<(), Rejection> {
        if holds { Ok(()) } else { Err(self) }
    }

    /// This refusal, when something holds.
    pub(crate) fn when(self, holds: bool) -> Result<(), Rejection> {
        self.unless(!holds)
    }
}

rejections! {
    // 1xx: bytes.
    TooLarge = 101, "too_large", "the transaction has more bytes than are allowed";
    Malformed = 102, "malformed", "the bytes are not a transaction";
    NotCanonical = 103, "not_canonical", "the encoding does not re-encode to itself";
    WrongVersion = 104, "wrong_version", "the transaction has a version that this ledger does not know";
    WrongOrganisation = 105, "wrong_organisation", "the transaction was signed for another organisation";
    SaltMalformed = 106, "salt_malformed", "the salt is not 16 bytes";
    SignerCount = 107, "signer_count", "a transaction has 1 to 16 signers and one signature for each";
    SignerTwice = 108, "signer_twice", "a member signs twice";
    ActionCount = 109, "action_count", "a transaction has 1 to 100 actions, those that it proposes included";
    ActionMissing = 110, "action_missing", "an action says nothing to do, or something that this ledger does not know";
    SignerIndex = 111, "signer_index", "an action names a signer who is not there";
    RefMalformed = 112, "ref_malformed", "a reference is neither a number nor an earlier action";
    AmountMalformed = 113, "amount_malformed", "an amount is not in its minimal form";
    HashMalformed = 114, "hash_malformed", "a hash is not 32 bytes";
    TextMalformed = 115, "text_malformed", "a text is too long, or has a character that is not allowed in it";
    HandleMalformed = 116, "handle_malformed", "a handle is not 1 to 64 of a-z, 0-9 and -";
    ExternalIdMalformed = 117, "external_id_malformed", "an external id is not 1 to 64 printable ascii bytes";
    ListTooLong = 118, "list_too_long", "a list has more entries than are allowed, or one twice";
    ValueUnknown = 119, "value_unknown", "a field has a value that this ledger does not know";
    FieldMissing = 120, "field_missing", "a field that the action needs is empty";
    TimeMalformed = 121, "time_malformed", "a time is out of order or out of its bounds";

    // 2xx: signers.
    MemberUnknown = 201, "member_unknown", "a signer is not a member";
    KeyUnknown = 202, "key_unknown", "the key is not one of the signer's active keys";
    MemberInactive = 203, "member_inactive", "a signer is not an active member";
    BadSignature = 204, "bad_signature", "a signature does not verify";
    Expired = 205, "expired", "the transaction is no longer valid";
    ValidTooLong = 206, "valid_too_long", "the transaction is valid for longer than is allowed";
    Consumed = 207, "consumed", "the transaction was already in a block";
    InvitedOnlyJoins = 208, "invited_only_joins", "an invited key may send join and nothing else";
    KeyUnfit = 209, "key_unfit", "the key is of small order, not canonical, or in use";
    PossessionUnproven = 210, "possession_unproven", "the new key did not prove its possession";
    LastKey = 211, "last_key", "the last key cannot be revoked";
    KeyTooYoung = 212, "key_too_young", "a younger key cannot revoke an older one yet";
    TooManyKeys = 213, "too_many_keys", "a member has at most 16 keys";
    ConstitutionWrong = 214, "constitution_wrong", "the constitution that was signed is another";

    // 3xx: authority.
    RoleNotHeld = 301, "role_not_held", "the acting role is not the signer's now";
    NoGrant = 302, "no_grant", "neither a grant nor a policy lets the actor do this";
    LimitPerTransfer = 303, "limit_per_transfer", "a grant is there, but its limit per transfer is exceeded";
    LimitPerPeriod = 304, "limit_per_period", "a grant is there, but its limit per period is exceeded";
    NeedsDecision = 305, "needs_decision", "this needs a decision of the unit";
    NotConferred = 306, "not_conferred", "the unit does not hold the capability";
    GrantExceedsGiver = 307, "grant_exceeds_giver", "a grant cannot exceed what its unit holds, nor what its giver may do alone";
    GrantToSelf = 308, "grant_to_self", "nobody grants themselves anything";
    GrantNeedsPeriod = 309, "grant_needs_period", "a grant of spend or trade needs a limit per period";
    DelegationWider = 310, "delegation_wider", "a delegation cannot be wider than its source";
    NotDelegable = 311, "not_delegable", "neither a delegated grant nor operate_validator can be delegated";
    NotYours = 312, "not_yours", "only the owner may do this";
    PeopleMissing = 313, "people_missing", "people of different units must sign together";
    PolicyLaxer = 314, "policy_laxer", "the policy would be laxer than one above it";
    PolicyMalformed = 315, "policy_malformed", "the policy's tiers or modes do not fit together";
    OwnDecisionOnly = 316, "own_decision_only", "only the unit itself may decide this";
    Sleeping = 317, "sleeping", "after a recovery, spending, approving, governing and operating sleep";
    GenesisOnly = 318, "genesis_only", "this is possible in the genesis only";
    GrantTooClose = 319, "grant_too_close", "who would use this, or who admitted them too recently, gave the grant, the role or the policy alone";

    // 36x: separation of duties.
    SelfApproval = 361, "self_approval", "the proposer or a beneficiary cannot approve";
    SamePerson = 362, "same_person", "another person must do this";
    DutyConflict = 363, "duty_conflict", "a member would hold two capabilities that a rule keeps apart";
    ApproverTooClose = 364, "approver_too_close", "the proposer brought the approver in, or the approver who proposed or benefits, too recently, or it is a service of theirs";
    ServiceCannotApprove = 365, "service_cannot_approve", "a service does not approve, confirm or vote: people do";

    // 4xx: organisation.
    ObjectUnknown = 401, "object_unknown", "a named object does not exist";
    HandleTaken = 402, "handle_taken", "the handle is taken";
    ExternalIdTaken = 403, "external_id_taken", "the external id is taken";
    UnitDissolved = 404, "unit_dissolved", "the unit is dissolved";
    UnitTooDeep = 405, "unit_too_deep", "the tree would be deeper than 12";
    UnitCycle = 406, "unit_cycle", "a unit cannot be moved below itself";
    UnitNotEmpty = 407, "unit_not_empty", "the unit still has units, value, holds, proposals or filled roles";
    KindRule = 408, "kind_rule", "a rule of the unit's kind does not allow this";
    CeilingReached = 409, "ceiling_reached", "the unit is full";
    AlreadyJoined = 410, "already_joined", "the member has already joined";
    NotJoined = 411, "not_joined", "the member has not joined";
    RoleRemoved = 412, "role_removed", "the role is removed";
    ConstitutionRole = 413, "constitution_role", "a role of the constitution cannot be altered";
    DomainTaken = 414, "domain_taken", "the domain is held by another role of the unit";
    ElectedOnly = 415, "elected_only", "the role is filled by election only";
    RoleFull = 416, "role_full", "the role has its most holders";
    AlreadyAssigned = 417, "already_assigned", "the member already holds the role";
    AssignmentEnded = 418, "assignment_ended", "the assignment has ended";
    AlreadyAccepted = 419, "already_accepted", "the assignment is already accepted";
    PercentageExceeded = 420, "percentage_exceeded", "the member's time would exceed 100 percent";
    MemberStateWrong = 421, "member_state_wrong", "the member's state does not allow this";
    GrantEnded = 422, "grant_ended", "the grant has ended";
    PolicyEnded = 423, "policy_ended", "the policy has ended";
    RuleRemoved = 424, "rule_removed", "the rule is removed";
    RecoveryOpen = 425, "recovery_open", "a recovery of the member is open";
    RecoveryEnded = 426, "recovery_ended", "the recovery has ended";
    RecoveryUnstoppable = 427, "recovery_unstoppable", "a second recovery cannot be stopped";
    RootFixed = 428, "root_fixed", "the root cannot be moved or dissolved";
    UnitValidates = 429, "unit_validates", "the unit runs a validator";
    HomeSquad = 430, "home_squad", "the member already has a home squad";
    LeadRepresents = 431, "lead_represents", "whoever leads the unit does not represent it";
    RoleFilled = 432, "role_filled", "the role still has holders";
    NotInLine = 433, "not_in_line", "the other unit is neither above nor below";
    ProfileUnfit = 434, "profile_unfit", "the profile is not for a unit of this kind";
    RoleNamed = 435, "role_named", "a policy names the role, and nobody could meet it without";

    // 5xx: decisions.
    ProposalClosed = 501, "proposal_closed", "the proposal is no longer open";
    ProposalEmpty = 502, "proposal_empty", "a proposal has 1 to 50 actions";
    ProposalNested = 503, "proposal_nested", "a proposal cannot hold decisions about proposals";
    ProposalForeign = 504, "proposal_foreign", "an action of the proposal belongs to another unit";
    ProposalKindWrong = 505, "proposal_kind_wrong", "governance and value do not mix in one proposal";
    StricterMode = 506, "stricter_mode", "the decision needs a stricter mode than expected";
    SpendSplit = 507, "spend_split", "with what was spent before, the decision needs a stricter tier";
    NoDecisionNeeded = 508, "no_decision_needed", "the proposer may do this at once";
    VersionStale = 509, "version_stale", "the proposal has another version now";
    AlreadyAnswered = 510, "already_answered", "the member has answered this version";
    AnswerUnfit = 511, "answer_unfit", "the answer does not fit the mode";
    NotInElectorate = 512, "not_in_electorate", "the member is not among those who decide this";
    Waiting = 513, "waiting", "the wait is not over";
    NotDecided = 514, "not_decided", "the proposal is not decided";
    NotProposer = 515, "not_proposer", "only the proposer may do this";
    ActionNotProposable = 516, "action_not_proposable", "this action is not for proposals";
    ProposalDivided = 517, "proposal_divided", "different people decide about the actions: one proposal for each";
    Escalated = 518, "escalated", "somebody objected: the stricter mode decides";
    WaitOver = 519, "wait_over", "the wait is over: nobody can object any more";
    DeadlinePassed = 520, "deadline_passed", "the deadline of this version has passed";
    NotAnnounced = 521, "not_announced", "only what was announced can be escalated";
    NotEscalated = 522, "not_escalated", "no escalation stands that could be taken back";
    TensionMissing = 523, "tension_missing", "a circle's proposal states a tension, an example and an explanation";
    NotGovernanceOutput = 524, "not_governance_output", "a circle's governance is about roles, policies and elections";
    ObjectionIncomplete = 525, "objection_incomplete", "an objection argues all four claims, or names the rule that would be broken";
    ObjectionClosed = 526, "objection_closed", "the objection is no longer open";
    NotFacilitator = 527, "not_facilitator", "the member is not among those who test this objection";
    TooManyVersions = 528, "too_many_versions", "a proposal has at most 64 versions";
    TooManyProposals = 529, "too_many_proposals", "the member has as many open proposals as are allowed";

    RoleNotElected = 540, "role_not_elected", "the role is not filled by election";
    ElectionOpen = 541, "election_open", "an election for the role is already open";
    ElectionClosed = 542, "election_closed", "the election is over";
    ElectionStep = 543, "election_step", "the election is at another step";
    BallotCast = 544, "ballot_cast", "the member has cast this ballot already";
    BallotMissing = 545, "ballot_missing", "the member has no ballot in this election";
    BallotMismatch = 546, "ballot_mismatch", "the ballot that was sealed is another";
    NomineeUnfit = 547, "nominee_unfit", "the nominee is not among those who can be elected";
    BallotCounts = 548, "ballot_counts", "the sealed nominee can be elected: the ballot is not replaced";
    ElectorateSize = 549, "electorate_size", "an electorate has 1 to 500 members";
    OutlookStale = 550, "outlook_stale", "the state gives another outlook than the one that is bound";
    OutlookWide = 551, "outlook_wide", "the actions touch more units than an outlook shows";

    // 6xx: value.
    AmountZero = 601, "amount_zero", "the amount is zero";
    SameAccount = 602, "same_account", "an account cannot pay itself";
    WrongAsset = 603, "wrong_asset", "the accounts hold different assets";
    AccountFrozen = 604, "account_frozen", "the account is frozen";
    AccountClosed = 605, "account_closed", "the account is closed";
    PeriodClosed = 606, "period_closed", "the period of the value date is closed";
    InsufficientFunds = 607, "insufficient_funds", "the account has too little";
    Overflow = 608, "overflow", "an amount is too large to be counted";
    AssetCodeTaken = 609, "asset_code_taken", "the asset's code is taken";
    AssetCodeMalformed = 610, "asset_code_malformed", "an asset code is not 1 to 16 of A-Z and 0-9";
    AccountNotEmpty = 611, "account_not_empty", "the account still holds value or holds";
    BudgetExceeded = 612, "budget_exceeded", "the budget line has too little left";
    BudgetLineWrong = 613, "budget_line_wrong", "the budget line is of another unit, asset or period";
    BudgetLineClosed = 614, "budget_line_closed", "the budget line's period is closed";
    HoldClosed = 615, "hold_closed", "the hold is no longer open";
    HoldExceeded = 616, "hold_exceeded", "more than what is held";
    HoldTerm = 617, "hold_term", "a hold ends within its longest term";
    KindReserved = 618, "kind_reserved", "this kind of transfer belongs to another action";
    NotBetweenUnits = 619, "not_between_units", "an allocation moves between accounts of units";
    CorrectionExceeded = 620, "correction_exceeded", "corrections would exceed the transfer";
    CorrectionUnproven = 621, "correction_unproven", "the proof does not show this transfer in this account";
    NotExternal = 622, "not_external", "the record is between an external party and a unit, of money or goods";
    StatementDiffers = 623, "statement_differs", "the bank statement is another";
    IssuanceOnly = 624, "issuance_only", "issuance accounts move by issue and retire only";
    CreditTooLow = 625, "credit_too_low", "the account already uses more credit";
    ExternalOnly = 626, "external_only", "a bank record is confirmed or voided, not posted";
    AccountUnlimited = 627, "account_unlimited", "the account has no limit";
    AccountNotFrozen = 628, "account_not_frozen", "the account is not frozen";
    KindUnfit = 629, "kind_unfit", "what stays with its owner is internal, and nothing else is";
    GoodsUnaccepted = 630, "goods_unaccepted", "goods are held, and posted by whoever receives them";

    // 8xx: network.
    ValidatorsMin = 801, "validators_min", "too few validators would remain";
    ValidatorKeyTaken = 802, "validator_key_taken", "the consensus key is in use";
    PowerTooLarge = 803, "power_too_large", "a department would have a third of the power or more";
    OneChangePerBlock = 804, "one_change_per_block", "validators already changed in this block";
    AlreadyValidates = 805, "already_validates", "the unit already runs a validator";
    NotValidating = 806, "not_validating", "the unit runs no validator";
    NodeKnown = 807, "node_known", "the node is already registered";
    NodeRemoved = 808, "node_removed", "the node is removed";
    NodeIdMalformed = 809, "node_id_malformed", "a node id is not 20 bytes";
    ParameterBounds = 810, "parameter_bounds", "a parameter is out of its bounds";
    PowerZero = 811, "power_zero", "a validator has some power";
    TooManyNodes = 812, "too_many_nodes", "a department has at most 64 nodes";
    PowerSum = 813, "power_sum", "the validators would have more power together than can be counted";
    AddressMalformed = 814, "address_malformed", "the address of a node is HOST:PORT that others can dial, or empty";
    TooManyValidators = 815, "too_many_validators", "an organisation has at most 100 validators";

    // 9xx: audit.
    DocumentKnown = 901, "document_known", "the unit has already anchored the document";
    DocumentSuperseded = 902, "document_superseded", "the document is already superseded";
    AuditorTerm = 903, "auditor_term", "an auditor's grant ends within its longest term";
    PeriodAlreadyClosed = 904, "period_already_closed", "the period is already closed";
    PeriodNotOver = 905, "period_not_over", "the period is not over yet";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_read_back_and_have_a_family() {
        for pair in Rejection::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code());
        }
        for rejection in Rejection::ALL {
            assert_eq!(Rejection::from_code(rejection.code()), Some(*rejection));
            assert!(rejection.family() >= Family::Bytes);
        }
    }
}

//! What each action does, in a phrase that follows its actor.

use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    Action, Answer, Capability, Claim, Grant, ObjectKind, PeriodKind, PeriodLimit, Profile,
    ScopeKind, ScopeRef, Tier, Transfer,
};
use prost::Message;

use super::names::{hash, named, time};
use super::{Words, mode_name};
use crate::Result;

impl Words<'_> {
    /// The verb and what follows: "pay 480.00 EUR from …"; in the third person unless the reader acts.
    pub(super) async fn phrase(&self, action: &Action, second_person: bool) -> Result<String> {
        let Some(kind) = &action.kind else {
            return Ok("do nothing".to_owned());
        };
        let (verb, rest) = self.verb(kind).await?;
        let ending = if second_person { "" } else { "s" };
        Ok(format!("{verb}{ending} {rest}").trim_end().to_owned())
    }

    async fn verb(&self, kind: &Kind) -> Result<(&'static str, String)> {
        Ok(match kind {
            Kind::InviteMember(act) => (
                "invite",
                format!(
                    "{} into {} with the key {}",
                    act.handle,
                    self.unit_of(&act.unit).await?,
                    hash(&act.key)
                ),
            ),
            Kind::Join(act) => (
                "join",
                format!(
                    "as {} and agree to the constitution {}",
                    self.member_of(&act.member).await?,
                    hash(&act.constitution)
                ),
            ),
            Kind::AddKey(act) => (
                "add",
                format!(
                    "the key {} for {}",
                    hash(&act.key),
                    self.member_of(&act.member).await?
                ),
            ),
            Kind::RevokeKey(act) => ("revoke", format!("the key {} for good", hash(&act.key))),
            Kind::RecoverMember(act) => (
                "start",
                format!(
                    "the recovery of {}, who will sign with the key {}",
                    self.member_of(&act.member).await?,
                    hash(&act.key)
                ),
            ),
            Kind::StopRecovery(act) => (
                "stop",
                format!(
                    "the recovery {}",
                    named(ObjectKind::Recovery, &act.recovery)
                ),
            ),
            Kind::SuspendMember(act) => ("suspend", self.member_of(&act.member).await?),
            Kind::ReinstateMember(act) => ("reinstate", self.member_of(&act.member).await?),
            Kind::Leave(_) => ("leave", "the organisation".to_owned()),
            Kind::ImportMember(act) => (
                "import",
                format!(
                    "{} into {}, without keys",
                    act.handle,
                    self.unit_of(&act.unit).await?
                ),
            ),
            Kind::WithdrawInvitation(act) => (
                "withdraw",
                format!("the invitation of {}", self.member_of(&act.member).await?),
            ),

            Kind::CreateUnit(act) => (
                "create",
                format!(
                    "the {} {} in {}{}",
                    act.kind()
                        .as_str_name()
                        .trim_start_matches("UNIT_KIND_")
                        .to_lowercase(),
                    act.handle,
                    self.unit_of(&act.parent).await?,
                    conferring(&act.confers)
                ),
            ),
            Kind::AmendUnit(act) => (
                "amend",
                format!(
                    "{}: it is then called {}{}{}",
                    self.unit_of(&act.unit).await?,
                    act.handle,
                    stating("purpose", &act.purpose),
                    conferring(&act.confers)
                ),
            ),
            Kind::MoveUnit(act) => (
                "move",
                format!(
                    "{} into {}",
                    self.unit_of(&act.unit).await?,
                    self.unit_of(&act.parent).await?
                ),
            ),
            Kind::DissolveUnit(act) => ("dissolve", self.unit_of(&act.unit).await?),
            Kind::JoinUnit(act) => ("let", {
                let who = match act.member {
                    Some(_) => self.member_of(&act.member).await?,
                    None => "the actor".to_owned(),
                };
                format!("{who} join {}", self.unit_of(&act.unit).await?)
            }),
            Kind::LeaveUnit(act) => ("let", {
                let who = match act.member {
                    Some(_) => self.member_of(&act.member).await?,
                    None => "the actor".to_owned(),
                };
                format!("{who} leave {}", self.unit_of(&act.unit).await?)
            }),
            Kind::ChangeSquad(act) => ("change", {
                let mut text = format!(
                    "from {} to {}",
                    self.unit_of(&act.from).await?,
                    self.unit_of(&act.to).await?
                );
                if act.chapter_to.is_some() {
                    let chapter = self.unit_of(&act.chapter_to).await?;
                    text.push_str(&format!(" and to the chapter {chapter}"));
                }
                text
            }),
            Kind::CreateRole(act) => (
                "create",
                format!(
                    "the role {} in {}{}",
                    act.handle,
                    self.unit_of(&act.unit).await?,
                    stating("purpose", &act.purpose)
                ),
            ),
            Kind::AmendRole(act) => (
                "amend",
                format!(
                    "the role {}: it is then called {}{}",
                    self.role_ref(&act.role).await?,
                    act.handle,
                    stating("purpose", &act.purpose)
                ),
            ),
            Kind::RemoveRole(act) => (
                "remove",
                format!("the role {}", self.role_ref(&act.role).await?),
            ),
            Kind::AssignRole(act) => (
                "assign",
                format!(
                    "the role {} to {}{}",
                    self.role_ref(&act.role).await?,
                    self.member_of(&act.member).await?,
                    until(act.until)
                ),
            ),
            Kind::AcceptAssignment(act) => (
                "accept",
                format!(
                    "the assignment {}",
                    named(ObjectKind::Assignment, &act.assignment)
                ),
            ),
            Kind::ResignRole(act) => (
                "resign",
                format!(
                    "from the assignment {}",
                    named(ObjectKind::Assignment, &act.assignment)
                ),
            ),
            Kind::RevokeAssignment(act) => (
                "revoke",
                format!(
                    "the assignment {}",
                    named(ObjectKind::Assignment, &act.assignment)
                ),
            ),
            Kind::RenewAssignment(act) => (
                "renew",
                format!(
                    "the assignment {}{}",
                    named(ObjectKind::Assignment, &act.assignment),
                    until(act.until)
                ),
            ),

            Kind::MoveRole(act) => (
                "move",
                format!(
                    "the role {} into {}",
                    self.role_ref(&act.role).await?,
                    self.unit_of(&act.unit).await?
                ),
            ),

            Kind::GiveGrant(act) => ("give", {
                let mut text = format!(
                    "the role {} the grant to {} in {}",
                    self.role_ref(&act.role).await?,
                    capability(act.capability()),
                    self.scope(&act.scope).await?
                );
                let asset = act
                    .asset
                    .filter(|asset| asset.new == 0)
                    .map_or(0, |asset| asset.number);
                text.push_str(
                    &self
                        .limits(asset, &act.per_transfer, act.per_period.as_ref())
                        .await?,
                );
                if !act.counterparties.is_empty() {
                    let mut owners = Vec::new();
                    for owner in &act.counterparties {
                        owners.push(self.owner_of(&Some(*owner)).await?);
                    }
                    text.push_str(&format!(", only with {}", owners.join(", ")));
                }
                text.push_str(&until(act.until));
                text
            }),
            Kind::RevokeGrant(act) => (
                "revoke",
                format!("the grant {}", named(ObjectKind::Grant, &act.grant)),
            ),
            Kind::Delegate(act) => ("delegate", {
                let number = act
                    .grant
                    .filter(|grant| grant.new == 0)
                    .map_or(0, |grant| grant.number);
                let asset = match self.session.get::<Grant>(number).await? {
                    Some(grant) => grant.asset,
                    None => 0,
                };
                format!(
                    "the grant {} to {}{}{}",
                    named(ObjectKind::Grant, &act.grant),
                    self.member_of(&act.member).await?,
                    self.limits(asset, &act.per_transfer, act.per_period.as_ref())
                        .await?,
                    until(act.until)
                )
            }),
            Kind::SetPolicy(act) if act.tiers.is_empty() => (
                "set",
                format!(
                    "a policy of {}{} in words: {}",
                    self.unit_of(&act.unit).await?,
                    if act.recursive { " and all below" } else { "" },
                    quoted(&act.words)
                ),
            ),
            Kind::SetPolicy(act) => ("set", {
                let mut tiers = Vec::new();
                for tier in &act.tiers {
                    tiers.push(self.tier(&act.asset, tier).await?);
                }
                format!(
                    "the policy of {}{} to {}: {}",
                    self.unit_of(&act.unit).await?,
                    if act.recursive { " and all below" } else { "" },
                    capability(act.capability()),
                    tiers.join(", ")
                )
            }),
            Kind::RemovePolicy(act) => (
                "remove",
                format!("the policy {}", named(ObjectKind::Policy, &act.policy)),
            ),
            Kind::SetSodRule(act) => (
                "set",
                format!(
                    "the rule that in {} nobody may both {} and {}",
                    self.unit_of(&act.unit).await?,
                    capability(act.first()),
                    capability(act.second())
                ),
            ),
            Kind::RemoveSodRule(act) => (
                "remove",
                format!("the duty rule {}", named(ObjectKind::SodRule, &act.rule)),
            ),
            Kind::GiveSodException(act) => (
                "give",
                format!(
                    "{} an exception of the duty rule {}{}, watched by {}",
                    self.member_of(&act.member).await?,
                    named(ObjectKind::SodRule, &act.rule),
                    until(act.until),
                    quoted(&act.control)
                ),
            ),

            Kind::OpenProposal(act) => (
                "open",
                format!(
                    "a proposal in {}{}: {}",
                    self.unit_of(&act.unit).await?,
                    titled(&act.title),
                    self.inside(&act.actions).await?
                ),
            ),
            Kind::AmendProposal(act) => (
                "amend",
                format!(
                    "the proposal {}: {}",
                    named(ObjectKind::Proposal, &act.proposal),
                    self.inside(&act.actions).await?
                ),
            ),
            Kind::WithdrawProposal(act) => (
                "withdraw",
                format!(
                    "the proposal {}",
                    named(ObjectKind::Proposal, &act.proposal)
                ),
            ),
            Kind::Respond(act) => (
                "answer",
                format!(
                    "{} to version {} of the proposal {}",
                    answer(act.answer()),
                    act.version,
                    named(ObjectKind::Proposal, &act.proposal)
                ),
            ),
            Kind::ExecuteProposal(act) => (
                "execute",
                format!(
                    "the proposal {}",
                    named(ObjectKind::Proposal, &act.proposal)
                ),
            ),

            Kind::RaiseObjection(act) => (
                "object",
                format!(
                    "to version {} of the proposal {}",
                    act.version,
                    named(ObjectKind::Proposal, &act.proposal)
                ),
            ),
            Kind::TestObjection(act) => (
                "test",
                format!(
                    "the objection {}: {}",
                    named(ObjectKind::Objection, &act.objection),
                    match act.unargued() {
                        Claim::None => "each claim has an argument".to_owned(),
                        claim => format!("nothing argues that {}", claim_words(claim)),
                    }
                ),
            ),
            Kind::ResolveObjection(act) => (
                "integrate",
                format!(
                    "the objection {} by version {}",
                    named(ObjectKind::Objection, &act.objection),
                    act.version
                ),
            ),
            Kind::Escalate(act) => (
                "escalate",
                format!(
                    "the proposal {}{}",
                    named(ObjectKind::Proposal, &act.proposal),
                    because(&act.explanation)
                ),
            ),
            Kind::ReverseEscalation(act) => (
                "reverse",
                format!(
                    "the escalation of the proposal {}{}",
                    named(ObjectKind::Proposal, &act.proposal),
                    because(&act.explanation)
                ),
            ),

            Kind::CallElection(act) => (
                "call",
                format!("an election for {}", self.role_ref(&act.role).await?),
            ),
            Kind::CommitBallot(act) => (
                "seal",
                format!(
                    "a ballot in {} with the commitment {}",
                    named(ObjectKind::Election, &act.election),
                    hash(&act.commitment)
                ),
            ),
            Kind::RevealBallot(act) => ("reveal", {
                let mut text = format!(
                    "the ballot for {} in {}",
                    self.member_of(&act.nominee).await?,
                    named(ObjectKind::Election, &act.election)
                );
                if act.instead.is_some() {
                    let instead = self.member_of(&act.instead).await?;
                    text.push_str(&format!(", and name {instead} instead"));
                }
                text
            }),
            Kind::ChangeBallot(act) => (
                "change",
                format!(
                    "the ballot in {} to {}",
                    named(ObjectKind::Election, &act.election),
                    self.member_of(&act.nominee).await?
                ),
            ),
            Kind::ApplyProfile(act) => (
                "apply",
                format!(
                    "the profile {} to {}",
                    profile_name(act.profile()),
                    self.unit_of(&act.unit).await?
                ),
            ),

            Kind::DefineAsset(act) => (
                "define",
                format!(
                    "the asset {} with {} decimals in {}",
                    act.code,
                    act.scale,
                    self.unit_of(&act.unit).await?
                ),
            ),
            Kind::Issue(act) => (
                "issue",
                format!(
                    "{} into {}",
                    self.amount_in(&act.account, &act.amount).await?,
                    self.account_of(&act.account).await?
                ),
            ),
            Kind::Retire(act) => (
                "retire",
                format!(
                    "{} from {}",
                    self.amount_in(&act.account, &act.amount).await?,
                    self.account_of(&act.account).await?
                ),
            ),
            Kind::OpenAccount(act) => (
                "open",
                format!(
                    "the {} account {} of {}",
                    self.asset_of(&act.asset).await?,
                    act.handle,
                    self.owner_of(&act.owner).await?
                ),
            ),
            Kind::CloseAccount(act) => (
                "close",
                format!("the account {}", self.account_of(&act.account).await?),
            ),
            Kind::FreezeAccount(act) => match act.frozen {
                true => (
                    "freeze",
                    format!("the account {}", self.account_of(&act.account).await?),
                ),
                false => (
                    "lift",
                    format!(
                        "the freeze of the account {}",
                        self.account_of(&act.account).await?
                    ),
                ),
            },
            Kind::SetCreditLimit(act) => (
                "set",
                format!(
                    "the credit limit of {} to {}",
                    self.account_of(&act.account).await?,
                    self.amount_in(&act.account, &act.limit).await?
                ),
            ),
            Kind::RegisterParty(act) => (
                "register",
                format!(
                    "the external party {} of {}",
                    act.handle,
                    self.unit_of(&act.unit).await?
                ),
            ),
            Kind::Allocate(act) => (
                "allocate",
                format!(
                    "{} from {} to {}{}",
                    self.amount_in(&act.from, &act.amount).await?,
                    self.account_of(&act.from).await?,
                    self.account_of(&act.to).await?,
                    self.on_line(&act.line).await?
                ),
            ),
            Kind::ReturnAllocation(act) => (
                "return",
                format!(
                    "the allocation of {} from {} to {}",
                    self.amount_in(&act.from, &act.amount).await?,
                    self.account_of(&act.from).await?,
                    self.account_of(&act.to).await?
                ),
            ),
            Kind::PlanBudget(act) => ("plan", {
                let asset = act
                    .asset
                    .filter(|asset| asset.new == 0)
                    .map_or(0, |asset| asset.number);
                format!(
                    "{} for {} in {} from {} until {}, {}",
                    self.amount(asset, &act.approved).await?,
                    act.category,
                    self.unit_of(&act.unit).await?,
                    time(act.from),
                    time(act.until),
                    if act.hard {
                        "a hard line"
                    } else {
                        "a soft line"
                    }
                )
            }),
            Kind::MoveBudget(act) => ("move", {
                format!(
                    "{} minor units of budget from {} to {}",
                    polity_ledger::Amount::from_bytes(&act.amount)
                        .unwrap_or_default()
                        .0,
                    self.line_of(&act.from).await?,
                    self.line_of(&act.to).await?
                )
            }),
            Kind::Transfer(act) => ("pay", self.payment(act).await?),
            Kind::PlaceHold(act) => ("reserve", {
                let payment = act.transfer.clone().unwrap_or_default();
                format!("{}{}", self.payment(&payment).await?, until(act.expires_at))
            }),
            Kind::PostHold(act) => (
                "post",
                match act.amount.is_empty() {
                    true => format!("all of the hold {}", named(ObjectKind::Hold, &act.hold)),
                    false => format!(
                        "{} of the hold {}",
                        self.held(&act.hold, &act.amount).await?,
                        named(ObjectKind::Hold, &act.hold)
                    ),
                },
            ),
            Kind::VoidHold(act) => (
                "void",
                format!("the hold {}", named(ObjectKind::Hold, &act.hold)),
            ),
            Kind::CorrectTransfer(act) => (
                "give",
                format!(
                    "back {} of the transfer t{} from {}",
                    self.amount_in(&act.account, &act.amount).await?,
                    act.transfer,
                    self.account_of(&act.account).await?
                ),
            ),
            Kind::RecordExternal(act) => (
                "record",
                format!(
                    "{} from {} to {} by the bank statement {}; it counts when another person confirms",
                    self.amount_in(&act.from, &act.amount).await?,
                    self.account_of(&act.from).await?,
                    self.account_of(&act.to).await?,
                    hash(&act.statement)
                ),
            ),
            Kind::ConfirmExternal(act) => (
                "confirm",
                format!("the bank record {}", named(ObjectKind::Hold, &act.hold)),
            ),

            Kind::AddValidator(act) => (
                "add",
                format!(
                    "the validator of {} with power {} and the key {}",
                    self.unit_of(&act.unit).await?,
                    act.power,
                    hash(&act.key)
                ),
            ),
            Kind::RemoveValidator(act) => (
                "remove",
                format!("the validator of {}", self.unit_of(&act.unit).await?),
            ),
            Kind::RotateValidatorKey(act) => (
                "change",
                format!(
                    "the consensus key of {} to {}",
                    self.unit_of(&act.unit).await?,
                    hash(&act.key)
                ),
            ),
            Kind::RegisterNode(act) => (
                "register",
                format!(
                    "the node {} of {}",
                    hex::encode(&act.id),
                    self.unit_of(&act.unit).await?
                ),
            ),
            Kind::RemoveNode(act) => (
                "remove",
                format!("the node {}", named(ObjectKind::Node, &act.node)),
            ),
            Kind::SetParameters(act) => (
                "set",
                format!("the parameters: {:?}", act.parameters.unwrap_or_default()),
            ),

            Kind::AnchorDocument(act) => (
                "anchor",
                format!(
                    "the {} {} in {}",
                    if act.label.is_empty() {
                        "document"
                    } else {
                        &act.label
                    },
                    hash(&act.hash),
                    self.unit_of(&act.unit).await?
                ),
            ),
            Kind::SupersedeDocument(act) => (
                "replace",
                format!(
                    "the document {} by {}",
                    named(ObjectKind::Document, &act.document),
                    hash(&act.hash)
                ),
            ),
            Kind::GrantAuditor(act) => ("let", {
                let mut units = Vec::new();
                for unit in &act.units {
                    units.push(self.unit_of(&Some(*unit)).await?);
                }
                format!(
                    "{} audit {}{}",
                    self.member_of(&act.member).await?,
                    units.join(", "),
                    until(act.until)
                )
            }),
            Kind::ClosePeriod(act) => (
                "close",
                format!(
                    "the books of {} before {}",
                    self.unit_of(&act.unit).await?,
                    time(act.until)
                ),
            ),
        })
    }

    async fn payment(&self, act: &Transfer) -> Result<String> {
        let mut text = format!(
            "{} from {} to {}{}",
            self.amount_in(&act.from, &act.amount).await?,
            self.account_of(&act.from).await?,
            self.account_of(&act.to).await?,
            self.on_line(&act.line).await?
        );
        if !act.reference.is_empty() {
            text.push_str(&format!(", reference {}", quoted(&act.reference)));
        }
        if !act.document.is_empty() {
            text.push_str(&format!(", document {}", hash(&act.document)));
        }
        Ok(text)
    }

    async fn on_line(&self, line: &Option<polity_proto::v1::Ref>) -> Result<String> {
        Ok(match line {
            Some(_) => format!(" on the budget line {}", self.line_of(line).await?),
            None => String::new(),
        })
    }

    async fn held(&self, hold: &Option<polity_proto::v1::Ref>, amount: &[u8]) -> Result<String> {
        let number = hold
            .filter(|hold| hold.new == 0)
            .map_or(0, |hold| hold.number);
        let from = match self.session.get::<polity_proto::v1::Hold>(number).await? {
            Some(hold) => hold.from,
            None => 0,
        };
        let account = polity_proto::v1::Ref {
            number: from,
            new: 0,
        };
        self.amount_in(&Some(account), amount).await
    }

    async fn scope(&self, scope: &Option<ScopeRef>) -> Result<String> {
        let Some(scope) = scope else {
            return Ok("nothing".to_owned());
        };
        Ok(match scope.kind() {
            ScopeKind::None => "nothing".to_owned(),
            ScopeKind::Unit => self.unit_of(&scope.unit).await?,
            ScopeKind::UnitAndBelow => format!("{} and below", self.unit_of(&scope.unit).await?),
            ScopeKind::Object if scope.object_kind() == ObjectKind::Account => {
                self.account_of(&scope.object).await?
            }
            ScopeKind::Object => named(scope.object_kind(), &scope.object),
        })
    }

    async fn limits(
        &self,
        asset: u64,
        once: &[u8],
        period: Option<&PeriodLimit>,
    ) -> Result<String> {
        let mut text = String::new();
        if !once.is_empty() {
            text.push_str(&format!(
                ", up to {} at once",
                self.amount(asset, once).await?
            ));
        }
        if let Some(limit) = period {
            let amount = self.amount(asset, &limit.amount).await?;
            match limit.kind() {
                PeriodKind::None => {}
                PeriodKind::CalendarMonth => text.push_str(&format!(", up to {amount} a month")),
                PeriodKind::RollingDays => {
                    text.push_str(&format!(", up to {amount} in {} days", limit.days));
                }
            }
        }
        Ok(text)
    }

    async fn tier(&self, asset: &Option<polity_proto::v1::Ref>, tier: &Tier) -> Result<String> {
        let mode = tier.mode.clone().unwrap_or_default();
        let mut text = mode_name(mode.kind()).to_owned();
        if mode.count != 0 {
            text.push_str(&format!(" by {}", mode.count));
        }
        if !tier.up_to.is_empty() {
            let number = asset
                .filter(|asset| asset.new == 0)
                .map_or(0, |asset| asset.number);
            text.push_str(&format!(
                " up to {}",
                self.amount(number, &tier.up_to).await?
            ));
        }
        Ok(text)
    }

    /// What a proposal would do, each action in its own phrase.
    async fn inside(&self, actions: &[Vec<u8>]) -> Result<String> {
        let mut phrases = Vec::new();
        for bytes in actions {
            phrases.push(match Action::decode(&bytes[..]) {
                // A proposal holds no proposal: the ledger refuses it, and so it is not opened here.
                Ok(action) if !is_proposal(&action) => Box::pin(self.phrase(&action, true)).await?,
                Ok(_) | Err(_) => "something that cannot be proposed".to_owned(),
            });
        }
        Ok(phrases.join("; "))
    }
}

fn is_proposal(action: &Action) -> bool {
    matches!(
        action.kind,
        Some(Kind::OpenProposal(_) | Kind::AmendProposal(_))
    )
}

/// A capability as a verb.
fn capability(capability: Capability) -> String {
    capability
        .as_str_name()
        .trim_start_matches("CAPABILITY_")
        .to_lowercase()
}

fn conferring(confers: &[i32]) -> String {
    if confers.is_empty() {
        return String::new();
    }
    let names: Vec<String> = confers
        .iter()
        .map(|one| Capability::try_from(*one).map_or_else(|_| one.to_string(), capability))
        .collect();
    format!(", conferring {}", names.join(", "))
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::None => "nothing",
        Answer::NoObjection => "no objection",
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Abstain => "abstain",
        Answer::Approve => "approve",
        Answer::Refuse => "refuse",
    }
}

fn claim_words(claim: Claim) -> &'static str {
    match claim {
        Claim::None => "nothing",
        Claim::Harms => "it harms",
        Claim::LimitsMyRole => "it limits the objector's role",
        Claim::CausedByProposal => "the proposal causes it",
        Claim::NoTimeToAdapt => "there is no time to adapt",
        Claim::BreaksARule => "it breaks a rule",
    }
}

fn because(words: &str) -> String {
    match words.is_empty() {
        true => String::new(),
        false => format!(", because {}", quoted(words)),
    }
}

fn until(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(" until {}", time(seconds)),
    }
}

fn profile_name(profile: Profile) -> String {
    let name = profile.as_str_name().trim_start_matches("PROFILE_");
    name.to_lowercase()
}

fn stating(name: &str, text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!(", {name} {}", quoted(text)),
    }
}

fn titled(title: &str) -> String {
    match title.is_empty() {
        true => String::new(),
        false => format!(" {}", quoted(title)),
    }
}

/// Somebody's words, marked as theirs and on one line.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\n', " "))
}

//! Who decides and how, in the words that would set it: `role holders: approve 2 by lead after 24h`.

use std::iter::successors;

use polity_proto::v1::{Mode, ModeKind, PeriodKind, PeriodLimit, Ref, Tier, Who, WhoKind};

use super::mode_name;
use super::names::word;
use crate::time::length;

/// A way of deciding; `role` says how a role is called.
#[must_use]
pub fn mode_words(mode: &Mode, role: &dyn Fn(Ref) -> String) -> String {
    let name = mode_name(mode.kind());
    match mode.kind() {
        ModeKind::None | ModeKind::Alone | ModeKind::Departments => name.to_owned(),
        ModeKind::Approve => {
            let who = who_words(&mode.approver.unwrap_or_default(), role);
            let after = match mode.wait {
                0 => String::new(),
                wait => format!(" after {}", length(wait)),
            };
            format!("{name} {} by {who}{after}", mode.count)
        }
        ModeKind::Announce => {
            let next = mode.escalates_to.as_deref();
            let next = next.map_or_else(String::new, |next| mode_words(next, role));
            format!("{name} {} else {next}", length(mode.wait))
        }
        ModeKind::Consent => {
            let silence = if mode.silence_is_consent {
                ""
            } else {
                " unless silent"
            };
            format!("{name} within {}{silence}", length(mode.deadline))
        }
        ModeKind::Vote => format!(
            "{name} within {} quorum {}% pass {}%",
            length(mode.deadline),
            mode.quorum,
            mode.pass
        ),
    }
}

/// Who may begin or approve; `role` says how a role is called.
#[must_use]
pub fn who_words(who: &Who, role: &dyn Fn(Ref) -> String) -> String {
    match who.kind() {
        WhoKind::None => "nobody".to_owned(),
        WhoKind::JoinedMembers => "joined members".to_owned(),
        WhoKind::RoleHolders => "role holders".to_owned(),
        WhoKind::Role => format!("role {}", role(who.role.unwrap_or_default())),
        WhoKind::RoleKind => word(who.role_kind().as_str_name(), "ROLE_KIND_"),
        WhoKind::Capability => format!(
            "capability {}",
            word(who.capability().as_str_name(), "CAPABILITY_")
        ),
    }
}

/// The period of a limit, as it stands behind the amount: ` per month`, ` per 30 days`.
#[must_use]
pub fn period_words(limit: &PeriodLimit) -> String {
    match limit.kind() {
        PeriodKind::None => String::new(),
        PeriodKind::CalendarMonth => " per month".to_owned(),
        PeriodKind::RollingDays => format!(" per {} days", limit.days),
    }
}

/// The roles that tiers name, for their names to be read.
pub fn roles_named(tiers: &[Tier]) -> impl Iterator<Item = Ref> {
    tiers
        .iter()
        .flat_map(|tier| {
            let modes = successors(tier.mode.as_ref(), |mode| mode.escalates_to.as_deref());
            let approvers = modes.filter_map(|mode| mode.approver.as_ref());
            approvers.chain(tier.by.as_ref())
        })
        .filter_map(|who| who.role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_reads_as_the_words_that_set_it() {
        let of = |kind: PeriodKind, days| {
            period_words(&PeriodLimit {
                kind: kind as i32,
                days,
                ..PeriodLimit::default()
            })
        };
        assert_eq!(of(PeriodKind::CalendarMonth, 0), " per month");
        assert_eq!(of(PeriodKind::RollingDays, 30), " per 30 days");
        assert_eq!(of(PeriodKind::None, 0), "");
    }
}

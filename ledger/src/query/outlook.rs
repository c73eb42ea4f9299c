//! What a proposal would change, for whoever is about to open one.

use polity_proto::v1::{OutlookAnswer, OutlookRequest, ProposalKind};

use crate::context::{Authority, Block, Context};
use crate::decisions::content;
use crate::judge::Actor;
use crate::outlook;
use crate::state::{Overlay, Read};

/// The outlook of a request's actions; none where they are those of no proposal.
pub fn outlook(state: &dyn Read, block: Block, request: &OutlookRequest) -> Option<OutlookAnswer> {
    content::check_form(&request.actions).ok()?;
    let actions = content::actions_of(&request.actions).ok()?;
    let kinds = [ProposalKind::Governance, ProposalKind::Operation];
    let fits = |kind| content::check_content(&actions, kind).is_ok();
    if !kinds.into_iter().any(fits) {
        return None;
    }
    let proposer = Actor {
        member: request.member,
        role: request.role,
    };
    let mut overlay = Overlay::new(state);
    let mut context = Context::new(&mut overlay, block, 0, Authority::Signed);
    let mut answer = OutlookAnswer {
        height: block.height.saturating_sub(1),
        ..OutlookAnswer::default()
    };
    match outlook::of_actions(&mut context, proposer, &actions) {
        Ok(seen) => {
            if let Some((index, rejection)) = seen.stops {
                answer.failed_action = index;
                answer.code = rejection.code();
                answer.rejection = rejection.name().into();
            }
            answer.hash = outlook::hash(&seen.outlook).to_vec();
            answer.outlook = Some(seen.outlook);
        }
        Err(rejection) => {
            answer.code = rejection.code();
            answer.rejection = rejection.name().into();
        }
    }
    Some(answer)
}

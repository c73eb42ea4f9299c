//! What a proposal would change, for whoever is about to open one.

use polity_proto::v1::{OutlookAnswer, OutlookRequest, ProposalKind};

use crate::Rejection;
use crate::context::{Authority, Block, Context};
use crate::decisions::content;
use crate::judge::Actor;
use crate::outlook::{self, Seen};
use crate::state::{Overlay, Read};

/// The outlook of a request's actions; where they are those of no proposal, why.
pub fn outlook(state: &dyn Read, block: Block, request: &OutlookRequest) -> OutlookAnswer {
    let mut answer = OutlookAnswer {
        height: block.height.saturating_sub(1),
        ..OutlookAnswer::default()
    };
    match seen(state, block, request) {
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
    answer
}

fn seen(state: &dyn Read, block: Block, request: &OutlookRequest) -> Result<Seen, Rejection> {
    content::check_form(&request.actions)?;
    let actions = content::actions_of(&request.actions)?;
    content::check_content(&actions, ProposalKind::Governance)
        .or_else(|_| content::check_content(&actions, ProposalKind::Operation))?;
    let proposer = Actor {
        member: request.member,
        role: request.role,
    };

    let mut overlay = Overlay::new(state);
    let mut context = Context::new(&mut overlay, block, 0, Authority::Signed);
    outlook::of_actions(&mut context, proposer, &actions)
}

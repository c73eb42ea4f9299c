//! The ledger's parameters by name, for whoever does the same with each of them.

/// Hands the names of all parameters to a macro.
macro_rules! each_parameter {
    ($macro:ident) => {
        $macro![
            validity_max,
            validators_min,
            key_protection,
            recovery_wait,
            recovery_window,
            recovery_sleep,
            admission_distance,
            proposal_ttl,
            exception_max,
            auditor_max,
            outage_gap,
            hold_max,
            transaction_bytes_max,
            block_interval_ms,
            idle_interval,
            propose_timeout_ms,
            vote_timeout_ms,
            timeout_step_ms,
            election_ballots,
            election_reveal,
            election_change,
            election_objections,
            election_term,
            profile_deadline,
            open_proposals_max,
        ]
    };
}

pub(crate) use each_parameter;

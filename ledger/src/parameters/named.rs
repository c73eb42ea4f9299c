//! The parameters by name, for whoever shows, reads or sets any of them.

use polity_proto::v1::Parameters;

/// A parameter, by its name.
#[derive(Debug)]
pub struct Named {
    /// The name of its field in [`Parameters`]; of milliseconds it ends in `_ms`.
    pub name: &'static str,
    /// What it means: one line for people, without a full stop.
    pub meaning: &'static str,
    place: Place,
}

/// What a parameter's value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A length of time in seconds.
    Seconds,
    /// A length of time in milliseconds.
    Milliseconds,
    /// Something without a unit; the value has 32 bits.
    Number,
}

#[derive(Debug)]
enum Place {
    Seconds(fn(&mut Parameters) -> &mut u64),
    Milliseconds(fn(&mut Parameters) -> &mut u64),
    Number(fn(&mut Parameters) -> &mut u32),
}

impl Named {
    /// What its value counts.
    pub fn unit(&self) -> Unit {
        match self.place {
            Place::Seconds(_) => Unit::Seconds,
            Place::Milliseconds(_) => Unit::Milliseconds,
            Place::Number(_) => Unit::Number,
        }
    }

    /// Its value among others.
    pub fn get(&self, parameters: &Parameters) -> u64 {
        let mut parameters = *parameters;
        match self.place {
            Place::Seconds(place) | Place::Milliseconds(place) => *place(&mut parameters),
            Place::Number(place) => u64::from(*place(&mut parameters)),
        }
    }

    /// Sets its value. Where it has fewer bits than `value`, it becomes the largest that there is.
    pub fn set(&self, parameters: &mut Parameters, value: u64) {
        match self.place {
            Place::Seconds(place) | Place::Milliseconds(place) => *place(parameters) = value,
            Place::Number(place) => {
                *place(parameters) = u32::try_from(value).unwrap_or(u32::MAX);
            }
        }
    }

    /// Whether the value is within the parameter's own bounds, whatever holds beside it. Zero is not: it stands for no change.
    pub fn takes(&self, value: u64) -> bool {
        let mut alone = Parameters::default();
        self.set(&mut alone, value);
        value != 0 && self.get(&alone) == value && super::check(&alone).is_ok()
    }
}

/// Every parameter, in the order of its number on the wire.
pub const ALL: [Named; 25] = [
    seconds(
        "validity_max",
        "How long a signed transaction may be sent",
        |all| &mut all.validity_max,
    ),
    number(
        "validators_min",
        "With fewer validators the network does not go on",
        |all| &mut all.validators_min,
    ),
    seconds(
        "key_protection",
        "How long a key that was added cannot end older ones",
        |all| &mut all.key_protection,
    ),
    seconds(
        "recovery_wait",
        "From asking for a recovery to the new key",
        |all| &mut all.recovery_wait,
    ),
    seconds(
        "recovery_window",
        "A second recovery within it needs three people and cannot be stopped",
        |all| &mut all.recovery_window,
    ),
    seconds(
        "recovery_sleep",
        "How long a recovered member may not spend, approve, operate",
        |all| &mut all.recovery_sleep,
    ),
    seconds(
        "admission_distance",
        "How long a newcomer counts as who admitted them",
        |all| &mut all.admission_distance,
    ),
    seconds("proposal_ttl", "When an open proposal lapses", |all| {
        &mut all.proposal_ttl
    }),
    seconds(
        "exception_max",
        "Longest exception to duties apart",
        |all| &mut all.exception_max,
    ),
    seconds(
        "auditor_max",
        "Longest term of an auditor from outside",
        |all| &mut all.auditor_max,
    ),
    seconds(
        "outage_gap",
        "A longer silence of the network stops the clocks of decisions",
        |all| &mut all.outage_gap,
    ),
    seconds("hold_max", "Longest reservation", |all| &mut all.hold_max),
    number(
        "transaction_bytes_max",
        "Most bytes of a transaction",
        |all| &mut all.transaction_bytes_max,
    ),
    milliseconds(
        "block_interval_ms",
        "Embedded engine: how fast blocks follow under load",
        |all| &mut all.block_interval_ms,
    ),
    seconds(
        "idle_interval",
        "Embedded engine: how fast blocks follow without any",
        |all| &mut all.idle_interval,
    ),
    milliseconds(
        "propose_timeout_ms",
        "Embedded engine: how long a round waits for its proposal",
        |all| &mut all.propose_timeout_ms,
    ),
    milliseconds(
        "vote_timeout_ms",
        "Embedded engine: how long a round waits for further votes",
        |all| &mut all.vote_timeout_ms,
    ),
    milliseconds(
        "timeout_step_ms",
        "Embedded engine: what each further round adds to both",
        |all| &mut all.timeout_step_ms,
    ),
    seconds("election_ballots", "To seal a ballot", |all| {
        &mut all.election_ballots
    }),
    seconds("election_reveal", "To reveal it", |all| {
        &mut all.election_reveal
    }),
    seconds("election_change", "To change it after a tie", |all| {
        &mut all.election_change
    }),
    seconds(
        "election_objections",
        "To object to the result of an election",
        |all| &mut all.election_objections,
    ),
    seconds(
        "election_term",
        "How long somebody is elected for, where the role states no term",
        |all| &mut all.election_term,
    ),
    seconds(
        "profile_deadline",
        "To answer, by the policies that a profile gives",
        |all| &mut all.profile_deadline,
    ),
    number(
        "open_proposals_max",
        "Most open proposals of one member",
        |all| &mut all.open_proposals_max,
    ),
];

const fn seconds(
    name: &'static str,
    meaning: &'static str,
    place: fn(&mut Parameters) -> &mut u64,
) -> Named {
    Named {
        name,
        meaning,
        place: Place::Seconds(place),
    }
}

const fn milliseconds(
    name: &'static str,
    meaning: &'static str,
    place: fn(&mut Parameters) -> &mut u64,
) -> Named {
    Named {
        name,
        meaning,
        place: Place::Milliseconds(place),
    }
}

const fn number(
    name: &'static str,
    meaning: &'static str,
    place: fn(&mut Parameters) -> &mut u32,
) -> Named {
    Named {
        name,
        meaning,
        place: Place::Number(place),
    }
}

#[cfg(test)]
mod tests {
    use super::super::defaults;
    use super::*;

    #[test]
    fn every_parameter_is_there_by_the_name_of_its_field() {
        let mut all = Parameters::default();
        for parameter in &ALL {
            let usual = parameter.get(&defaults());
            let mut alone = Parameters::default();
            parameter.set(&mut alone, usual);
            let field = format!("{}: {usual}", parameter.name);
            assert!(format!("{alone:?}").contains(&field), "{field}");

            parameter.set(&mut all, usual);
        }
        assert_eq!(all, defaults());
    }

    #[test]
    fn a_value_out_of_its_own_bounds_is_not_taken() {
        for (name, value, is_taken) in [
            ("outage_gap", 59, false),
            ("outage_gap", 60, true),
            ("recovery_wait", 0, false),
            ("validators_min", 100, true),
            ("validators_min", (1 << 32) + 1, false),
        ] {
            let parameter = ALL.iter().find(|parameter| parameter.name == name).unwrap();
            assert_eq!(parameter.takes(value), is_taken, "{name} {value}");
        }
    }
}

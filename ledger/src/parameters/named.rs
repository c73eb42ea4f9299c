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
    named(
        "validity_max",
        "How long a signed transaction may be sent",
        Place::Seconds(|all| &mut all.validity_max),
    ),
    named(
        "validators_min",
        "Fewest validators that a change may leave",
        Place::Number(|all| &mut all.validators_min),
    ),
    named(
        "key_protection",
        "How long a key that was added cannot end older ones",
        Place::Seconds(|all| &mut all.key_protection),
    ),
    named(
        "recovery_wait",
        "From asking for a recovery to the new key",
        Place::Seconds(|all| &mut all.recovery_wait),
    ),
    named(
        "recovery_window",
        "A second recovery within it needs three people and cannot be stopped",
        Place::Seconds(|all| &mut all.recovery_window),
    ),
    named(
        "recovery_sleep",
        "How long a recovered member may not spend, approve, operate, govern, assign, admit",
        Place::Seconds(|all| &mut all.recovery_sleep),
    ),
    named(
        "admission_distance",
        "How long a newcomer counts as whoever admitted them",
        Place::Seconds(|all| &mut all.admission_distance),
    ),
    named(
        "proposal_ttl",
        "When an open proposal lapses",
        Place::Seconds(|all| &mut all.proposal_ttl),
    ),
    named(
        "exception_max",
        "Longest exception to a duty rule",
        Place::Seconds(|all| &mut all.exception_max),
    ),
    named(
        "auditor_max",
        "Longest term of an auditor",
        Place::Seconds(|all| &mut all.auditor_max),
    ),
    named(
        "outage_gap",
        "A longer silence of the network stops the clocks of decisions",
        Place::Seconds(|all| &mut all.outage_gap),
    ),
    named(
        "hold_max",
        "Longest hold",
        Place::Seconds(|all| &mut all.hold_max),
    ),
    named(
        "transaction_bytes_max",
        "Most bytes of a transaction",
        Place::Number(|all| &mut all.transaction_bytes_max),
    ),
    named(
        "block_interval_ms",
        "Embedded engine: how fast blocks follow under load",
        Place::Milliseconds(|all| &mut all.block_interval_ms),
    ),
    named(
        "idle_interval",
        "Embedded engine: how fast blocks follow at rest",
        Place::Seconds(|all| &mut all.idle_interval),
    ),
    named(
        "propose_timeout_ms",
        "Embedded engine: how long a round waits for its proposal",
        Place::Milliseconds(|all| &mut all.propose_timeout_ms),
    ),
    named(
        "vote_timeout_ms",
        "Embedded engine: how long a round waits for further votes",
        Place::Milliseconds(|all| &mut all.vote_timeout_ms),
    ),
    named(
        "timeout_step_ms",
        "Embedded engine: what each further round adds to both",
        Place::Milliseconds(|all| &mut all.timeout_step_ms),
    ),
    named(
        "election_ballots",
        "To seal a ballot",
        Place::Seconds(|all| &mut all.election_ballots),
    ),
    named(
        "election_reveal",
        "To reveal it",
        Place::Seconds(|all| &mut all.election_reveal),
    ),
    named(
        "election_change",
        "To change it after a tie",
        Place::Seconds(|all| &mut all.election_change),
    ),
    named(
        "election_objections",
        "To object to the result of an election",
        Place::Seconds(|all| &mut all.election_objections),
    ),
    named(
        "election_term",
        "How long somebody is elected for, where the role states no term",
        Place::Seconds(|all| &mut all.election_term),
    ),
    named(
        "profile_deadline",
        "To answer, by the policies that a profile gives",
        Place::Seconds(|all| &mut all.profile_deadline),
    ),
    named(
        "open_proposals_max",
        "Most open proposals of one member",
        Place::Number(|all| &mut all.open_proposals_max),
    ),
];

const fn named(name: &'static str, meaning: &'static str, place: Place) -> Named {
    Named {
        name,
        meaning,
        place,
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

//! Variables of the environment that were meant for us and that nothing reads: to go on as if they were not there
//! would act as somebody else, or ask another node.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::passphrase;

/// What our variables begin with. Scripts and `polityd` have variables of their own that begin so.
const PREFIX: &str = "POLITY_";

/// Those of these variables that are ours but for one letter too many, too few or wrong, or for two that changed places;
/// each with the one that it was probably meant to be.
pub fn mistaken(names: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let command = Cli::command();
    let options = command.get_arguments().filter_map(|one| one.get_env());
    let mut ours: Vec<&str> = options.filter_map(|name| name.to_str()).collect();
    ours.push(passphrase::VARIABLE);

    let names = names.into_iter();
    let unknown = names.filter(|name| name.starts_with(PREFIX) && !ours.contains(&name.as_str()));
    unknown
        .filter_map(|name| {
            let meant = ours
                .iter()
                .find(|one| strsim::osa_distance(one, &name) <= 1)?;
            Some((name, (*meant).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_nearly_ours_is_told_and_no_other() {
        let names = [
            "POLITY_MEMBRE",
            "POLITY_NODE",
            "POLITY_TRUSTING_DAY",
            "POLITY_PASPHRASE",
        ];
        let told = mistaken(names.map(str::to_owned));
        let meant = told.iter().map(|(name, meant)| (&name[..], &meant[..]));
        let expected = [
            "POLITY_MEMBER",
            "POLITY_NODES",
            "POLITY_TRUSTING_DAYS",
            "POLITY_PASSPHRASE",
        ];
        assert!(meant.eq(std::iter::zip(names, expected)), "{told:?}");

        let others = [
            "POLITY_HOME",
            "POLITY_NODES",
            "POLITY_MEMBER",
            "POLITY_KEY",
            "POLITY_CA_FILE",
            "POLITY_TRUSTING_DAYS",
            "POLITY_PASSPHRASE",
            "POLITYD_HOME",
            "POLITY_ROOT",
            "POLITY_TOOLS",
            "POLITY_PINNED_COMETBFT",
            "POLITY_DEEP",
            "POLITY_SEEDS",
            "POLITY_BLOCKS",
            "POLITY_INPUTS",
            "POLITY_GOLDEN",
            "POLITY_BINARIES",
            "POLITY_LOG_LEVEL",
            "POLITY_GATEWAY_LISTEN",
            "PATH",
        ];
        assert_eq!(mistaken(others.map(str::to_owned)), []);
    }
}

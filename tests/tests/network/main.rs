//! Real networks: real nodes with their real engine, each on an address of its own, and everything that
//! machines, disks and operators do to them. After each trial all nodes have one app hash, and every
//! payment that some node acknowledged is there, once.
//!
//! `POLITY_DEEP=1` runs the long forms.

mod altered;
mod bad_input;
mod catching_up;
mod consensus_log;
mod continuation;
mod crash_points;
mod deaths;
mod disks;
mod exit_codes;
mod membership;
mod peers;
mod recovery;
mod trial;
mod twins;

/// The trials of networks on one engine.
macro_rules! on {
    ($engine:ident, $name:ident, $($file:ident::$trial:ident)+) => {
        mod $name {
            use polity_tests::engine::Engine;

            $(#[test]
            fn $trial() {
                super::$file::$trial(Engine::$engine);
            })+
        }
    };
}

/// Every trial that both engines can undergo. docs/reliability.md names the others.
macro_rules! on_both {
    ($($trials:tt)+) => {
        on!(Cometbft, cometbft, $($trials)+);
        on!(Embedded, embedded, $($trials)+);
    };
}

on_both! {
    deaths::payments_go_on_whoever_is_killed
    deaths::two_of_four_down_halt_and_lose_nothing
    deaths::kills_in_random_places_lose_nothing
    recovery::a_department_comes_back_from_a_backup_and_from_nothing
    recovery::a_torn_store_says_so_and_is_replaced
    recovery::a_node_that_keeps_little_of_the_past_is_verified_whole_and_says_how_far_back_it_looks
    disks::a_full_disk_stops_a_node_before_it_loses_anything
    membership::a_fifth_department_joins_votes_and_leaves
    continuation::a_chain_goes_on_under_the_other_engine_and_back
    continuation::a_chain_goes_on_under_the_same_engine_from_below_what_its_validators_signed
    crash_points::a_node_survives_a_crash_at_every_point_of_a_commit
    recovery::an_altered_store_is_found_by_verify_or_refused
    exit_codes::every_exit_code_is_provoked_and_told_in_words
    bad_input::every_bad_file_is_refused_by_name_and_changes_nothing
    bad_input::every_bad_transaction_is_refused_by_name_and_changes_nothing
}

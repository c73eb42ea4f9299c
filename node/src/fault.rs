//! Faults: this machine, or what it stores, is broken; so the process stops. Or nothing is broken, and what an operator
//! asks for cannot be done with what is there.
//!
//! A fault is never a verdict about a transaction, and no byte that comes from outside can cause one.
//! Its kind decides the exit code, which tells an operator (or a supervisor) what to do.

use std::fmt;
use std::io::{self, Write as _};
use std::net::SocketAddr;

use polity_engine::application::Fault as EngineFault;

use crate::death::{self, Death};

/// Makes [`FaultKind`] of one row for each kind: what it is, its exit code, its name, and what an operator usually does next.
macro_rules! fault_kinds {
    ($($(#[$doc:meta])+ $kind:ident = $code:literal, $name:literal, $advice:literal;)+) => {
        /// What kind of thing is broken. The number is the exit code of the process and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FaultKind {
            $($(#[$doc])+ $kind = $code,)+
        }

        impl FaultKind {
            /// Every kind, in the order of the exit codes.
            pub const ALL: [FaultKind; [$($code),+].len()] = [$(FaultKind::$kind),+];

            /// The name in logs and metrics.
            pub fn name(self) -> &'static str {
                match self { $(FaultKind::$kind => $name,)+ }
            }

            /// What an operator usually does next, as one sentence.
            pub fn advice(self) -> &'static str {
                match self { $(FaultKind::$kind => $advice,)+ }
            }
        }
    };
}

fault_kinds! {
    /// What the operator gave does not serve: a directory, a file, a setting. Nothing is broken.
    Usage = 2, "usage", "give what the message asks for; nothing is broken, nothing was changed";
    /// The program contradicts itself: an error of ours.
    Internal = 70, "internal", "report it together with the log; restarting is safe";
    /// The store cannot be read as it was written.
    StoreDamaged = 71, "store damaged", "restore a backup, or empty the store and let the node catch up from its peers";
    /// Another process has the store open.
    StoreLocked = 72, "store locked", "stop the other process, or give this one another directory";
    /// The disk has too little space left for a whole commit.
    DiskFull = 73, "disk full", "free some space and start again; nothing is lost";
    /// Reading or writing failed for a reason outside of the store.
    Io = 74, "input or output", "repair what the message names, then start again";
    /// The genesis or the organisation is not the one that the store belongs to.
    GenesisMismatch = 75, "genesis mismatch", "use the directory and the genesis file of one and the same organisation, signed by all departments";
    /// The state that this node computed is not the one that the network agreed on.
    Divergence = 76, "divergence", "keep the store for examination and compare `polityd verify` with another department";
    /// The engine that makes blocks failed or broke its contract.
    Engine = 77, "engine", "do what the message says, or look at the log of the engine; start again once the cause is gone";
}

impl FaultKind {
    /// The exit code of a process that stops by this kind of fault: 2, or 70 to 77 where something is broken.
    pub fn exit_code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A fault: its kind, and the fact in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {words}")]
pub struct Fault {
    kind: FaultKind,
    words: String,
    advice: &'static str,
}

impl Fault {
    /// A fault of a kind, with the fact in words (lower case, no full stop).
    pub fn new(kind: FaultKind, words: impl Into<String>) -> Fault {
        Fault {
            kind,
            words: words.into(),
            advice: kind.advice(),
        }
    }

    /// The same fault, where something else is to be done than is usual for its kind.
    #[must_use]
    pub fn with_advice(self, advice: &'static str) -> Fault {
        Fault { advice, ..self }
    }

    /// A failed operation on files or sockets; a full disk gets its own kind.
    pub fn from_io(doing: &str, error: &std::io::Error) -> Fault {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                FaultKind::DiskFull
            }
            _ => FaultKind::Io,
        };
        Fault::new(kind, format!("{doing}: {error}"))
    }

    /// An address on which this process cannot listen.
    pub fn from_listening(address: SocketAddr, error: &std::io::Error) -> Fault {
        let doing = format!("listening on {address}");
        match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                let words = format!(
                    "{doing}: another process listens there: stop it, or set another address"
                );
                Fault::new(FaultKind::Io, words)
            }
            _ => Fault::from_io(&doing, error),
        }
    }

    /// The kind, which decides the exit code.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// What an operator does next, as one sentence.
    pub fn advice(&self) -> &'static str {
        self.advice
    }

    /// The fact in words, without the kind.
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// Stops the process, or the node alone where somebody [outlives](crate::death::outlive) it: the fact and the advice go
/// to the log and to standard error, the kind becomes the exit code.
pub fn fatal(fault: Fault) -> ! {
    tracing::error!(
        kind = fault.kind.name(),
        exit_code = fault.kind.exit_code(),
        "{}",
        fault.words
    );
    death::die(Death::Fault(fault.clone()));
    // Where they cannot be written, as on a disk that is full, the exit code still tells.
    let _ = writeln!(
        io::stderr(),
        "polityd stops: {fault}\nwhat to do: {}",
        fault.advice
    );
    std::process::exit(i32::from(fault.kind.exit_code()))
}

/// A fault in a call that makes, reads or keeps blocks stops the process, with the fault's own exit code: nothing that
/// follows could be trusted.
pub(crate) fn or_stop<T>(result: Result<T, Fault>) -> Result<T, EngineFault> {
    result.map_err(|fault| fatal(fault))
}

/// Makes a panic in any thread end the process at once.
///
/// A node that lost one thread would go on half dead: it would answer, but no longer commit, or the reverse.
/// Nothing is written on the way out; the store is whole at every moment.
pub fn abort_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        eprintln!(
            "polityd aborts after a panic: {}",
            FaultKind::Internal.advice()
        );
        std::process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_that_of_usage_and_from_70_to_77_in_order() {
        let codes: Vec<u8> = FaultKind::ALL.iter().map(|kind| kind.exit_code()).collect();
        assert_eq!(codes, [2, 70, 71, 72, 73, 74, 75, 76, 77]);
    }

    #[test]
    fn the_example_for_systemd_starts_again_after_what_a_start_can_cure() {
        let unit = include_str!("../../docs/examples/polityd.service");
        let left_alone = unit
            .lines()
            .find_map(|line| line.strip_prefix("RestartPreventExitStatus="))
            .expect("the unit says what is left to a person");
        let left_alone: Vec<&str> = left_alone.split(' ').collect();
        let cured = [FaultKind::Internal, FaultKind::Io, FaultKind::Engine];
        for kind in FaultKind::ALL {
            let code = kind.exit_code().to_string();
            let is_left = left_alone.contains(&code.as_str());
            assert_eq!(is_left, !cured.contains(&kind), "{code}");
        }
    }

    #[test]
    fn a_full_disk_is_told_apart_from_other_trouble() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(Fault::from_io("writing", &full).kind(), FaultKind::DiskFull);
        assert_eq!(Fault::from_io("writing", &gone).kind(), FaultKind::Io);
    }

    #[test]
    fn an_address_in_use_is_told_as_what_it_is() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        let error = std::net::TcpListener::bind(address).unwrap_err();
        let fault = Fault::from_listening(address, &error);
        assert_eq!(fault.kind(), FaultKind::Io);
        assert!(fault.words().contains("another process listens"), "{fault}");
    }
}

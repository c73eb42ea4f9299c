//! A child process that writes into a log, and never outlives its test.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// How much of the end of a log is shown after a failure, in lines.
const TAIL_LINES: usize = 40;
/// A killed process is gone in this time, or the machine is in trouble.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// A running child. Dropping it kills it; dropping it while the test panics shows the end of its log.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program. What it prints is appended to `log`.
    #[track_caller]
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Process {
        match Process::try_start(name, command, log) {
            Ok(process) => process,
            Err(error) => panic!("{name} does not start: {error}"),
        }
    }

    fn try_start(name: &str, command: &mut Command, log: &Path) -> io::Result<Process> {
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        let errors = output.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()?;
        Ok(Process {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours can be asked")
    }

    /// Kills it as a power cut would, without a last word, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended meanwhile; then there is nobody to kill.
        let _ = self.child.kill();
        self.wait(KILL_PATIENCE);
    }

    /// Asks it to stop, as an operator's system does.
    pub fn terminate(&mut self) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        if let (None, Some(id)) = (self.ended(), id) {
            let _ = kill_process(id, Signal::TERM);
        }
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        match wait::poll(within, || self.ended()) {
            Some(status) => status,
            None => panic!("{} has not ended within {within:?}", self.name),
        }
    }

    /// All that it has printed, in this run and earlier ones with the same log.
    pub fn printed(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "--- the last lines of {} ({})",
                self.name,
                self.log.display()
            );
            eprintln!("{}", tail(&self.printed()));
        }
    }
}

/// Runs a program to its end and answers what it printed.
///
/// # Panics
/// Where it cannot be run or fails: with what it printed as errors.
#[track_caller]
pub fn run(name: &str, command: &mut Command) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{name} cannot be run: {error}"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn shell(script: &str, directory: &Path) -> Process {
        Process::start(
            "shell",
            Command::new("sh").args(["-c", script]),
            &directory.join("log"),
        )
    }

    fn exists(id: u32) -> bool {
        Path::new("/proc").join(id.to_string()).exists()
    }

    #[test]
    fn what_a_process_prints_is_kept_over_restarts() {
        let directory = tempfile::tempdir().unwrap();
        for word in ["one", "two"] {
            let mut process = shell(
                &format!("echo {word}; echo {word} >&2; exit 3"),
                directory.path(),
            );
            assert_eq!(process.wait(SOON).code(), Some(3));
        }
        let printed = fs::read_to_string(directory.path().join("log")).unwrap();
        assert_eq!(printed, "one\none\ntwo\ntwo\n");
    }

    #[test]
    fn a_terminated_process_can_say_goodbye_and_a_killed_one_cannot() {
        let directory = tempfile::tempdir().unwrap();
        let script = "trap 'echo goodbye; exit 7' TERM; echo ready; while :; do sleep 0.02; done";

        let mut process = shell(script, directory.path());
        wait::until("the trap is set", SOON, || {
            process.printed().contains("ready").then_some(())
        });
        process.terminate();
        assert_eq!(process.wait(SOON).code(), Some(7));
        assert!(process.printed().ends_with("goodbye\n"));

        let mut process = shell(script, directory.path());
        process.kill();
        assert_eq!(process.wait(SOON).signal(), Some(9));
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let process = shell("exec sleep 1000", directory.path());
        let id = process.id();
        assert!(exists(id));
        drop(process);
        assert!(!exists(id));
    }

    #[test]
    fn a_panic_takes_its_processes_along() {
        let directory = tempfile::tempdir().unwrap();
        let process = shell("exec sleep 1000", directory.path());
        let id = process.id();
        let panicked = std::thread::spawn(move || {
            let _process = process;
            panic!("as intended by this test");
        });
        assert!(panicked.join().is_err());
        assert!(!exists(id));
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let text: String = (0..100).map(|line| format!("{line}\n")).collect();
        assert!(tail(&text).starts_with("60\n") && tail(&text).ends_with("99"));
        assert_eq!(tail(""), "");
    }
}

//! Where what a program says cannot be written: on a full disk it says so, and a reader who went away is no trouble.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use polity_tests::{binaries, wait};

/// A terminal hides what is typed sooner.
const SILENCE: Duration = Duration::from_secs(20);

/// Answers that need no network, each of one program.
const ANSWERS: [(&str, &[&str]); 6] = [
    ("polity", &["explain", "303"]),
    ("polity", &["completions", "bash"]),
    ("polity", &["--help"]),
    ("polityd", &["--help"]),
    ("polityd", &["config", "show"]),
    ("polityd", &["config", "show", "-o", "json"]),
];

#[test]
fn an_answer_that_a_full_disk_does_not_take_is_told() {
    for (program, words) in ANSWERS {
        let full = File::options().write(true).open("/dev/full");
        let output = run(program, words, full.expect("Linux has it").into());

        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{program} {words:?}: {told}");
        let expected = "the answer could not be written: No space left on device";
        assert!(told.contains(expected), "{program} {words:?}: {told}");
    }
}

#[test]
fn a_reader_who_went_away_is_no_trouble() {
    for (program, words) in ANSWERS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = run(program, words, writer.into());

        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{program} {words:?}: {told}");
        assert_eq!(told, "", "{program} {words:?}");
    }
}

#[test]
fn a_usage_that_nobody_can_read_is_one_all_the_same() {
    for program in ["polity", "polityd"] {
        let full = File::options().write(true).open("/dev/full");
        let status = Command::new(binaries::path(program))
            .arg("no-such-command")
            .stderr(full.expect("Linux has it"))
            .status();
        assert_eq!(status.expect("it runs").code(), Some(2), "{program}");
    }
}

#[test]
fn a_script_reads_stdout_alone_however_a_command_ends() {
    for words in [
        &["unit", "tree"][..],
        &["unit", "show"],
        &["no-such-command"],
        &["explain", "999"],
        &["can", "transfer", "send", "a1", "a2", "5.00", "EUR"],
    ] {
        let words = [words, &["-o", "json"]].concat();
        let output = run("polity", &words, Stdio::piped());

        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
        assert_eq!(output.status.code(), Some(2), "{words:?}: {answer}");
        assert_eq!(answer["error"], "usage", "{words:?}: {answer}");
        assert_eq!(answer["exit_code"], 2, "{words:?}: {answer}");
    }
}

#[test]
fn a_script_reads_one_object_also_of_what_is_made_of_the_help() {
    let pages = tempfile::tempdir().expect("a directory");
    let directory = pages.path().to_str().expect("text");
    for words in [["completions", "bash"], ["man", directory]] {
        let words = [&words[..], &["-o", "json"]].concat();
        let output = run("polity", &words, Stdio::piped());

        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
        assert_eq!(output.status.code(), Some(0), "{words:?}: {answer}");
        assert!(answer.is_object(), "{words:?}: {answer}");
    }
    assert!(pages.path().join("polity.1").exists());
}

#[test]
fn whoever_breaks_off_the_question_for_a_passphrase_sees_again_what_they_type() {
    for (program, words, question) in [
        ("polity", "key new finn", "for the key finn: "),
        ("polityd", "keys member finn --chain acme", "for finn: "),
    ] {
        let home = tempfile::tempdir().expect("a directory");
        let program = binaries::path(program);
        let (program, home) = (program.display(), home.path().display());
        let line = format!("{program} --home {home} {words}; echo ended $?; stty -a");
        let shown = broken_off(&line, question);

        assert!(shown.contains("ended 130"), "{shown}");
        for setting in ["echo", "icanon", "isig"] {
            assert!(shown.contains(setting), "{setting}: {shown}");
            assert!(
                !shown.contains(&format!("-{setting} ")),
                "{setting}: {shown}"
            );
        }
    }
}

/// What a terminal shows while a line runs in it and Ctrl-C is typed at a question.
fn broken_off(line: &str, question: &str) -> String {
    let line = format!("tty; {line}");
    let mut terminal = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_remove("POLITY_PASSPHRASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("util-linux has it");
    let mut typed = terminal.stdin.take().expect("a pipe");
    let mut told = terminal.stdout.take().expect("a pipe");
    let mut shown = Vec::new();
    while !shown.ends_with(question.as_bytes()) {
        let mut byte = [0];
        told.read_exact(&mut byte).expect("it asks");
        shown.extend(byte);
    }
    // What is typed between the question and the silence of the terminal is thrown away.
    let name = String::from_utf8_lossy(&shown);
    let name = name.lines().next().expect("the terminal's name").to_owned();
    wait::until("a terminal that hides what is typed", SILENCE, || {
        let settings = Command::new("stty").args(["-F", &name, "-a"]).output();
        let settings = settings.expect("coreutils have it").stdout;
        String::from_utf8_lossy(&settings)
            .contains("-echo ")
            .then_some(())
    });
    typed.write_all(b"secre\x03").expect("it reads");
    told.read_to_end(&mut shown).expect("it ends");
    terminal.wait().expect("it ended");
    String::from_utf8_lossy(&shown).into_owned()
}

fn run(program: &str, words: &[&str], stdout: Stdio) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    Command::new(binaries::path(program))
        .args(words)
        .arg("--home")
        .arg(home.path())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .expect("it runs")
}

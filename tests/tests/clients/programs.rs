//! The programs around others' clients, built from `tests/clients` beside the build results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that asks a gateway everything that its client can ask.
pub(crate) struct Program(Vec<PathBuf>);

impl Program {
    /// Around `@cosmjs/tendermint-rpc`, from the versions that the lock names.
    pub(crate) fn cosmjs() -> Program {
        let (source, place) = (source("cosmjs"), place("cosmjs"));
        let lock = read(&source.join("package-lock.json"));
        let installed = place.join("installed-lock.json");
        for file in ["package.json", "package-lock.json", "answers.mjs"] {
            fs::write(place.join(file), read(&source.join(file))).expect("files can be copied");
        }
        if fs::read(&installed).ok().as_ref() != Some(&lock) {
            run(Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&place));
            fs::write(installed, lock).expect("the lock can be copied");
        }
        Program(vec!["node".into(), place.join("answers.mjs")])
    }

    /// Around CometBFT's own client, of the version that its `go.mod` pins.
    pub(crate) fn go() -> Program {
        let program = place("go").join("answers");
        run(Command::new("go")
            .args(["build", "-mod=readonly", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(source("go")));
        Program(vec![program])
    }

    /// What it prints, given these arguments.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[String]) -> String {
        run(Command::new(&self.0[0]).args(&self.0[1..]).args(arguments))
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("clients")
        .join(name);
    fs::create_dir_all(&place).expect("a directory can be made");
    place
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?}: {error}; scripts/lib/install.sh installs what it needs"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

//! PostgreSQL with an audit trigger, in a cluster of its own: what an organisation would use without this ledger.
//!
//! Every change of an account, and every transfer, is written into an audit table as it was and as it became, and
//! the history of each row is one range of an index. Who signed is the connection's word, and whoever administers
//! the database can change the past: it verifies no signature and proves nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::comparison::Sample;
use super::cpu;
use crate::process::{self, Process};
use crate::wait;

/// Where Debian and Ubuntu put the programs of each version.
const INSTALLED: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to be root; the package's user runs it then.
const USER: &str = "postgres";
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections that transfer at once: more gain nothing on two cores.
pub(super) const CONNECTIONS: u64 = 8;

const SETTINGS: &str = "
listen_addresses = ''
fsync = on
synchronous_commit = on
shared_buffers = 256MB
max_wal_size = 4GB
";

const SCHEMA: &str = "
CREATE TABLE account (
  id bigint PRIMARY KEY,
  owner bigint NOT NULL,
  balance bigint NOT NULL CHECK (balance >= 0)
);
CREATE TABLE transfer (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  source bigint NOT NULL REFERENCES account,
  target bigint NOT NULL REFERENCES account,
  amount bigint NOT NULL CHECK (amount > 0)
);
CREATE INDEX ON transfer (source);
CREATE INDEX ON transfer (target);
CREATE TABLE audit (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  by text NOT NULL DEFAULT current_user,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  relation text NOT NULL,
  key bigint NOT NULL,
  operation text NOT NULL,
  before jsonb,
  after jsonb
);
CREATE INDEX ON audit (relation, key, id);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit (relation, key, operation, before, after) VALUES (
    TG_TABLE_NAME, coalesce(NEW.id, OLD.id), TG_OP,
    CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
    CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN NULL;
END $$;
-- Accounts are locked in the order of their numbers, so that two transfers never wait for each other.
CREATE FUNCTION pay(payer bigint, payees bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM account WHERE id = payer OR id = ANY (payees) ORDER BY id FOR UPDATE;
  FOR place IN 1 .. array_length(payees, 1) LOOP
    UPDATE account SET balance = balance - 1 WHERE id = payer;
    UPDATE account SET balance = balance + 1 WHERE id = payees[place];
    INSERT INTO transfer (source, target, amount) VALUES (payer, payees[place], 1);
  END LOOP;
END $$;
CREATE FUNCTION pay_many(accounts bigint, transfers bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  payer bigint := 1 + floor(random() * accounts);
BEGIN
  PERFORM pay(payer, ARRAY(
    SELECT 1 + (payer + floor(random() * (accounts - 1))::bigint) % accounts FROM generate_series(1, transfers)));
END $$;
";

/// Triggers come after the accounts, whose opening is not what is measured.
const TRIGGERS: &str = "
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON account FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION audit();
";

/// A running cluster with accounts. Dropping it ends it and removes its files.
pub(super) struct Postgres {
    accounts: usize,
    server: Process,
    programs: PathBuf,
    directory: PathBuf,
}

impl Postgres {
    /// A new cluster in a temporary directory of the user who may run it.
    pub(super) fn start(accounts: usize) -> Postgres {
        let programs = programs();
        let directory = make_cluster(&programs);
        let mut command = as_server(&programs.join("postgres"));
        command.arg("-D").arg(directory.join("data"));
        let postgres = Postgres {
            accounts,
            server: Process::start("postgres", &mut command, &directory.join("server.log")),
            programs,
            directory,
        };
        wait::until("PostgreSQL answers", PATIENCE, || {
            postgres.try_sql("SELECT 1").ok()
        });
        let accounts = format!(
            "INSERT INTO account SELECT id, id, 1000000000 FROM generate_series(1, {accounts}) AS id;"
        );
        for text in [SCHEMA, &accounts, TRIGGERS] {
            postgres.sql(text);
        }
        postgres
    }

    /// Transfers from random accounts to random others, in transactions of so many; all of them durable.
    pub(super) fn transfer(&self, transfers: u64, per_transaction: u64) -> Sample {
        let script = self.directory.join("pay.sql");
        let text = format!("SELECT pay_many({}, {per_transaction});\n", self.accounts);
        fs::write(&script, text).expect("the script can be written");
        let transactions = transfers / per_transaction / CONNECTIONS;
        let (started, before) = (Instant::now(), self.cpu());
        let mut pgbench = Command::new(self.programs.join("pgbench"));
        pgbench
            .args([
                "--no-vacuum",
                "--protocol=prepared",
                "--username=bench",
                "--host",
            ])
            .arg(&self.directory)
            .arg(format!("--client={CONNECTIONS}"))
            .arg(format!("--transactions={transactions}"))
            .arg("--file")
            .arg(&script)
            .arg("postgres");
        process::run("pgbench", &mut pgbench);
        Sample {
            count: transactions * CONNECTIONS * per_transaction,
            wall: started.elapsed(),
            cpu: self.cpu() - before,
        }
    }

    /// Bytes of all tables and their indexes in their smallest form, without the log.
    pub(super) fn bytes(&self) -> u64 {
        self.sql("VACUUM FULL");
        let bytes = self.sql("SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(ARRAY['account', 'transfer', 'audit']) AS name");
        bytes.trim().parse().expect("a size is a number")
    }

    fn sql(&self, text: &str) -> String {
        self.try_sql(text)
            .unwrap_or_else(|error| panic!("psql: {error}"))
    }

    fn try_sql(&self, text: &str) -> Result<String, String> {
        let output = Command::new(self.programs.join("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set=ON_ERROR_STOP=1",
                "--username=bench",
            ])
            .arg("--host")
            .arg(&self.directory)
            .args(["--dbname=postgres", "--command", text])
            .output()
            .expect("psql can be run");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// CPU time of the server, its living connections and those that have ended.
    fn cpu(&self) -> Duration {
        cpu::of_family(self.server.id())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Asked to end fast, it ends its connections itself; what the user made, the user removes.
        self.server.terminate();
        let _ = wait::poll(PATIENCE, || self.server.ended());
        let _ = as_server(Path::new("rm"))
            .arg("-rf")
            .arg(&self.directory)
            .status();
    }
}

/// The files of a new cluster, in a directory that only the user who may run it can read.
fn make_cluster(programs: &Path) -> PathBuf {
    let mut mktemp = as_server(Path::new("mktemp"));
    mktemp.args(["--directory", "--tmpdir", "polity-postgres.XXXXXX"]);
    let directory = PathBuf::from(process::run("mktemp", &mut mktemp).trim());
    let data = directory.join("data");
    let mut initdb = as_server(&programs.join("initdb"));
    initdb
        .args(["--auth=trust", "--encoding=UTF8", "--locale=C"])
        .args(["--username=bench", "--pgdata"])
        .arg(&data);
    process::run("initdb", &mut initdb);
    let configuration = data.join("postgresql.conf");
    let text = fs::read_to_string(&configuration).expect("initdb wrote the configuration");
    let socket = format!("unix_socket_directories = '{}'\n", directory.display());
    fs::write(&configuration, text + SETTINGS + &socket).expect("the configuration can be written");
    directory
}

/// The programs of the newest version that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir(INSTALLED).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let newest = newest.expect("PostgreSQL is installed: scripts/lib/install.sh postgres");
    Path::new(INSTALLED).join(newest.to_string()).join("bin")
}

/// A command of the user who may run PostgreSQL.
fn as_server(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"])
        .arg(program)
        .current_dir("/");
    command
}

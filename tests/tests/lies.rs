//! A node that lies to a member at the terminal: what it tells is refused, or found out in spite of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_client::ErrorKind;
use polity_client::session::Founding as GenesisFile;
use polity_ledger::Amount;
use polity_ledger::state::keys::{self, List};
use polity_node::genesis_file::GenesisFile as NodesGenesisFile;
use polity_proto::v1::{
    Account, Asset, Counter, HistoryAnswer, HistoryRequest, KeysAnswer, ListHead, ListPage,
    ObjectKind, Record,
};
use polity_tests::cluster::Cluster;
use polity_tests::process::Process;
use polity_tests::terminal::Terminal;
use polity_tests::{binaries, http, wait};
use prost::Message;
use serde_json::{Value, json};

const PURSES: &str = r#"
[[units]]
unit = "root/plan"
kind = "company"
confers = ["freeze", "assign_roles"]
[[roles]]
role = "root/plan#clerk"
[[roles.grants]]
can = ["freeze"]
[[units]]
unit = "root/watch"
kind = "department"
[[roles]]
role = "root/watch#clerk"
[[roles.grants]]
can = ["freeze"]
unit = "root/plan"
[[accounts]]
account = "fay:main"
asset = "EUR"
issue = "250.00 EUR"
[[accounts]]
account = "stan:main"
asset = "EUR"
"#;

const TROUBLE: Option<i32> = Some(1);
const USAGE: Option<i32> = Some(2);
const REFUSED: Option<i32> = Some(3);
const NO_ANSWER: Option<i32> = Some(4);
const PROOF_FAILED: Option<i32> = Some(5);
const OUTCOME_UNKNOWN: Option<i32> = Some(6);

/// What is watched for comes in less, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);

/// Parameters that a charter adds: blocks come though nothing happens.
const AWAKE: &str = "idle_interval = \"1s\"\n";

fn founded(parameters: &str) -> (Cluster, Terminal) {
    let mut terminal = Terminal::new();
    terminal.enrol("fay", "root/plan", "root/plan#clerk");
    terminal.enrol("stan", "root/plan", "root/plan#clerk");
    terminal.enrol("wes", "root/watch", "root/watch#clerk");
    let addition = format!("{parameters}{PURSES}{}", terminal.people());
    let cluster = terminal.found(&addition);
    (cluster, terminal)
}

/// A node between a client and an honest one: `lie` makes of each answer what is told. The address for `--node`.
fn liar(
    honest: SocketAddr,
    lie: impl Fn(&str, &Value, Value) -> Value + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who went away hears nothing.
            let _ = tell(stream, honest, &lie);
        }
    });
    url
}

fn tell(
    mut stream: TcpStream,
    honest: SocketAddr,
    lie: &impl Fn(&str, &Value, Value) -> Value,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 16 * 1024];
    let call: Value = loop {
        let body = request.windows(4).position(|window| window == b"\r\n\r\n");
        let call = body.and_then(|at| serde_json::from_slice(&request[at + 4..]).ok());
        if let Some(call) = call {
            break call;
        }
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => request.extend_from_slice(&part[..read]),
        }
    };
    let (method, params) = (call["method"].as_str().unwrap_or_default(), &call["params"]);
    let answer = match http::call(honest, method, params) {
        Ok(result) => json!({"id": call["id"], "result": lie(method, params, result)}),
        Err(words) => json!({"id": call["id"], "error": {"code": -32603, "message": words}}),
    };
    let answer = answer.to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    )
}

/// Changes the value of an answer to a question, where it is the answer to this path.
fn altered<M: Message + Default>(
    path: &str,
    params: &Value,
    mut result: Value,
    change: impl Fn(&mut M),
) -> Value {
    if params["path"] == path {
        let value = result["response"]["value"].as_str().unwrap_or_default();
        let value = STANDARD.decode(value).expect("base64");
        let mut answer = M::decode(&value[..]).expect("an answer");
        change(&mut answer);
        result["response"]["value"] = STANDARD.encode(answer.encode_to_vec()).into();
    }
    result
}

/// Changes the accounts in an answer about a past height.
fn with_past_accounts(params: &Value, result: Value, change: impl Fn(&mut Account)) -> Value {
    altered("/keys", params, result, |answer: &mut KeysAnswer| {
        let past = answer
            .answers
            .iter_mut()
            .filter(|_| params["height"] != "0");
        for one in past {
            let mut record = Record::decode(&one.value[..]).unwrap_or_default();
            let mut account = Account::decode(&record.object[..]).unwrap_or_default();
            if account.asset != 0 {
                change(&mut account);
                record.object = account.encode_to_vec();
                one.value = record.encode_to_vec();
            }
        }
    })
}

fn balance(terminal: &Terminal) -> String {
    let shown = terminal.json("fay", &["account", "show", "fay:main"]);
    shown["balance"]["amount"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

const PAY: [&str; 5] = ["transfer", "send", "fay:main", "stan:main", "1.00"];

#[test]
fn nothing_that_a_node_makes_up_is_shown() {
    let (cluster, terminal) = founded("");
    let honest = cluster.gateways()[0];
    let pay = [&PAY[..], &["EUR"]].concat();
    let first = terminal.json("fay", &pay)["height"].to_string();
    let code = |node: &str, words: &[&str]| {
        let words = [&["--node", node], words].concat();
        terminal.run("fay", &words).status.code()
    };

    // A home that saw more is not shown less.
    let remembered = Mutex::new(BTreeMap::new());
    let replaying = liar(honest, move |method, params, result| {
        let mut remembered = remembered.lock().expect("whole");
        let question = format!("{method} {params}");
        remembered.entry(question).or_insert(result).clone()
    });
    let show = ["account", "show", "fay:main"];
    assert_eq!(code(&replaying, &show), Some(0));
    terminal.json("fay", &pay);
    assert_eq!(balance(&terminal), "248.00");
    assert_eq!(code(&replaying, &show), PROOF_FAILED);
    let mut by_variable = terminal.command("fay", &show);
    let output = by_variable.env("POLITY_NODES", &replaying).output();
    assert_eq!(output.expect("it runs").status.code(), PROOF_FAILED);

    // The past is held to the account's history.
    let richer = liar(honest, |_, params, result| {
        with_past_accounts(params, result, |account| {
            account.credits_posted = Amount(9_999_900).to_bytes();
        })
    });
    let then = [&show[..], &["--at", &first]].concat();
    let shown = terminal.json("fay", &then);
    assert_eq!(
        (&shown["balance"]["amount"], &shown["proven"]),
        (&"249.00".into(), &true.into())
    );
    assert_eq!(code(&richer, &then), PROOF_FAILED);

    // The newest of then are those before what came since, and the network was what it was.
    let newest = ["history", "fay:main", "--newest", "1", "--at", &first];
    let history = terminal.json("fay", &newest);
    let entry = &history["entries"][0];
    assert_eq!(entry["height"].to_string(), first, "{history}");
    let place = entry["index"].as_u64().expect("an index") + 1;
    assert_eq!(
        (&history["count"], &history["at"]),
        (&place.into(), &entry["height"])
    );
    let status = terminal.json("fay", &["network", "status", "--at", &first]);
    assert_eq!(
        (&status["height"], &status["proven"]),
        (&entry["height"], &false.into())
    );
    assert_eq!(status["validators"][0]["leaving"], false, "{status}");

    // So is what an account may do, to the history of its owner.
    let draft = terminal.path("freeze.draft");
    let draft = draft.to_str().expect("a plain name");
    let with = ["--with", "wes=root/watch#clerk", "--draft", draft];
    let freeze = [&["account", "freeze", "fay:main"][..], &with].concat();
    let sign = ["tx", "sign", draft];
    for (member, words) in [
        ("stan", &freeze[..]),
        ("stan", &sign[..]),
        ("wes", &sign[..]),
    ] {
        let done = terminal.run(member, words);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "polity {words:?}: {told}");
    }
    let frozen = terminal.json("stan", &["tx", "submit", draft])["height"].to_string();
    let then = [&show[..], &["--at", &frozen]].concat();
    let shown = terminal.json("fay", &then);
    assert_eq!(
        (&shown["state"], &shown["proven"]),
        (&"frozen".into(), &true.into())
    );
    let thawing = liar(honest, |_, params, result| {
        with_past_accounts(params, result, |account| account.frozen = false)
    });
    assert_eq!(code(&thawing, &then), PROOF_FAILED);
    terminal.json("stan", &["account", "unfreeze", "fay:main"]);
    let then = [&show[..], &["--at", &first]].concat();

    // How many decimals an asset has never changes: nobody is asked what it was.
    let scaled = liar(honest, |_, params, result| {
        altered("/keys", params, result, |answer: &mut KeysAnswer| {
            for one in answer
                .answers
                .iter_mut()
                .filter(|_| params["height"] != "0")
            {
                let asset = Asset::decode(&one.value[..]).unwrap_or_default();
                if asset.code == "EUR" {
                    one.value = Asset { scale: 0, ..asset }.encode_to_vec();
                }
            }
        })
    });
    let words = [&["--node", &scaled], &then[..]].concat();
    assert_eq!(terminal.json("fay", &words)["balance"]["amount"], "249.00");

    // Of the past no list and no count is proven: a unit that is told below itself is drawn once, and nobody counts to a
    // number that a node makes up.
    let endless = liar(honest, |_, params, result| {
        altered("/keys", params, result, |answer: &mut KeysAnswer| {
            let made_up = [
                (
                    keys::list_head(List::Children, 1),
                    ListHead { count: 1, pages: 1 }.encode_to_vec(),
                ),
                (
                    keys::list_page(List::Children, 1, 0),
                    ListPage { numbers: vec![1] }.encode_to_vec(),
                ),
                (
                    keys::key(keys::COUNTER, &[ObjectKind::Node as u64]),
                    Counter { last: u64::MAX }.encode_to_vec(),
                ),
            ];
            let past = answer.answers.iter_mut();
            for one in past.filter(|_| params["height"] != "0") {
                if let Some((_, value)) = made_up.iter().find(|(key, _)| *key == one.key) {
                    one.value.clone_from(value);
                }
            }
        })
    });
    for words in [["unit", "tree"], ["unit", "list"], ["network", "status"]] {
        let then = [&words[..], &["--at", &first]].concat();
        assert_eq!(code(&endless, &then), Some(0), "{words:?}");
    }

    // A history that is longer than the state proves ends as a lie, and does not go on for ever.
    let longer = liar(honest, |_, params, result| {
        altered("/history", params, result, |answer: &mut HistoryAnswer| {
            answer.count += 1;
        })
    });
    assert_eq!(
        code(&longer, &["history", "fay:main", "--newest", "1"]),
        PROOF_FAILED
    );

    // Nor is an honest answer to another question one to this: the end of the history, or a page that lacks the newest.
    let newest = ["history", "fay:main", "--newest", "2"];
    assert_eq!(code(&format!("http://{honest}"), &newest), Some(0));
    for (skipped, limit) in [(2, 2), (1, 2), (0, 1)] {
        let shorter = liar(honest, move |method, params, result| {
            if params["path"] != "/history" {
                return result;
            }
            let asked = hex::decode(params["data"].as_str().unwrap_or_default());
            let mut asked = HistoryRequest::decode(&asked.expect("hex")[..]).expect("a question");
            (asked.from, asked.limit) = (asked.from + skipped, limit);
            let mut params = params.clone();
            params["data"] = hex::encode(asked.encode_to_vec()).into();
            http::call(honest, method, &params).expect("the node answers")
        });
        assert_eq!(code(&shorter, &newest), PROOF_FAILED, "{skipped} {limit}");
    }

    let silent = liar(honest, |_, params, mut result| {
        if params["path"] == "/can" || params["path"] == "/inbox" {
            result["response"]["value"] = "".into();
        }
        result
    });
    let can = [&["can"], &pay[..]].concat();
    assert_eq!(code(&silent, &can), NO_ANSWER);
    // Whom a command line names is not taken back by a variable.
    let mut asked = terminal.command("fay", &can);
    let output = asked.env("POLITY_MEMBER", "stan").output();
    let told: Value = serde_json::from_slice(&output.expect("it runs").stdout).expect("JSON");
    let fay = terminal.json("fay", &["member", "show", "fay"]);
    assert_eq!(told["member"], fay["member"], "{told}");
    assert_eq!(code(&silent, &["inbox"]), NO_ANSWER);
}

#[test]
fn what_happens_by_time_is_watched_and_proven() {
    let (cluster, terminal) = founded(AWAKE);
    let honest = cluster.gateways()[0];
    let watch = |nodes: &[&str], log: &str| {
        let mut watch = Command::new(binaries::path("polity"));
        watch.arg("--home").arg(terminal.path(""));
        watch.args(nodes.iter().flat_map(|node| ["--node", node]));
        watch.args(["watch", "--idle"]);
        let watching = Process::start("polity watch", &mut watch, &terminal.path(log));
        wait::until("it watches", PATIENCE, || {
            watching.printed().contains("block ").then_some(())
        });
        watching
    };
    let reserve = ["hold", "place", "fay:main", "stan:main", "1.00", "EUR"];
    let reserve = [&reserve[..], &["--expires", "2s"]].concat();
    let honest_node = format!("http://{honest}");

    let mut watching = watch(&[&honest_node], "watch.log");
    terminal.json("fay", &reserve);
    wait::until("what happens by itself is told", PATIENCE, || {
        let printed = watching.printed();
        let (_, told) = printed.split_once("by itself")?;
        told.contains("\n  h1 expired\n").then_some(())
    });
    assert_eq!(watching.ended(), None, "it watches on");
    let counted = terminal.run("fay", &["watch", "--blocks", "1"]);
    let shown: Value = serde_json::from_slice(&counted.stdout).expect("each is shown");
    assert!(shown["height"].is_u64(), "each is shown: {shown}");

    // A node that keeps back what the state proves that timers did; only the honest one has a websocket.
    let row = hex::encode([keys::TIMER_RECEIPT]);
    let hiding = liar(honest, move |_, params, mut result| {
        let key = params["data"].as_str().unwrap_or_default();
        if params["path"] == "/key" && key.starts_with(&row) {
            result["response"]["value"] = "".into();
        }
        result
    });
    let mut watching = watch(&[&hiding, &honest_node], "hidden.log");
    terminal.json("fay", &reserve);
    let ended = watching.wait(PATIENCE);
    assert_eq!(ended.code(), PROOF_FAILED, "{}", watching.printed());
}

#[test]
fn a_door_that_says_no_and_passes_on_makes_nobody_pay_twice() {
    let (cluster, terminal) = founded("");
    let honest = cluster.gateways()[0];
    let pay = [&PAY[..], &["EUR"]].concat();
    let refusal = |code: u32, method: &str, mut result: Value| {
        if method == "broadcast_tx_sync" {
            result["code"] = code.into();
        }
        result
    };

    // Whatever it says: a verdict, what doors do say, and what nobody says.
    // What is broken off while it waits can be sent again: the bytes lie in the home when they leave, until the proof.
    let sent = terminal.path("sent");
    let files = |sent: &Path| fs::read_dir(sent).map_or(0, Iterator::count);
    let kept_at_door = Arc::new(Mutex::new(Vec::new()));
    for (code, left) in [(303, "249.00"), (203, "248.00"), (1, "247.00")] {
        let (sent_there, seen) = (sent.clone(), Arc::clone(&kept_at_door));
        let lying = liar(honest, move |method, _, result| {
            if method == "broadcast_tx_sync" {
                seen.lock().expect("whole").push(files(&sent_there));
            }
            refusal(code, method, result)
        });
        let words = [&["--node", &lying], &pay[..]].concat();
        assert_eq!(terminal.json("fay", &words)["accepted"], true, "{code}");
        assert_eq!(balance(&terminal), left, "{code}");
        assert_eq!(files(&sent), 0, "{code}");
    }
    assert_eq!(*kept_at_door.lock().expect("whole"), [1; 3]);

    // The same, and it hides the receipt: the outcome is open, and the signed bytes are there to be sent again.
    let hiding = liar(honest, move |method, params, result| {
        if params["path"] == "/receipt" {
            json!({"response": {"code": 12, "log": "not found"}})
        } else {
            refusal(203, method, result)
        }
    });
    let words = [&["--node", &hiding], &pay[..]].concat();
    let output = terminal.run("fay", &words);
    assert_eq!(output.status.code(), OUTCOME_UNKNOWN);
    let kept = fs::read_dir(terminal.path("sent")).expect("what was sent is kept");
    let kept = kept.flatten().next().expect("one").path();
    let again = ["tx", "submit", kept.to_str().expect("a plain name")];
    assert_eq!(terminal.json("fay", &again)["accepted"], true);
    assert_eq!(balance(&terminal), "246.00");

    // Whose answer a full disk does not take is told that it was accepted all the same.
    let full = fs::File::options().write(true).open("/dev/full");
    let mut unwritten = terminal.command("fay", &pay);
    let output = unwritten.stdout(full.expect("Linux has it")).output();
    let output = output.expect("polity can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), TROUBLE, "{told}");
    for words in [
        "accepted in block",
        "could not be written",
        "  transaction: ",
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(balance(&terminal), "245.00");

    // What rests on a height whose proof never comes is not sent, and leaves nothing open.
    let ahead = liar(honest, |_, params, result| {
        altered("/keys", params, result, |answer: &mut KeysAnswer| {
            answer.height += 1_000;
        })
    });
    let words = [&["--node", &ahead, "--wait", "1s"], &pay[..]].concat();
    let output = terminal.run("fay", &words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), OUTCOME_UNKNOWN, "{told}");
    assert!(told.contains("nothing was sent"), "{told}");

    // What a dry run says is a node's word, and told as such.
    let foreseen = terminal.json("fay", &[&["--dry-run"], &pay[..]].concat());
    assert_eq!(foreseen["accepted"], true, "{foreseen}");
    assert_eq!(foreseen["proven"], false, "{foreseen}");

    // It says what the ledger would of a transaction that is valid for too long.
    let words = [&["--dry-run", "--valid-for", "30d"], &pay[..]].concat();
    let refused = terminal.run("fay", &words);
    let told = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), REFUSED, "{told}");
    for words in ["valid_too_long", r#""validity_max": "7d""#, "nothing;"] {
        assert!(told.contains(words), "{told}");
    }

    // It is not sent. Sent anyway, an honest door refuses it and the state proves that: told at once, and certain.
    let refused = terminal.run("fay", &[&["--valid-for", "30d"], &pay[..]].concat());
    let told = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), REFUSED, "{told}");
    assert!(
        told.contains("valid_too_long") && told.contains("nothing;"),
        "{told}"
    );
    let words = [&["--send-anyway", "--valid-for", "30d"], &pay[..]].concat();
    let refused = terminal.run("fay", &words);
    let told = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), REFUSED, "{told}");
    for words in [
        "valid_too_long",
        r#""validity_max": "7d""#,
        "by the state of height",
    ] {
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn what_was_broken_off_is_settled_once_a_proven_header_is_past_its_time() {
    let (_cluster, terminal) = founded(AWAKE);
    let draft = terminal.path("pay.draft");
    let file = draft.to_str().expect("a plain name");
    let pay = [&["--draft", file, "--valid-for", "5s"], &PAY[..], &["EUR"]].concat();
    let id = terminal.json("fay", &pay)["id"].clone();
    let id = id.as_str().expect("an id");
    assert!(terminal.run("fay", &["tx", "sign", file]).status.success());
    // So is left what is broken off before a door has it.
    fs::create_dir(terminal.path("sent")).expect("made");
    let kept = terminal.path(&format!("sent/{id}.draft"));
    fs::copy(&draft, &kept).expect("kept");
    let open = terminal.run("fay", &["why", id]);
    let told = String::from_utf8_lossy(&open.stderr);
    assert_eq!(open.status.code(), OUTCOME_UNKNOWN, "{told}");
    assert!(told.contains("polity tx submit"), "{told}");
    // Its time is over by the clock, which is what `tx show` goes by.
    wait::pass(Duration::from_secs(6));
    assert_eq!(terminal.json("fay", &["tx", "show", file])["code"], 205);

    let again = [
        "--wait",
        "1s",
        "tx",
        "submit",
        kept.to_str().expect("a name"),
    ];
    let refused = wait::until("a block is past its time", PATIENCE, || {
        let output = terminal.run("fay", &again);
        (output.status.code() == REFUSED).then_some(output)
    });

    let told = String::from_utf8_lossy(&refused.stderr);
    for words in ["205 expired", "by the state of height", "is removed"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(!kept.exists());
    // That no earlier block has it is nowhere claimed.
    let why = terminal.json("fay", &["why", id]);
    assert_eq!(
        (&why["code"], &why["recorded"]),
        (&205.into(), &Value::Null)
    );
    assert_eq!(balance(&terminal), "250.00");
}

#[test]
fn no_node_is_told_whom_a_ballot_names_before_the_voter_says_yes() {
    let (cluster, terminal) = founded("[[roles]]\nrole = \"root/plan#voice\"\nelected = true\n");
    terminal.json("fay", &["election", "call", "root/plan#voice"]);
    for voter in ["fay", "stan"] {
        terminal.json(voter, &["election", "ballot", "j1", "stan"]);
    }
    let asked = Arc::new(Mutex::new(String::new()));
    let heard = asked.clone();
    let listening = liar(cluster.gateways()[0], move |_, params, result| {
        heard.lock().expect("whole").push_str(&params.to_string());
        result
    });
    let agreed = terminal.command("fay", &["--node", &listening, "election", "reveal", "j1"]);
    let mut unasked = Command::new(agreed.get_program());
    unasked.args(agreed.get_args().filter(|word| *word != "--yes"));
    unasked.envs(
        agreed
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );

    // Whoever cannot be asked has not said yes.
    let output = unasked.output().expect("polity can be run");

    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), USAGE, "{told}");
    assert!(told.contains("nobody can be asked"), "{told}");
    let questions = std::mem::take(&mut *asked.lock().expect("whole"));
    assert!(questions.contains("/keys"), "{questions}");
    for path in ["/can", "/simulate"] {
        assert!(!questions.contains(path), "{questions}");
    }
    terminal.json("fay", &["--node", &listening, "election", "reveal", "j1"]);
}

#[test]
fn a_genesis_that_no_node_would_begin_with_is_no_root_of_trust() {
    let (cluster, terminal) = founded("");
    let text = fs::read_to_string(cluster.genesis_file()).expect("the genesis can be read");
    let signed: Value = serde_json::from_str(&text).expect("JSON");
    let by_node = |text: &str| {
        let file: NodesGenesisFile =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        file.verify().map_err(|error| error.to_string())
    };
    assert!(GenesisFile::parse(text.as_bytes()).is_ok() && by_node(&text).is_ok());

    let other_key = STANDARD.encode([7; 32]);
    let changes = [
        ("/genesis_time", json!("2020-01-01T00:00:00Z")),
        ("/genesis_time", json!("2020-01-01T00:00:00.000Z")),
        ("/initial_height", json!("01")),
        ("/initial_height", json!("2")),
        ("/validators", json!([])),
        ("/validators/0/power", json!("11")),
        ("/validators/0/power", json!("010")),
        ("/validators/0/name", json!("another")),
        ("/validators/0/pub_key/value", json!(other_key)),
        (
            "/validators/0/pub_key/type",
            json!("tendermint/PubKeySecp256k1"),
        ),
        ("/signatures", json!([])),
        ("/signatures/0/department", json!("another")),
        ("/signatures/0/signature", json!("00".repeat(64))),
        ("/signatures/0/key", json!("00".repeat(32))),
    ];
    let mut altered = vec!["{".to_owned(), text.replacen('{', "{\"remark\": \"\",", 1)];
    for (place, change) in changes {
        let mut file = signed.clone();
        *file.pointer_mut(place).expect(place) = change;
        altered.push(file.to_string());
    }
    for text in altered {
        assert!(by_node(&text).is_err(), "{text}");
        let error = GenesisFile::parse(text.as_bytes()).expect_err(&text);
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");

        // No node was asked: it is the file that does not serve.
        let path = terminal.write("genesis.json", text);
        let output = terminal.run("fay", &["unit", "tree"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), USAGE, "{told}");
        assert!(
            told.contains(&path) && !told.contains("node lies"),
            "{told}"
        );
    }
}

//! Pages in browsers: those that are allowed read the answers, the others never do.

use super::server::Server;
use super::wire::{Answer, exchange};
use crate::gateway::{Limits, Origins};

const EXPLORER: &str = "https://explorer.example";

async fn ask(origins: &[&str], method: &str, headers: &str) -> Answer {
    let origins: Vec<String> = origins.iter().map(|text| (*text).to_owned()).collect();
    let origins = Origins::parse(&origins).unwrap();
    let server = Server::start_for_pages(Limits::default(), origins).await;
    let request =
        format!("{method} /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    exchange(server.address, request.as_bytes()).await
}

#[tokio::test]
async fn nobody_is_allowed_unless_the_operator_says_so() {
    let answer = ask(&[], "GET", &format!("origin: {EXPLORER}\r\n")).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
    assert!(!answer.head.contains("vary"), "{}", answer.head);
}

#[tokio::test]
async fn an_allowed_page_reads_the_answer_and_another_does_not() {
    let answer = ask(&[EXPLORER], "GET", &format!("origin: {EXPLORER}\r\n")).await;
    let allowed = format!("access-control-allow-origin: {EXPLORER}\r\n");
    assert!(answer.head.contains(&allowed), "{}", answer.head);
    assert!(answer.head.contains("vary: origin"), "{}", answer.head);

    for headers in ["origin: https://evil.example\r\n", "origin: null\r\n", ""] {
        let answer = ask(&[EXPLORER], "GET", headers).await;
        assert_eq!(answer.status, 200, "{headers}");
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
        assert!(answer.head.contains("vary: origin"), "{}", answer.head);
    }
}

#[tokio::test]
async fn every_page_is_allowed_by_a_star() {
    let answer = ask(&["*"], "GET", "origin: https://any.example\r\n").await;
    let allowed = "access-control-allow-origin: *\r\n";
    assert!(answer.head.contains(allowed), "{}", answer.head);
}

#[tokio::test]
async fn a_browsers_question_before_a_call_is_answered_for_allowed_pages() {
    let question = |origin: &str| {
        format!(
            "origin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n"
        )
    };
    let answer = ask(&[EXPLORER], "OPTIONS", &question(EXPLORER)).await;
    assert_eq!(answer.status, 204);
    for line in [
        "access-control-allow-origin: https://explorer.example\r\n",
        "access-control-allow-methods: get, post\r\n",
        "access-control-allow-headers: content-type\r\n",
    ] {
        assert!(answer.head.contains(line), "{}", answer.head);
    }

    let answer = ask(&[EXPLORER], "OPTIONS", &question("https://evil.example")).await;
    assert_eq!(answer.status, 405);
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
}

//! Listable sets: the numbers that stand in the pages of a list.

use polity_ledger::state::keys::{self, LIST_HEAD, LIST_PAGE};
use polity_ledger::state::objects;
use polity_proto::v1::{ListAnswer, ListHead, ListPage, ListRequest};

use super::View;

/// Most pages of an answer.
const PAGES_MAX: usize = 100;

/// Path /list. Of a kind that is none, and of an owner without such a list, it is empty.
pub(super) fn numbers(view: &View, request: &ListRequest) -> ListAnswer {
    let &ListRequest {
        list,
        owner,
        from_page,
    } = request;
    let head: ListHead =
        objects::value(view, &keys::key(LIST_HEAD, &[list, owner])).unwrap_or_default();
    let pages = (from_page..head.pages).take(PAGES_MAX);
    let numbers = pages.flat_map(|page| {
        let key = keys::key(LIST_PAGE, &[list, owner, page]);
        let page: ListPage = objects::value(view, &key).unwrap_or_default();
        page.numbers
    });
    ListAnswer {
        height: view.height,
        count: head.count,
        pages: head.pages,
        numbers: numbers.collect(),
    }
}

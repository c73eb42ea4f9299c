//! Listable sets: numbers in pages that are state values, so that a list is proven whole.

use std::rc::Rc;

use polity_proto::v1::{ListHead, ListPage};
use prost::Message;

use super::keys::{self, List};
use super::{Object, Overlay, Read, objects};

/// Most numbers of a page.
pub const PAGE_NUMBERS_MAX: usize = 256;

/// How many numbers a list has.
pub fn count(state: &dyn Read, list: List, owner: u64) -> u64 {
    head(state, list, owner).count
}

/// All numbers of a list, in the order in which they came.
pub fn all(state: &dyn Read, list: List, owner: u64) -> Vec<u64> {
    let head = head(state, list, owner);
    (0..head.pages)
        .flat_map(|number| page(state, list, owner, number).numbers)
        .collect()
}

/// The objects of a list, in the order in which they came.
pub fn objects<T: Object>(
    state: &dyn Read,
    list: List,
    owner: u64,
) -> impl DoubleEndedIterator<Item = Rc<T>> {
    let numbers = all(state, list, owner).into_iter();
    numbers.filter_map(move |number| objects::look(state, number))
}

/// Whether a number is in the list.
pub fn contains(state: &dyn Read, list: List, owner: u64, number: u64) -> bool {
    let pages = head(state, list, owner).pages;
    find(state, list, owner, pages, number).is_some()
}

/// Appends a number. The caller knows that it is not there.
pub fn append(state: &mut Overlay<'_>, list: List, owner: u64, number: u64) {
    let mut head = head(state, list, owner);
    let mut last = match head.pages {
        0 => ListPage::default(),
        pages => page(state, list, owner, pages - 1),
    };
    if head.pages == 0 || last.numbers.len() == PAGE_NUMBERS_MAX {
        last = ListPage::default();
        head.pages += 1;
    }
    last.numbers.push(number);
    head.count += 1;

    state.put(
        keys::list_page(list, owner, head.pages - 1),
        last.encode_to_vec(),
    );
    state.put(keys::list_head(list, owner), head.encode_to_vec());
}

/// Removes a number, if it is there. Order stays; an empty page goes, and later ones move up: a list has no more pages than
/// numbers, however many it once had.
pub fn remove(state: &mut Overlay<'_>, list: List, owner: u64, number: u64) {
    let mut head = head(state, list, owner);
    let found = find(state, list, owner, head.pages, number);
    let Some((index, mut page, position)) = found else {
        return;
    };
    page.numbers.remove(position);
    head.count -= 1;

    if page.numbers.is_empty() {
        for later in index + 1..head.pages {
            let moved = self::page(state, list, owner, later);
            state.put(
                keys::list_page(list, owner, later - 1),
                moved.encode_to_vec(),
            );
        }
        head.pages -= 1;
        state.delete(keys::list_page(list, owner, head.pages));
    } else {
        state.put(keys::list_page(list, owner, index), page.encode_to_vec());
    }
    match head.pages {
        0 => state.delete(keys::list_head(list, owner)),
        _ => state.put(keys::list_head(list, owner), head.encode_to_vec()),
    }
}

/// The page that has a number, and the number's place in it.
///
/// Most lists grow by numbers that ascend, and some are long: such a page is found in a few steps. What came last is what goes
/// first, most often, so in the others it is looked for from the end.
fn find(
    state: &dyn Read,
    list: List,
    owner: u64,
    pages: u64,
    number: u64,
) -> Option<(u64, ListPage, usize)> {
    let look = |index: u64| {
        let page = page(state, list, owner, index);
        let mut numbers = page.numbers.iter();
        let position = numbers.position(|candidate| *candidate == number)?;
        Some((index, page, position))
    };
    let (mut low, mut high) = (0, pages);
    while low + 1 < high {
        let middle = low.midpoint(high);
        let numbers = page(state, list, owner, middle).numbers;
        if numbers.first().is_some_and(|first| *first <= number) {
            low = middle
        } else {
            high = middle
        }
    }

    look(low).or_else(|| (0..pages).rev().find_map(look))
}

fn head(state: &dyn Read, list: List, owner: u64) -> ListHead {
    objects::value(state, &keys::list_head(list, owner)).unwrap_or_default()
}

fn page(state: &dyn Read, list: List, owner: u64, page: u64) -> ListPage {
    objects::value(state, &keys::list_page(list, owner, page)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::counted;
    use std::collections::BTreeMap;

    #[test]
    fn a_list_over_several_pages_keeps_order_and_shrinks_to_nothing() {
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        for number in 1..=600 {
            append(&mut state, List::Children, 7, number);
        }
        for number in (1..=600).filter(|number| number % 3 == 0) {
            remove(&mut state, List::Children, 7, number);
        }
        let expected: Vec<u64> = (1..=600).filter(|number| number % 3 != 0).collect();
        assert_eq!(all(&state, List::Children, 7), expected);
        assert_eq!(count(&state, List::Children, 7), 400);
        assert!(!contains(&state, List::Children, 7, 3));

        for number in expected {
            remove(&mut state, List::Children, 7, number);
        }
        assert!(state.into_changes().is_empty());
    }

    #[test]
    fn a_list_that_is_never_empty_gives_its_pages_back() {
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        append(&mut state, List::Holds, 7, 1);
        for number in 2..=3_000 {
            append(&mut state, List::Holds, 7, number);
            if number > 302 {
                remove(&mut state, List::Holds, 7, number - 300);
            }
        }
        let expected: Vec<u64> = [1, 2].into_iter().chain(2_701..=3_000).collect();
        assert_eq!(all(&state, List::Holds, 7), expected);
        assert_eq!(head(&state, List::Holds, 7).pages, 3);
    }

    #[test]
    fn of_a_long_list_few_pages_are_read_to_take_a_number_out() {
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        for number in 1..=256 * 64 {
            append(&mut state, List::Holds, 7, 2 * number);
        }
        for (number, is_there) in [(2, true), (9_000, true), (256 * 128, true), (9_001, false)] {
            let (found, reads) = counted(&state, |state| contains(state, List::Holds, 7, number));
            assert_eq!((found, reads < 10), (is_there, is_there), "{number}");
        }
    }

    #[test]
    fn numbers_that_came_in_any_order_are_found_and_taken_out() {
        let base = BTreeMap::new();
        let mut state = Overlay::new(&base);
        // 617 is prime to 1,000: each number comes once.
        let numbers: Vec<u64> = (1..=1_000).map(|step| step * 617 % 1_000).collect();
        for number in &numbers {
            append(&mut state, List::Joined, 7, *number);
        }
        assert!(
            numbers
                .iter()
                .all(|number| contains(&state, List::Joined, 7, *number))
        );
        assert!(!contains(&state, List::Joined, 7, 1_000));
        let (odd, even) = numbers
            .into_iter()
            .partition::<Vec<u64>, _>(|number| number % 2 == 1);
        for number in odd {
            remove(&mut state, List::Joined, 7, number);
        }
        assert_eq!(all(&state, List::Joined, 7), even);
    }
}

//! Nodes of one kind by number, and links of four bytes that say kind and number.

use std::ops::Index;

/// Where a node is, opened. A fork has two children; a bend has one, which is inner itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Empty,
    Leaf(usize),
    Fork(usize),
    LeftBend(usize),
    RightBend(usize),
}

/// Where a node is, in four bytes: the kind above, the number in its arena below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link(u32);

impl Link {
    /// The way to nothing.
    pub(super) const EMPTY: Self = Self(0);

    const KIND_SHIFT: u32 = 29;
    const ID_MASK: u32 = (1 << Self::KIND_SHIFT) - 1;

    pub(super) fn to(node: Node) -> Self {
        let (kind, id) = match node {
            Node::Empty => (0, 0),
            Node::Leaf(id) => (1, id),
            Node::Fork(id) => (2, id),
            Node::LeftBend(id) => (3, id),
            Node::RightBend(id) => (4, id),
        };
        // The arena ends where the mask ends, so the number fits.
        Self(kind << Self::KIND_SHIFT | id as u32)
    }

    pub(super) fn node(self) -> Node {
        let id = (self.0 & Self::ID_MASK) as usize;
        match self.0 >> Self::KIND_SHIFT {
            1 => Node::Leaf(id),
            2 => Node::Fork(id),
            3 => Node::LeftBend(id),
            4 => Node::RightBend(id),
            _ => Node::Empty,
        }
    }

    pub(super) fn is_inner(self) -> bool {
        self.0 >> Self::KIND_SHIFT >= 2
    }
}

/// Nodes of one kind by number, with the numbers that are free.
#[derive(Clone, Debug)]
pub(super) struct Arena<T> {
    slots: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Index<usize> for Arena<T> {
    type Output = T;

    fn index(&self, id: usize) -> &T {
        &self.slots[id]
    }
}

impl<T> Arena<T> {
    pub(super) fn reserve(&mut self, more: usize) {
        self.slots.reserve_exact(more);
    }

    pub(super) fn insert(&mut self, value: T) -> usize {
        if let Some(id) = self.free.pop() {
            self.slots[id as usize] = value;
            return id as usize;
        }
        let id = self.slots.len();
        assert!(
            id <= Link::ID_MASK as usize,
            "a part of the state tree is full"
        );
        // All parts fill alike; doubling would double the memory of the whole tree at once.
        if id == self.slots.capacity() {
            self.slots.reserve_exact(id / 8 + 8);
        }
        self.slots.push(value);
        id
    }

    pub(super) fn remove(&mut self, id: usize) {
        self.free.push(id as u32);
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}

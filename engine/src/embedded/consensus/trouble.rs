//! Trouble with the disk, told beside Malachite: it stops where a word cannot be written before it is said, and does not
//! pass on why.

use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

/// A file, and what happened to it.
pub(in crate::embedded) type Failed = (PathBuf, io::Error);

/// Where trouble is told. The first is the one that counts.
#[derive(Clone)]
pub(in crate::embedded) struct Trouble(mpsc::Sender<Failed>);

impl Trouble {
    pub(in crate::embedded) fn new() -> (Self, mpsc::Receiver<Failed>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self(sender), receiver)
    }

    pub(super) fn tell(&self, file: &Path, error: &io::Error) {
        let error = io::Error::new(error.kind(), error.to_string());
        // There is no room where one was told already, and nobody to tell where the engine stops.
        let _ = self.0.try_send((file.to_owned(), error));
    }
}

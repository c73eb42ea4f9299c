//! One department's node: the real application over its real store, which dies and comes back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polity_engine::application::{Application, BlockResult, InitChain};
use polity_node::app::App;
use polity_node::config::Config;
use polity_node::crash_point::CrashPoint;
use polity_node::death::{Death, outlive};
use polity_node::fault::Fault;
use polity_node::metrics::Metrics;
use polity_node::serve::{app_options, store_options};
use polity_node::store::{Store, StoreOptions, restore};
use polity_node::verify::verify;
use prometheus_client::registry::Registry;

use super::chain::{Chain, Decided};

/// A node in a directory of its own.
pub(super) struct Replica {
    directory: PathBuf,
    config: Config,
    // How many stores there were: a restored or emptied one has a new directory.
    generation: u32,
    node: Option<(Arc<Store>, App)>,
}

/// What went wrong, in words: a finding.
pub(super) type Finding<T> = Result<T, String>;

impl Replica {
    /// A node that was never started, below a directory that is its own.
    pub(super) fn new(directory: &Path, config: Config) -> Replica {
        Replica {
            directory: directory.to_owned(),
            config,
            generation: 0,
            node: None,
        }
    }

    /// Starts the node: the store is opened and the tree rebuilt from it.
    pub(super) fn start(&mut self) -> Finding<()> {
        self.start_with(store_options(&self.config))
    }

    /// Starts the node with a disk that has no space for a commit.
    pub(super) fn start_on_full_disk(&mut self) -> Finding<()> {
        self.start_with(StoreOptions {
            free_bytes_min: u64::MAX / 2,
            ..store_options(&self.config)
        })
    }

    fn start_with(&mut self, options: StoreOptions) -> Finding<()> {
        self.stop();
        let store = Store::open(&self.store_directory(), options).map_err(words)?;
        let store = Arc::new(store);
        let metrics = Arc::new(Metrics::register(&mut Registry::default(), "simulation"));
        let app = App::open(Arc::clone(&store), app_options(&self.config), metrics);
        self.node = Some((store, app.map_err(words)?));
        Ok(())
    }

    /// Stops the node: what was only in its memory is gone.
    pub(super) fn stop(&mut self) {
        self.node = None;
    }

    /// Forgets the store; the node begins with an empty one.
    pub(super) fn wipe(&mut self) -> Finding<()> {
        self.stop();
        std::fs::remove_dir_all(self.store_directory()).map_err(|error| error.to_string())?;
        self.generation += 1;
        Ok(())
    }

    /// The application.
    pub(super) fn app(&self) -> Finding<&App> {
        let node = self.node.as_ref();
        node.map(|(_, app)| app)
            .ok_or_else(|| "the node is not running".into())
    }

    /// The height of the store.
    pub(super) fn height(&self) -> Finding<u64> {
        let info = self.app()?.info().map_err(|fault| fault.to_string())?;
        Ok(info.last_block_height)
    }

    /// Founds the organisation, or finds that it was founded.
    pub(super) fn found(&self, chain: &Chain) -> Finding<()> {
        let found = |founding: &InitChain| {
            let app = self.app()?;
            let founded = outlive(None, || app.init_chain(founding.clone())).map_err(died)?;
            founded.map_err(|fault| fault.to_string())
        };
        let result = found(&chain.founding)?;
        if result.app_hash == chain.founded[..] {
            Ok(())
        } else {
            Err("the genesis has another app hash".into())
        }
    }

    /// Executes a block, compares, and commits it; dies at a crash point where that was ordered.
    /// None: it died.
    pub(super) fn apply(
        &mut self,
        block: &Decided,
        crash_at: Option<CrashPoint>,
    ) -> Finding<Option<()>> {
        let app = self.app()?;
        let result = outlive(crash_at, || app.finalize_block(block.request.clone()));
        let result: BlockResult = match self.lived(result, crash_at)? {
            None => return Ok(None),
            Some(result) => result.map_err(|fault| fault.to_string())?,
        };
        let updates = &result.validator_updates;
        if let Some(difference) = block.difference(&result.transactions, updates, &result.app_hash)
        {
            return Err(difference);
        }
        let app = self.app()?;
        let committed = outlive(crash_at, || app.commit(Vec::new()));
        match self.lived(committed, crash_at)? {
            None => Ok(None),
            Some(committed) => committed
                .map(|_| Some(()))
                .map_err(|fault| fault.to_string()),
        }
    }

    /// Executes a block without committing it, as an engine does that is asked again later.
    pub(super) fn execute_in_vain(&self, block: &Decided) -> Finding<()> {
        let app = self.app()?;
        let result = outlive(None, || app.finalize_block(block.request.clone()));
        result
            .map_err(died)?
            .map(|_| ())
            .map_err(|fault| fault.to_string())
    }

    /// Tries to commit where the disk has no space: the node dies by a fault of that kind, and no other.
    pub(super) fn fail_to_commit(&mut self, block: &Decided) -> Finding<()> {
        self.execute_in_vain(block)?;
        let app = self.app()?;
        match outlive(None, || app.commit(Vec::new())) {
            Err(Death::Fault(fault)) if fault.kind() == polity_node::fault::FaultKind::DiskFull => {
                self.stop();
                Ok(())
            }
            other => Err(format!("a full disk gave {other:?}")),
        }
    }

    /// Executes what the node lacks, as an engine replays it at the start.
    pub(super) fn catch_up(&mut self, chain: &Chain) -> Finding<()> {
        if self.height()? == 0 {
            self.found(chain)?;
        }
        let height = self.height()?;
        for block in chain.blocks.iter().skip(height as usize) {
            self.apply(block, None)
                .map_err(|words| format!("replaying {}: {words}", block.request.height))?;
        }
        self.is_at(chain)
    }

    /// Whether height and app hash are the chain's.
    pub(super) fn is_at(&self, chain: &Chain) -> Finding<()> {
        let info = self.app()?.info().map_err(|fault| fault.to_string())?;
        let hash = chain.app_hash(chain.height());
        let same_hash = chain.height() == 0 || info.last_block_app_hash == hash[..];
        if info.last_block_height == chain.height() && same_hash {
            Ok(())
        } else {
            Err(format!(
                "at {} instead of {}",
                info.last_block_height,
                chain.height()
            ))
        }
    }

    /// Takes the newest height back, as an operator does; dies at a crash point where that was ordered.
    pub(super) fn roll_back(&mut self, crash_at: Option<CrashPoint>) -> Finding<()> {
        self.stop();
        let store = Store::open(&self.store_directory(), store_options(&self.config));
        let store = store.map_err(words)?;
        match outlive(crash_at, || store.roll_back()) {
            Ok(height) => height.map(|_| ()).map_err(words),
            Err(Death::Crash(_)) => Ok(()),
            Err(death) => Err(died(death)),
        }
    }

    /// Backs the running store up, and goes on from the backup in a new directory. Dies on the way
    /// where that was ordered, and begins again.
    pub(super) fn restore_backup(&mut self, crash_at: Option<CrashPoint>) -> Finding<()> {
        let backup = self.directory.join(format!("backup-{}", self.generation));
        let (store, _) = self.node.as_ref().ok_or("the node is not running")?;
        for order in [crash_at, None] {
            match outlive(order, || store.back_up(&backup)) {
                Ok(done) => {
                    done.map_err(words)?;
                    break;
                }
                Err(Death::Crash(_)) if !backup.exists() => {}
                Err(death) => return Err(died(death)),
            }
        }
        self.wipe()?;
        let (target, options) = (self.store_directory(), store_options(&self.config));
        for order in [crash_at, None] {
            match outlive(order, || restore(&backup, &target, options.clone())) {
                Ok(done) => {
                    done.map_err(words)?;
                    break;
                }
                Err(Death::Crash(_)) if !target.exists() => {}
                Err(death) => return Err(died(death)),
            }
        }
        std::fs::remove_dir_all(&backup).map_err(|error| error.to_string())
    }

    /// The store's newest log, and its length, which a torn write leaves shorter.
    pub(super) fn log(&self) -> Finding<(PathBuf, u64)> {
        let entries =
            std::fs::read_dir(self.store_directory()).map_err(|error| error.to_string())?;
        let logs = entries.filter_map(Result::ok).map(|entry| entry.path());
        let newest = logs
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .max()
            .ok_or("the store has no log")?;
        let metadata = std::fs::metadata(&newest).map_err(|error| error.to_string())?;
        Ok((newest, metadata.len()))
    }

    /// Executes the whole chain again out of the node's own store, and compares everything.
    pub(super) fn verify(&self) -> Finding<()> {
        let (store, _) = self.node.as_ref().ok_or("the node is not running")?;
        verify(store, self.config.engine, |_| ())
            .map(|_| ())
            .map_err(words)
    }

    fn store_directory(&self) -> PathBuf {
        self.directory.join(format!("store-{}", self.generation))
    }

    /// What a call gave; none where the node died as ordered, and is stopped now.
    fn lived<T>(
        &mut self,
        call: Result<T, Death>,
        crash_at: Option<CrashPoint>,
    ) -> Finding<Option<T>> {
        match call {
            Ok(given) => Ok(Some(given)),
            Err(Death::Crash(point)) if Some(point) == crash_at => {
                self.stop();
                Ok(None)
            }
            Err(death) => Err(died(death)),
        }
    }
}

fn words(fault: Fault) -> String {
    fault.to_string()
}

fn died(death: Death) -> String {
    match death {
        Death::Crash(point) => format!("died at {} without being told to", point.name()),
        Death::Fault(fault) => format!("died of a fault: {fault}"),
    }
}

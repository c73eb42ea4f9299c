//! Where the server listens, and who may connect.

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Where the server listens. Its text is what CometBFT expects as `proxy_app`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket file that only its owner can open.
    Unix(PathBuf),
    /// An address of the loopback interface; others are refused, because ABCI knows no authentication.
    Tcp(SocketAddr),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Tcp(address) => write!(formatter, "tcp://{address}"),
        }
    }
}

/// The text names no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint is written unix:///PATH or tcp://ADDRESS:PORT")]
pub struct EndpointError;

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        match text.split_once("://") {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => address.parse().map(Self::Tcp).map_err(|_| EndpointError),
            Some(_) | None => Err(EndpointError),
        }
    }
}

/// A bound endpoint. Dropping it removes the socket file.
pub(super) enum Listener {
    Unix {
        listener: UnixListener,
        path: PathBuf,
        own_uid: u32,
    },
    Tcp(TcpListener),
}

/// A connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl Stream for UnixStream {}
impl Stream for TcpStream {}

impl Listener {
    pub(super) async fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint {
            Endpoint::Unix(path) => bind_unix(path).await,
            Endpoint::Tcp(address) if !address.ip().is_loopback() => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "ABCI over TCP is for loopback addresses only",
            )),
            Endpoint::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await?)),
        }
    }

    /// The endpoint as bound: port 0 has become a real one.
    pub(super) fn endpoint(&self) -> io::Result<Endpoint> {
        match self {
            Self::Unix { path, .. } => Ok(Endpoint::Unix(path.clone())),
            Self::Tcp(listener) => Ok(Endpoint::Tcp(listener.local_addr()?)),
        }
    }

    /// The next connection of a permitted peer.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Unix {
                listener, own_uid, ..
            } => loop {
                let (stream, _) = listener.accept().await?;
                let peer_uid = stream.peer_cred()?.uid();
                if is_permitted(peer_uid, *own_uid) {
                    return Ok(Box::new(stream));
                }
                tracing::warn!(peer_uid, own_uid, "abci connection of another user refused");
            },
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Requests and answers are small and waited for: held back, each costs a delayed acknowledgement.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, .. } = self {
            let _ = fs::remove_file(path);
        }
    }
}

/// The file's mode keeps others out already; this holds where a directory was shared or a mode was changed.
fn is_permitted(peer_uid: u32, own_uid: u32) -> bool {
    peer_uid == own_uid
}

/// Binds beside the path and renames, so that the path never names a socket that others could open, and a file left
/// by a killed process is replaced.
async fn bind_unix(path: &Path) -> io::Result<Listener> {
    refuse_living_or_foreign(path).await?;
    let own_uid = rustix::process::geteuid().as_raw();
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }

    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, path)?;
    Ok(Listener::Unix {
        listener,
        path: path.to_owned(),
        own_uid,
    })
}

async fn refuse_living_or_foreign(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "the path names a file that is no socket",
        ));
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another process listens there",
        )),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("abci.sock");
        (directory, path)
    }

    async fn bind_error(endpoint: &Endpoint) -> io::ErrorKind {
        match Listener::bind(endpoint).await {
            Ok(_) => panic!("bound {endpoint}"),
            Err(error) => error.kind(),
        }
    }

    #[tokio::test]
    async fn the_socket_file_is_for_its_owner_only_and_goes_with_the_listener() {
        let (_directory, path) = socket();
        let listener = Listener::bind(&Endpoint::Unix(path.clone())).await.unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_socket_file_left_by_a_killed_process_is_replaced() {
        let (_directory, path) = socket();
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let _listener = Listener::bind(&Endpoint::Unix(path.clone())).await.unwrap();
        UnixStream::connect(&path).await.unwrap();
    }

    #[tokio::test]
    async fn a_living_socket_is_left_alone() {
        let (_directory, path) = socket();
        let _living = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(
            bind_error(&Endpoint::Unix(path.clone())).await,
            io::ErrorKind::AddrInUse
        );
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let (_directory, path) = socket();
        fs::write(&path, "precious").unwrap();
        assert_eq!(
            bind_error(&Endpoint::Unix(path.clone())).await,
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn tcp_beyond_loopback_is_refused() {
        let endpoint = Endpoint::Tcp("0.0.0.0:0".parse().unwrap());
        assert_eq!(bind_error(&endpoint).await, io::ErrorKind::InvalidInput);
    }

    #[test]
    fn an_endpoint_is_read_as_it_is_written() {
        for text in [
            "unix:///run/polity/abci.sock",
            "unix://abci.sock",
            "tcp://127.0.0.1:26658",
            "tcp://[::1]:0",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "unix://",
            "tcp://",
            "tcp://localhost",
            "/run/abci.sock",
            "http://127.0.0.1:1",
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(EndpointError), "{text}");
        }
    }

    #[test]
    fn another_user_is_not_permitted() {
        assert!(is_permitted(1000, 1000));
        assert!(!is_permitted(1001, 1000));
        assert!(!is_permitted(0, 1000));
    }
}

//! HAProxy in TCP mode: octets go through as they are. <https://docs.haproxy.org/2.6/configuration.html>

use crate::error::Error;
use crate::testbed::process::Folder;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const CONFIGURATION: &str = "haproxy.cfg";

/// The socket on which it answers questions about itself: whoever connected to its port would already be a client.
const CONTROL: &str = "control";

/// Writes its configuration: everything from `address` to `behind`.
pub(super) fn configure(folder: &Folder, address: SocketAddr, behind: SocketAddr) -> Result<(), Error> {
    let control = control(folder);
    // Without `noreuseport` two of them could have one port, each getting the other's clients.
    // The timeouts are beyond all of ours, so that a silent server is seen as one. One try: a second one would be a connection
    // that no client made. Its own HTTP client, which nobody uses, would read all authorities of the system at the start: that
    // takes three times as long as everything else.
    let text = format!(
        "global\n\
         \x20   nbthread 1\n\
         \x20   maxconn 256\n\
         \x20   stats socket {control} mode 600\n\
         \x20   hard-stop-after 5s\n\
         \x20   noreuseport\n\
         .if version_atleast(2.6)\n\
         \x20   httpclient.ssl.verify none\n\
         .endif\n\
         defaults\n\
         \x20   mode tcp\n\
         \x20   retries 0\n\
         \x20   timeout connect 30s\n\
         \x20   timeout client 120s\n\
         \x20   timeout server 120s\n\
         frontend clients\n\
         \x20   bind {address}\n\
         \x20   default_backend servers\n\
         backend servers\n\
         \x20   server behind {behind}\n",
        control = control.display(),
    );
    folder.write(CONFIGURATION, text.as_bytes()).map(drop)
}

/// In the foreground.
pub(super) fn arguments(folder: &Folder) -> [String; 3] {
    ["-db", "-f", &folder.path().join(CONFIGURATION).display().to_string()].map(str::to_owned)
}

/// Where it answers questions about itself.
pub(super) fn control(folder: &Folder) -> PathBuf {
    folder.path().join(CONTROL)
}

/// Whether it answers a question about itself. All its ports are bound by then.
pub(super) async fn answers(control: &Path) -> bool {
    #[cfg(unix)]
    {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let Ok(mut stream) = tokio::net::UnixStream::connect(control).await else { return false };
        let mut answer = [0; 14];
        stream.write_all(b"show info\n").await.is_ok()
            && stream.read_exact(&mut answer).await.is_ok()
            && answer == *b"Name: HAProxy\n"
    }
    #[cfg(not(unix))]
    {
        let _ = control;
        false
    }
}

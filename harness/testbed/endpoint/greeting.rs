//! What a MySQL server says of itself to whoever connects: its version. For the reader, not for the choice of cases.

use crate::mysql::greeting::Greeting;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// How long a server may take for its greeting.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest greeting that is read, in octets. Real ones have about a hundred.
const LONGEST: usize = 1024;

/// The version in the greeting; `None` if nothing comes that is a greeting. The server counts an aborted handshake.
pub(super) async fn version(address: SocketAddr) -> Option<String> {
    tokio::time::timeout(PATIENCE, asked(address)).await.ok().flatten()
}

async fn asked(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let mut header = [0; 4];
    stream.read_exact(&mut header).await.ok()?;
    let [a, b, c, _] = header;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, 0])).ok().filter(|length| *length <= LONGEST)?;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    let version = Greeting::decode(&payload).ok()?.version;
    // It is somebody else's text, and goes to a terminal.
    Some(version.chars().filter(|c| !c.is_control()).collect())
}

//! What an issuer or an operator publishes for all servers: a document in a file, or at an address.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a document cannot be read.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The file cannot be read.
    #[error("file `{}` cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address does not answer.
    #[error("address cannot be reached")]
    Fetch(#[source] reqwest::Error),
    /// The address answers something else than a document.
    #[error("address answered with status {0}")]
    Answer(u16),
    /// It is larger than such a document may be.
    #[error("document is too large")]
    TooLarge,
}

/// Where a document is.
#[derive(Debug, Clone)]
pub(super) enum Document {
    File(PathBuf),
    Url {
        client: reqwest::Client,
        url: String,
    },
}

impl Document {
    /// The document that a setting names: an http(s) URL, or else a path.
    pub(super) fn at(place: &str) -> Result<Self, DocumentError> {
        if !place.starts_with("http://") && !place.starts_with("https://") {
            return Ok(Self::File(PathBuf::from(place)));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(FETCH_TIMEOUT)
            .build()
            .map_err(DocumentError::Fetch)?;
        let url = place.to_owned();
        Ok(Self::Url { client, url })
    }

    /// All of it, up to so many bytes.
    pub(super) async fn read(&self, max_bytes: usize) -> Result<Vec<u8>, DocumentError> {
        let bytes = match self {
            Self::File(path) => tokio::fs::read(path).await.map_err(|source| {
                let path = path.clone();
                DocumentError::File { path, source }
            })?,
            Self::Url { client, url } => fetch(client, url, max_bytes).await?,
        };
        if bytes.len() > max_bytes {
            return Err(DocumentError::TooLarge);
        }
        Ok(bytes)
    }
}

async fn fetch(
    client: &reqwest::Client,
    url: &str,
    max_bytes: usize,
) -> Result<Vec<u8>, DocumentError> {
    let mut response = client.get(url).send().await.map_err(DocumentError::Fetch)?;
    if response.status() != http::StatusCode::OK {
        return Err(DocumentError::Answer(response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(DocumentError::Fetch)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > max_bytes {
            return Err(DocumentError::TooLarge);
        }
    }
    Ok(bytes)
}

use futures_util::StreamExt;

use crate::dialect;

/// The most of an error answer's body that is read.
const LIMIT: usize = 64 << 10;

/// The start of the message in an answer whose status is not 2xx.
pub(super) async fn message(response: reqwest::Response) -> String {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        body.extend_from_slice(&chunk[..chunk.len().min(LIMIT - body.len())]);
        if body.len() == LIMIT {
            break;
        }
    }
    dialect::error_message(&body)
}

use crate::dialect;
use crate::wire::Reply;

/// The most of an error answer's body that is read.
const LIMIT: usize = 64 << 10;

/// The start of the message in an answer whose status is not 2xx.
pub(super) async fn message(mut reply: Reply<'_>) -> String {
    let mut body = Vec::new();
    while body.len() < LIMIT
        && let Ok(Some(arrived)) = reply.read().await
    {
        for piece in arrived.map_while(Result::ok) {
            body.extend_from_slice(&piece[..piece.len().min(LIMIT - body.len())]);
        }
    }
    dialect::error_message(&body)
}

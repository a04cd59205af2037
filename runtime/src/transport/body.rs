//! Reads the body of a response within a limit of memory.

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::Ending;

/// Memory that is reserved for an announced length before any data arrived.
const ANNOUNCED: usize = 64 << 10;

/// Reads a body. At most `limit` decoded bytes are kept, and nothing that arrives after `until`.
pub(super) async fn read(response: &mut Response, limit: usize, until: Option<Instant>) -> (Bytes, Ending) {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let first = match next(response, until).await {
        Ok(first) => first.unwrap_or_default(),
        Err(ending) => return (Bytes::new(), ending),
    };
    let mut following = next(response, until).await;
    if let Ok(None) = following
        && first.len() <= limit
    {
        // A body in one piece is returned without a copy.
        return (first, Ending::Complete);
    }
    let mut kept = Kept { bytes: Vec::new(), limit, over: false };
    kept.reserve(announced.min(ANNOUNCED));
    kept.extend(&first);
    drop(first);
    let ending = loop {
        if kept.over {
            break Ending::TooLong;
        }
        match following {
            Ok(Some(chunk)) => kept.extend(&chunk),
            Ok(None) => break Ending::Complete,
            Err(ending) => break ending,
        }
        following = next(response, until).await;
    };
    (kept.bytes.into(), ending)
}

/// The next piece of data, or how the body ended before its end.
async fn next(response: &mut Response, until: Option<Instant>) -> Result<Option<Bytes>, Ending> {
    let chunk = match until {
        None => response.chunk().await,
        Some(until) => timeout_at(until, response.chunk()).await.map_err(|_| Ending::Late)?,
    };
    // The URL of a GET contains every parameter.
    chunk.map_err(|error| Ending::CutShort(error.without_url().into()))
}

/// The start of a body. Its capacity never exceeds the limit.
struct Kept {
    bytes: Vec<u8>,
    limit: usize,
    /// Whether there was more.
    over: bool,
}

impl Kept {
    fn extend(&mut self, chunk: &[u8]) {
        let room = self.limit - self.bytes.len();
        self.over |= chunk.len() > room;
        let chunk = &chunk[..chunk.len().min(room)];
        self.reserve(chunk.len());
        self.bytes.extend_from_slice(chunk);
    }

    /// Grows by doubling, but not beyond the limit.
    fn reserve(&mut self, more: usize) {
        let needed = self.bytes.len().saturating_add(more).min(self.limit);
        if needed > self.bytes.capacity() {
            let capacity = needed.max(self.bytes.capacity().saturating_mul(2)).min(self.limit);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::super::BoxError;
    use super::*;

    /// A body in pieces of `size` bytes, each with a buffer of its own, as over a connection.
    struct Pieces {
        rest: Bytes,
        size: usize,
        cut_short: bool,
    }

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
            if self.rest.is_empty() {
                let cut_short = std::mem::take(&mut self.cut_short);
                return Poll::Ready(cut_short.then(|| Err("the connection ended".into())));
            }
            let size = self.size.min(self.rest.len());
            let piece = Bytes::copy_from_slice(&self.rest.split_to(size));
            Poll::Ready(Some(Ok(http_body::Frame::data(piece))))
        }
    }

    async fn read_pieces(data: &[u8], size: usize, cut_short: bool, limit: usize) -> (Vec<u8>, String) {
        let pieces = Pieces { rest: Bytes::copy_from_slice(data), size, cut_short };
        let mut response = http::Response::new(reqwest::Body::wrap(pieces)).into();
        let (body, ending) = read(&mut response, limit, None).await;
        let ending = match ending {
            Ending::Complete => "complete".to_owned(),
            Ending::TooLong => "too long".to_owned(),
            Ending::Late => "late".to_owned(),
            Ending::CutShort(cause) => format!("{cause:?}"),
        };
        (body.to_vec(), ending)
    }

    #[tokio::test]
    async fn a_body_does_not_depend_on_its_pieces() {
        let text: Vec<u8> = (0..5_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        for size in [1, 2, 7, 100, 4_096, 1 << 20] {
            for limit in [text.len(), text.len() + 1, usize::MAX] {
                assert_eq!(read_pieces(&text, size, false, limit).await, (text.clone(), "complete".to_owned()));
                let (body, ending) = read_pieces(&text, size, true, limit).await;
                assert!(body == text && ending.contains("the connection ended"), "{ending}");
            }
            for limit in [0, 1, 4_096, text.len() - 1] {
                for cut_short in [false, true] {
                    let too_long = (text[..limit].to_vec(), "too long".to_owned());
                    assert_eq!(read_pieces(&text, size, cut_short, limit).await, too_long, "{size} {limit}");
                }
            }
            assert_eq!(read_pieces(b"", size, false, 0).await, (Vec::new(), "complete".to_owned()));
        }
    }

    /// The most memory that reading these pieces took at once.
    fn memory(data: &[u8], size: usize, limit: usize) -> u64 {
        let rest = Bytes::copy_from_slice(data);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let info = allocation_counter::measure(|| {
            let pieces = Pieces { rest: rest.clone(), size, cut_short: false };
            let mut response = http::Response::new(reqwest::Body::wrap(pieces)).into();
            let (body, _) = runtime.block_on(read(&mut response, limit, None));
            assert!(body.len() <= limit);
        });
        info.bytes_max
    }

    #[test]
    fn memory_is_bounded_whatever_the_pieces_of_the_body() {
        const LIMIT: usize = 64 << 10;
        // What a growing buffer needs while it moves, and the pieces in hand.
        let allowed = |size: usize| (2 * LIMIT + 2 * size + (1 << 10)) as u64;
        let text = vec![b'a'; 4 * LIMIT];
        for size in [1, 7, 4_096, LIMIT, text.len()] {
            for length in [LIMIT, text.len()] {
                let used = memory(&text[..length], size, LIMIT);
                assert!(used <= allowed(size), "{used} for {length} bytes in pieces of {size}");
            }
        }
        assert!(memory(&text, 1, 0) < 1_000);
    }
}

//! Reading the body of a response, within a limit of memory.

use std::future::poll_fn;
use std::io::{self, Write as _};
use std::pin::{Pin, pin};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue};

use super::{BoxError, Ending};

/// Memory that the length which a response announces can claim before anything came.
const ANNOUNCED: usize = 64 << 10;

/// How the data of gzip begins, and no text.
const GZIP: u8 = 0x1f;

/// Reads a body, of which no more than `limit` decoded bytes are kept. Where it decodes them, the headers lose
/// `Content-Encoding`, and `Content-Length` with it.
pub(super) async fn read<B>(body: B, headers: &mut HeaderMap, limit: usize) -> (Bytes, Ending)
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    let announced = body.size_hint().exact().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut body = pin!(body);
    let first = match next(&mut body).await {
        Ok(first) => first,
        Err(cause) => return (Bytes::new(), Ending::CutShort(cause)),
    };
    let Some(first) = first else { return (Bytes::new(), Ending::Complete) };
    let kept = Kept { bytes: Vec::new(), limit, over: false };
    // Some proxies decode a body and leave the header as it was.
    if first[0] == GZIP && is_gzip(headers) {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
        let mut decoder = MultiGzDecoder::new(kept);
        let ending = decode(first, body, &mut decoder).await;
        return (std::mem::take(&mut decoder.get_mut().bytes).into(), ending);
    }
    plain(first, body, kept, announced).await
}

async fn plain<B>(first: Bytes, mut body: Pin<&mut B>, mut kept: Kept, announced: usize) -> (Bytes, Ending)
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    let mut following = next(&mut body).await;
    if let Ok(None) = following
        && first.len() <= kept.limit
    {
        // A body in one piece is handed on as it is.
        return (first, Ending::Complete);
    }
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
            Err(cause) => break Ending::CutShort(cause),
        }
        following = next(&mut body).await;
    };
    (kept.bytes.into(), ending)
}

/// The next piece of data that is not empty; trailers are skipped.
async fn next<B>(body: &mut Pin<&mut B>) -> Result<Option<Bytes>, BoxError>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    loop {
        match poll_fn(|context| body.as_mut().poll_frame(context)).await {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(chunk) if !chunk.is_empty() => return Ok(Some(chunk)),
                _ => {}
            },
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(None),
        }
    }
}

async fn decode<B>(first: Bytes, mut body: Pin<&mut B>, decoder: &mut MultiGzDecoder<Kept>) -> Ending
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    let mut chunk = first;
    loop {
        let written = decoder.write_all(&chunk);
        if decoder.get_ref().over {
            return Ending::TooLong;
        }
        if let Err(error) = written {
            return broken(&error);
        }
        chunk = match next(&mut body).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(cause) => {
                // What came tells a person where it ended.
                let _ = decoder.flush();
                return Ending::CutShort(cause);
            }
        };
    }
    match decoder.try_finish() {
        _ if decoder.get_ref().over => Ending::TooLong,
        Ok(()) => Ending::Complete,
        Err(error) => broken(&error),
    }
}

fn broken(error: &io::Error) -> Ending {
    Ending::CutShort(format!("its gzip encoding is broken or ends early: {error}").into())
}

/// Whether a body is encoded once, by gzip. What else it may be is left as it is.
fn is_gzip(headers: &HeaderMap) -> bool {
    let mut encodings = encodings(headers);
    encodings.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip"))
        && encodings.next().is_none()
}

/// The encodings that a response names, without `identity`, which is none.
pub(in super::super) fn encodings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    values
        .flat_map(|value| HeaderValue::to_str(value).unwrap_or("unknown").split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
}

/// The beginning of a body. Its capacity never exceeds the limit.
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

impl io::Write for Kept {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.extend(chunk);
        if self.over { Err(io::Error::other("the body is longer than the limit")) } else { Ok(chunk.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use flate2::Compression;
    use flate2::write::GzEncoder;

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

    fn headers(encodings: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for encoding in encodings {
            headers.append(CONTENT_ENCODING, HeaderValue::from_str(encoding).unwrap());
        }
        headers
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    async fn read_pieces(data: &[u8], size: usize, encodings: &[&str], limit: usize) -> (Vec<u8>, String) {
        let pieces = Pieces { rest: Bytes::copy_from_slice(data), size, cut_short: false };
        let (body, ending) = read(pieces, &mut headers(encodings), limit).await;
        let ending = match ending {
            Ending::Complete => "complete".to_owned(),
            Ending::TooLong => "too long".to_owned(),
            Ending::CutShort(cause) => cause.to_string(),
        };
        (body.to_vec(), ending)
    }

    #[tokio::test]
    async fn a_body_is_the_same_whatever_its_pieces_and_its_encoding() {
        let text: Vec<u8> = (0..5_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let encoded = gzip(&text);
        let twice = [gzip(&text[..100]), gzip(&text[100..])].concat();
        let complete = |bytes: &[u8]| (bytes.to_vec(), "complete".to_owned());
        for size in [1, 2, 7, 100, 4_096, 1 << 20] {
            for limit in [text.len(), text.len() + 1, usize::MAX] {
                assert_eq!(read_pieces(&text, size, &[], limit).await, complete(&text));
                assert_eq!(read_pieces(&text, size, &["identity"], limit).await, complete(&text));
                assert_eq!(read_pieces(&encoded, size, &["gzip"], limit).await, complete(&text));
                assert_eq!(read_pieces(&encoded, size, &["X-GZIP, identity"], limit).await, complete(&text));
                assert_eq!(read_pieces(&twice, size, &["", "GZip"], limit).await, complete(&text));
            }
            for limit in [0, 1, 4_096, text.len() - 1] {
                let too_long = (text[..limit].to_vec(), "too long".to_owned());
                assert_eq!(read_pieces(&text, size, &[], limit).await, too_long, "{size} {limit}");
                assert_eq!(read_pieces(&encoded, size, &["gzip"], limit).await, too_long, "{size} {limit}");
            }
            assert_eq!(read_pieces(b"", size, &[], 0).await, complete(b""));
            assert_eq!(read_pieces(b"", size, &["gzip"], 0).await, complete(b""));
        }
    }

    #[tokio::test]
    async fn what_is_not_one_layer_of_gzip_is_left_as_it_is() {
        let encoded = gzip(b"{}");
        for encodings in [&["br"][..], &["deflate"], &["zstd"], &["gzip, gzip"], &["gzip", "br"], &["gzip;q=1"]] {
            let mut headers = headers(encodings);
            let pieces = Pieces { rest: encoded.clone().into(), size: 5, cut_short: false };
            let (body, ending) = read(pieces, &mut headers, 1_000).await;
            assert!(matches!(ending, Ending::Complete), "{encodings:?}");
            assert_eq!(body, encoded, "{encodings:?}");
            assert!(headers.contains_key(CONTENT_ENCODING));
        }
        let mut unreadable = HeaderMap::new();
        unreadable.insert(CONTENT_ENCODING, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(super::encodings(&unreadable).collect::<Vec<_>>(), ["unknown"]);
        // A proxy that decoded the body and left the header.
        assert_eq!(read_pieces(b"{}", 1, &["gzip"], 2).await, (b"{}".to_vec(), "complete".to_owned()));
    }

    #[tokio::test]
    async fn the_headers_of_a_decoded_body_do_not_name_its_encoding() {
        let mut headers = headers(&["gzip"]);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("22"));
        headers.insert("x-acs-request-id", HeaderValue::from_static("R-1"));
        let pieces = Pieces { rest: gzip(b"{}").into(), size: 100, cut_short: false };
        let (body, _) = read(pieces, &mut headers, 2).await;
        assert_eq!(
            (&*body, headers.len(), &headers["x-acs-request-id"]),
            (&b"{}"[..], 1, &HeaderValue::from_static("R-1"))
        );
    }

    #[tokio::test]
    async fn broken_and_truncated_gzip_is_cut_short() {
        let text = br#"{"RequestId":"R-1","Code":"OK","Message":"0123456789"}"#;
        let encoded = gzip(text);
        for size in [1, 1_000] {
            for end in 1..encoded.len() {
                let (_, ending) = read_pieces(&encoded[..end], size, &["gzip"], 1_000).await;
                assert!(ending.starts_with("its gzip encoding is broken or ends early"), "{end}: {ending}");
            }
            // Data, checksum, length; and something behind it.
            for at in [12, encoded.len() - 8, encoded.len() - 1] {
                let mut broken = encoded.clone();
                broken[at] ^= 0x55;
                let (_, ending) = read_pieces(&broken, size, &["gzip"], 1_000).await;
                assert!(ending.starts_with("its gzip encoding is broken"), "{at}: {ending}");
            }
            let (_, ending) = read_pieces(&[&encoded[..], b"<html>"].concat(), size, &["gzip"], 1_000).await;
            assert!(ending.starts_with("its gzip encoding is broken"), "{ending}");
        }
        let pieces = Pieces { rest: encoded.into(), size: 10, cut_short: true };
        let (_, ending) = read(pieces, &mut headers(&["gzip"]), 1_000).await;
        assert!(matches!(ending, Ending::CutShort(cause) if cause.to_string() == "the connection ended"));
    }

    /// The most memory that reading these pieces took at once.
    fn memory(data: &[u8], size: usize, encodings: &[&str], limit: usize) -> u64 {
        let rest = Bytes::copy_from_slice(data);
        let mut headers = headers(encodings);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let info = allocation_counter::measure(|| {
            let pieces = Pieces { rest: rest.clone(), size, cut_short: false };
            let (body, _) = runtime.block_on(read(pieces, &mut headers, limit));
            assert!(body.len() <= limit);
        });
        info.bytes_max
    }

    #[test]
    fn memory_is_bounded_by_the_limit_whatever_the_pieces() {
        const LIMIT: usize = 64 << 10;
        // What a growing buffer needs while it moves, the piece in hand, and the state of the decoder.
        let allowed = |size: usize| (2 * LIMIT + size + (64 << 10)) as u64;
        let text = vec![b'a'; 4 * LIMIT];
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 64 << 10);
        for size in [1, 7, 4_096, LIMIT, text.len()] {
            for length in [LIMIT, text.len()] {
                let used = memory(&text[..length], size, &[], LIMIT);
                assert!(used <= allowed(size), "{used} for {length} bytes in pieces of {size}");
            }
            let used = memory(&bomb, size, &["gzip"], LIMIT);
            assert!(used <= allowed(size.min(bomb.len())), "{used} for pieces of {size}");
        }
        assert!(memory(&text, 1, &[], 0) < 1_000);
    }
}

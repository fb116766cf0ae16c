//! Just enough HTTP/1.1 to stand between a client and a server, or in a server's place: byte for byte, so that
//! an answer can also be broken on purpose.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use ureq::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

pub(crate) type Request = http::Request<Vec<u8>>;
pub(crate) type Response = http::Response<Vec<u8>>;

/// What goes back over a connection, and what becomes of the connection.
pub(crate) struct Reaction {
    /// The status that the client reads, if it gets that far.
    pub status: Option<u16>,
    pub bytes: Vec<u8>,
    pub then: Then,
}

/// What becomes of a connection.
pub(crate) enum Then {
    /// It waits for the next request.
    Continue,
    /// It is closed.
    Close,
    /// It stays open, and nothing comes any more.
    Hang,
}

impl Reaction {
    /// A sound answer.
    pub fn answer(response: &Response) -> Self {
        Self { status: Some(response.status().as_u16()), bytes: bytes(response), then: Then::Continue }
    }

    /// The connection ends without an answer.
    pub fn none() -> Self {
        Self { status: None, bytes: Vec::new(), then: Then::Close }
    }
}

/// Tells who waits that the server stops.
#[derive(Default)]
pub(crate) struct Stop {
    told: Mutex<bool>,
    bell: Condvar,
}

impl Stop {
    /// Waits that long, and says whether the server is still there.
    pub fn wait(&self, time: Duration) -> bool {
        let told = self.told.lock().expect("no one panics holding the word");
        let (told, _) =
            self.bell.wait_timeout_while(told, time, |told| !*told).expect("no one panics holding the word");
        !*told
    }

    fn tell(&self) {
        *self.told.lock().expect("no one panics holding the word") = true;
        self.bell.notify_all();
    }
}

/// A server on a port of its own, a thread for each connection; stopped when dropped.
pub(crate) struct Server {
    pub url: String,
    address: SocketAddr,
    stop: Arc<Stop>,
    // Returns the connections it has accepted.
    thread: Option<JoinHandle<Vec<Weak<TcpStream>>>>,
}

impl Server {
    /// Starts one that reacts like this.
    pub fn start(react: impl Fn(&Request, &Stop) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, react) = (Arc::<Stop>::default(), Arc::new(react));
        let until = Arc::clone(&stop);
        let accept = move || {
            let mut connections = Vec::new();
            for stream in listener.incoming().map_while(Result::ok).take_while(|_| until.wait(Duration::ZERO)) {
                let (stream, until, react) = (Arc::new(stream), Arc::clone(&until), Arc::clone(&react));
                connections.push(Arc::downgrade(&stream));
                // A connection that breaks is the client's to notice.
                thread::spawn(move || drop(converse(&stream, |request| react(request, &until))));
            }
            connections
        };
        Self { url: format!("http://{address}"), address, stop, thread: Some(thread::spawn(accept)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.tell();
        // Wakes the thread that waits for connections.
        let woken = TcpStream::connect(self.address);
        let connections = self.thread.take().and_then(|thread| thread.join().ok());
        for connection in connections.iter().flatten().filter_map(Weak::upgrade) {
            let _ = connection.shutdown(Shutdown::Both); // the client may have gone first
        }
        drop(woken);
    }
}

fn converse(mut stream: &TcpStream, react: impl Fn(&Request) -> Reaction) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let Reaction { bytes, then, .. } = react(&request);
        stream.write_all(&bytes)?;
        match then {
            Then::Continue => {}
            Then::Close => break,
            Then::Hang => drop(io::copy(&mut reader, &mut io::sink())?),
        }
    }
    Ok(())
}

/// Sends `request` to the server at `target`, over a connection of its own, and returns what that answers.
pub(crate) fn forward(request: &Request, target: &str) -> io::Result<Response> {
    let address = target.strip_prefix("http://").ok_or_else(malformed)?.trim_end_matches('/');
    let mut headers = request.headers().clone();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let start = format!("{} {} HTTP/1.1", request.method(), request.uri());
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&written(&start, &headers, request.body()))?;
    read_response(&mut BufReader::new(stream), request.method())
}

/// An answer with a body of this type.
pub(crate) fn response(status: u16, media_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let body = body.into();
    let response = http::Response::builder().status(status).header(CONTENT_LENGTH, body.len());
    response.header(CONTENT_TYPE, media_type).body(body).expect("a sound answer")
}

/// An answer of JSON.
pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    response(status, "application/json", body.to_string())
}

/// An answer without a body.
pub(crate) fn empty_response(status: u16) -> Response {
    http::Response::builder().status(status).header(CONTENT_LENGTH, 0).body(Vec::new()).expect("a sound answer")
}

/// The fields of a query or a form.
pub(crate) fn fields(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decoded(n), decoded(v))).collect()
}

/// What a gateway says when it has nothing better.
pub(crate) fn page(status: u16) -> Response {
    let said = StatusCode::from_u16(status).expect("an HTTP status");
    response(status, "text/html", format!("<html><body><h1>{said}</h1></body></html>"))
}

/// An answer as it goes over the wire.
pub(crate) fn bytes(response: &Response) -> Vec<u8> {
    written(&format!("HTTP/1.1 {}", response.status()), response.headers(), response.body())
}

fn written(start: &str, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{start}\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    [&bytes, &b"\r\n"[..], body].concat()
}

/// The next request of a connection, if there is one more.
fn read_request(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(start) = read_line(from)? else { return Ok(None) };
    let mut headers = read_headers(from)?;
    let mut words = start.split(' ');
    let (method, path) = words.next().zip(words.next()).ok_or_else(malformed)?;
    let body = read_body(from, &headers)?.unwrap_or_default();
    settle(&mut headers, (!body.is_empty()).then_some(body.len()));
    let mut request = http::Request::builder().method(method).uri(path).body(body).map_err(io::Error::other)?;
    *request.headers_mut() = headers;
    Ok(Some(request))
}

/// The answer to a request with this method.
pub(crate) fn read_response(from: &mut impl BufRead, method: &Method) -> io::Result<Response> {
    let start = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = start.split(' ').nth(1).ok_or_else(malformed)?;
    let mut headers = read_headers(from)?;
    let (mut body, mut length) = (Vec::new(), None);
    if *method != Method::HEAD && !["204", "304"].contains(&status) {
        match read_body(from, &headers)? {
            Some(whole) => body = whole,
            None => drop(from.read_to_end(&mut body)?),
        }
        length = Some(body.len());
    }
    settle(&mut headers, length);
    let mut response = http::Response::builder().status(status).body(body).map_err(io::Error::other)?;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Leaves out what concerned one connection alone, and says how long the body is.
fn settle(headers: &mut HeaderMap, length: Option<usize>) {
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let length = from.read_line(&mut line)?;
    Ok((length > 0).then(|| line.trim_end().to_owned()))
}

fn read_headers(from: &mut impl BufRead) -> io::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    loop {
        let line = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let name: HeaderName = name.parse().map_err(io::Error::other)?;
        headers.append(name, value.trim().parse().map_err(io::Error::other)?);
    }
}

/// The body whose length `headers` announce; `None` where they don't.
fn read_body(from: &mut impl BufRead, headers: &HeaderMap) -> io::Result<Option<Vec<u8>>> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return read_chunks(from).map(Some);
    }
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok()).ok_or_else(malformed)?;
    read_exactly(from, length).map(Some)
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let chunk = read_exactly(from, usize::from_str_radix(&size, 16).map_err(io::Error::other)?)?;
        read_line(from)?;
        if chunk.is_empty() {
            return Ok(body);
        }
        body.extend(chunk);
    }
}

fn read_exactly(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_body_is_read_and_passed_on_with_its_length() {
        let headers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n";
        let wire = [headers, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"].concat();
        let response = read_response(&mut wire.as_bytes(), &Method::GET).unwrap();
        let passed_on = String::from_utf8(bytes(&response)).unwrap();
        assert!(passed_on.contains("content-length: 5\r\n") && passed_on.ends_with("\r\n\r\nabcde"), "{passed_on}");
        assert!(passed_on.contains("x-a: 1\r\nx-a: 2\r\n") && !passed_on.contains("chunked"), "{passed_on}");
    }

    #[test]
    fn an_answer_without_a_body_keeps_its_headers() {
        let wire = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
        let response = read_response(&mut &wire[..], &Method::HEAD).unwrap();
        assert_eq!((&response.headers()[CONTENT_LENGTH], response.body().len()), (&12.into(), 0));
        let response = read_response(&mut &b"HTTP/1.1 204 No Content\r\n\r\n"[..], &Method::GET).unwrap();
        assert!(response.headers().is_empty());
    }

    #[test]
    fn what_breaks_off_is_no_request() {
        let whole = "POST /v1/things HTTP/1.1\r\ncontent-length: 4\r\n\r\nbody";
        assert!(read_request(&mut whole.as_bytes()).unwrap().is_some());
        for kept in 1..whole.len() {
            assert!(read_request(&mut &whole.as_bytes()[..kept]).is_err(), "{}", &whole[..kept]);
        }
        assert!(read_request(&mut &b""[..]).unwrap().is_none());
    }
}

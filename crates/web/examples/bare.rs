//! The yardstick of the load test: the same HTTP server on the same runtime, with nothing behind it.
//!
//! `bare ADDRESS SIZE`: GET and POST on any path answer 200 with a constant JSON body of
//! SIZE bytes. A request's own body is read to its end first, as any handler would.

use std::process::ExitCode;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, size] = arguments.as_slice() else {
        eprintln!("usage: bare ADDRESS SIZE");
        return ExitCode::FAILURE;
    };
    let Ok(size) = size.parse() else {
        eprintln!("SIZE is a number of bytes");
        return ExitCode::FAILURE;
    };
    match serve(address, size) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str, size: usize) -> std::io::Result<()> {
    let body = Bytes::from(document(size));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let answer = move |_: Bytes| {
            let body = body.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], body) }
        };
        let router = Router::new().fallback(get(answer.clone()).post(answer));
        let listener = TcpListener::bind(address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true); // only slower without it
        });
        axum::serve(listener, router).await
    })
}

/// A JSON document of `size` bytes, `{}` at least.
fn document(size: usize) -> Vec<u8> {
    const FRAME: usize = r#"{"x":""}"#.len();
    match size.checked_sub(FRAME) {
        Some(filling) => format!(r#"{{"x":"{}"}}"#, "x".repeat(filling)).into_bytes(),
        None => b"{}".to_vec(),
    }
}

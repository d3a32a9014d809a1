//! HTTP/1.1 to one address, for a load driver that is to cost next to nothing.
//! Effects.
//!
//! A request is a head that was prepared once, the length of its body, and the
//! body, in one vectored write. A reply is read into one buffer that its
//! connection keeps; the body is handed out as slices of that buffer, a slice
//! for each chunk that the server sent, with the moment of the read that
//! brought them: taken when the bytes come off the socket, before any of them
//! is looked at. What one read brings arrived together.
//!
//! It follows RFC 9112. It knows no redirects, proxies, compression, cookies
//! or HTTP/2: each of them would stand between a request and what is measured.
//!
//! # Why not a general client
//!
//! A general client moves each connection into a task of its own, copies each
//! chunk into a buffer with a reference count, and passes it through channels
//! and boxed bodies. Where the events of a reply are chunks of their own, as
//! vLLM sends them, reqwest 0.13 on hyper 1.12 took 60 % of the load driver's
//! CPU time, which was 142 µs for a reply of 131 events: ten times as much as
//! a socket that is only read. `benches/wire` measures what is left of that.

mod address;
mod alarm;
mod chunked;
mod client;
mod connection;
mod connector;
mod error;
mod framing;
mod head;
mod link;
mod request;
#[cfg(test)]
mod tests;
mod told;
mod trouble;
mod web;

pub use address::{Address, AddressError};
pub use client::{Client, Reply};
pub use connection::Arrived;
pub use connector::{Connector, Trust, TrustError};
pub use error::WireError;
pub use request::{Header, HeaderError, Request};
pub use told::Told;
pub use trouble::tls_trouble;
pub use web::{WebError, web};

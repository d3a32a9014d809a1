//! Connections: HTTP/1.1 in, replies out at the pace of the machine.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};

use super::engine::{Token, Work};
use super::server::{Life, Site};
use super::wire::{self, Asked, Form, Reply, Request, Route, Timing};
use super::world::{Refused, Ticket};
use crate::dialect::Api;
use crate::text::with_causes;
use crate::units::Nanos;

const REQUEST_BYTES_AT_MOST: usize = 16 << 20;

const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The server was killed in the middle of a reply.
#[derive(Debug, thiserror::Error)]
#[error("the simulated server was killed")]
struct Killed;

type Body = UnsyncBoxBody<Bytes, Killed>;

/// Accepts connections until the server stops.
pub(super) async fn accept(listener: TcpListener, site: Arc<Site>, life: Life) {
    let mut spare = UnixDatagram::unbound().ok();
    loop {
        let accepted = tokio::select! {
            biased;
            () = life.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => drop(life.tasks.spawn(serve(socket, Arc::clone(&site), life.clone()))),
            // With no file descriptor left a client would wait for ever: the
            // spare one serves to turn it away.
            Err(error) if is_lack_of_files(&error) && spare.is_some() => {
                drop(spare.take());
                drop(tokio::time::timeout(ACCEPT_PAUSE, listener.accept()).await);
                spare = UnixDatagram::unbound().ok();
            }
            // The client has gone again, or the lack would come back at once.
            Err(_) => {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                spare = spare.or_else(|| UnixDatagram::unbound().ok());
            }
        }
    }
}

fn is_lack_of_files(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

async fn serve(socket: TcpStream, site: Arc<Site>, life: Life) {
    // Without it the kernel would hold tokens back; on loopback it cannot fail.
    let _unset = socket.set_nodelay(true);
    let service = service_fn(|request| Box::pin(answer(request, Arc::clone(&site), &life)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        biased;
        () = life.stopping.cancelled() => {}
        _ = &mut connection => return,
    }
    Pin::new(&mut connection).graceful_shutdown();
    tokio::select! {
        biased;
        () = life.killed.cancelled() => {}
        _ = &mut connection => return,
    }
    // With no time to linger the kernel resets the connection, as it does for
    // a process that has died with data unread.
    let _unset = connection.into_parts().io.into_inner().set_zero_linger();
}

async fn answer(request: hyper::Request<Incoming>, site: Arc<Site>, life: &Life) -> Result<Response<Body>, Killed> {
    let route = wire::route(site.api, request.method().as_str(), request.uri().path());
    match route {
        None => Ok(refuse(site.api, StatusCode::NOT_FOUND, "File Not Found")),
        Some(Route::Tell(info)) => {
            let body = wire::info_body(site.api, info, &site.catalogue);
            Ok(json(StatusCode::OK, body.map_or_else(String::new, |body| body.to_string())))
        }
        Some(Route::Generate(form)) => {
            let Ok(body) = Limited::new(request.into_body(), REQUEST_BYTES_AT_MOST).collect().await else {
                return Ok(refuse(site.api, StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"));
            };
            generate(form, &body.to_bytes(), &site, life).await
        }
    }
}

async fn generate(form: Form, body: &[u8], site: &Site, life: &Life) -> Result<Response<Body>, Killed> {
    let asked = match wire::parse(form, body) {
        Ok(Request::Generate(asked)) => asked,
        Ok(Request::Load { unload }) => {
            return Ok(json(StatusCode::OK, site.reply(form, Asked::default(), 0).loaded(unload)));
        }
        Err(error) => return Ok(refuse(site.api, StatusCode::BAD_REQUEST, &with_causes(&error))),
    };
    let work = Work { prompt_tokens: asked.prompt_tokens, output_tokens: asked.output_tokens };
    let mut ticket = match site.world.submit(life.process, work) {
        Ok(ticket) => ticket,
        Err(Refused::Gone) => return Err(Killed),
        Err(Refused::Busy) => {
            let message = "server busy, please try again.  maximum pending requests exceeded";
            return Ok(refuse(site.api, StatusCode::SERVICE_UNAVAILABLE, message));
        }
    };
    let reply = site.reply(form, asked, ticket.number());
    // The head goes out with the first token, as it does on the real servers.
    let first = ticket.token().await.ok_or(Killed)?;
    if reply.asked.stream { Ok(streamed(reply, ticket, first)) } else { whole(&reply, ticket, first).await }
}

/// A streamed reply on its way.
struct Streamed {
    reply: Reply,
    ticket: Ticket,
    times: Times,
    next: Next,
    index: u32,
}

/// What is handed over next.
enum Next {
    Token(Token),
    FromMachine,
    End,
    Nothing,
}

/// When the parts of a reply happened on the machine.
#[derive(Clone, Copy)]
struct Times {
    arrived_s: f64,
    first: Token,
    last_s: f64,
}

impl Times {
    fn timing(self) -> Timing {
        Timing {
            prefill: Nanos::from_seconds(self.first.at_s - self.first.admitted_s),
            decode: Nanos::from_seconds(self.last_s - self.first.at_s),
            total: Nanos::from_seconds(self.last_s - self.arrived_s),
        }
    }
}

fn streamed(reply: Reply, ticket: Ticket, first: Token) -> Response<Body> {
    let kind = HeaderValue::from_static(reply.stream_type());
    let times = Times { arrived_s: ticket.arrived_s, first, last_s: first.at_s };
    let state = Streamed { reply, ticket, times, next: Next::Token(first), index: 0 };
    response(StatusCode::OK, kind, BodyExt::boxed_unsync(StreamBody::new(stream::unfold(state, Streamed::step))))
}

impl Streamed {
    /// Called when the connection can take more: what is stamped here is
    /// written right afterwards.
    async fn step(mut self) -> Option<(Result<Frame<Bytes>, Killed>, Self)> {
        let token = match self.next {
            Next::Nothing => return None,
            Next::End => {
                self.next = Next::Nothing;
                let text = self.reply.end(self.times.timing(), self.ticket.now());
                return Some((Ok(Frame::data(text.into())), self));
            }
            Next::Token(token) => token,
            Next::FromMachine => {
                let Some(token) = self.ticket.token().await else {
                    self.next = Next::Nothing;
                    return Some((Err(Killed), self));
                };
                token
            }
        };
        let text = self.reply.token(self.index, self.ticket.now());
        self.index += 1;
        self.times.last_s = token.at_s;
        self.next = if token.last { Next::End } else { Next::FromMachine };
        Some((Ok(Frame::data(text.into())), self))
    }
}

async fn whole(reply: &Reply, mut ticket: Ticket, first: Token) -> Result<Response<Body>, Killed> {
    let mut token = first;
    while !token.last {
        token = ticket.token().await.ok_or(Killed)?;
    }
    let times = Times { arrived_s: ticket.arrived_s, first, last_s: token.at_s };
    Ok(json(StatusCode::OK, reply.whole(times.timing(), ticket.now())))
}

fn refuse(api: Api, status: StatusCode, message: &str) -> Response<Body> {
    json(status, wire::error_body(api, status.as_u16(), message).to_string())
}

fn json(status: StatusCode, text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed_unsync();
    response(status, HeaderValue::from_static("application/json; charset=utf-8"), body)
}

fn response(status: StatusCode, kind: HeaderValue, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

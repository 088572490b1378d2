//! Behind reverse proxies: whose request it is that one of them brings.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderName,
    middleware::Next,
    response::Response,
};

use crate::gate::Gate;

/// What nginx, Apache, HAProxy, Caddy and Traefik tell of it. RFC 7239's `Forwarded` few of them write, and who
/// listened to both could be told different things by them.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Puts the client's address in the place of the proxy's, before anything looks at it.
pub(crate) async fn client(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let proxies = &gate.state.config.trusted_proxies;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(ConnectInfo(peer)) = peer.copied().filter(|_| !proxies.is_empty()) {
        let lines = request.headers().get_all(FORWARDED).iter();
        // Of a line that isn't text nothing counts, and what is left of it neither.
        let lines: Vec<&str> = lines
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let client = proxies.client(peer.ip(), lines.into_iter());
        let client = ConnectInfo(SocketAddr::new(client, peer.port()));
        request.extensions_mut().insert(client);
    }
    next.run(request).await
}

"""The configuration each peer runs with: one worker, no access log, no limit on calls per connection."""

from __future__ import annotations

import json

IDLE = "1h"


def haproxy(listen: str, upstream: str, *, http2: bool = False, buffer_bytes: int = 0) -> str:
    """Return haproxy.cfg for one thread, in TCP mode or with HTTP/2 on both sides."""
    tune = f"  tune.bufsize {buffer_bytes}\n" if buffer_bytes else ""
    mode, proto = ("http", " proto h2") if http2 else ("tcp", "")
    return f"""global
  nbthread 1
{tune}defaults
  mode {mode}
  timeout client {IDLE}
  timeout server {IDLE}
  timeout connect 1s
frontend front
  bind {listen}{proto}
  default_backend back
backend back
  server upstream {upstream}{proto}
"""


def nginx(listen: str, upstream: str, folder: str) -> str:
    """Return nginx.conf for one worker and grpc_pass, all its files in one folder."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"  {kind}_temp_path {folder}/{kind};" for kind in kinds)
    return f"""daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
{temporary}
  client_max_body_size 0;
  keepalive_requests 1000000000;
  keepalive_timeout {IDLE};
  upstream back {{
    server {upstream};
    keepalive 64;
    keepalive_requests 1000000000;
  }}
  server {{
    listen {listen} http2;
    location / {{ grpc_pass grpc://back; }}
  }}
}}
"""


def envoy(listen: str, upstream: str) -> str:
    """Return Envoy's bootstrap as JSON: HTTP/2 on both sides, the gRPC statistics filter, the router."""
    api = "type.googleapis.com/envoy.extensions"
    http = f"{api}.filters.http"
    statistics = {
        "@type": f"{http}.grpc_stats.v3.FilterConfig",
        "stats_for_all_methods": True,
    }
    route = {"match": {"prefix": "/"}, "route": {"cluster": "back", "timeout": "0s"}}
    connections = {
        "@type": f"{api}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "codec_type": "HTTP2",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "envoy.filters.http.grpc_stats", "typed_config": statistics},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{http}.router.v3.Router"},
            },
        ],
    }
    filters = [
        {"name": "envoy.filters.network.http_connection_manager", "typed_config": connections}
    ]
    protocol = {
        "@type": f"{api}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoint = {"endpoint": {"address": socket_address(upstream)}}
    cluster = {
        "name": "back",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol
        },
        "load_assignment": {
            "cluster_name": "back",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
    listener = {
        "name": "front",
        "address": socket_address(listen),
        "filter_chains": [{"filters": filters}],
    }
    return json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}})


def socket_address(address: str) -> dict[str, dict[str, str | int]]:
    """Return host:port as Envoy writes it."""
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}

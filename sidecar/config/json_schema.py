"""The JSON schema of wayside.yaml for editors: made of the types that read the file, described as people write it.

What only a whole file shows (two of one name, a tier that can never fire) is `wayside check`'s to find.
"""

from __future__ import annotations

from typing import Any

from sidecar.config.schema import Root

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# Shown by an editor beside each key, by the class of the part that holds it.
DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Root": {
        "listeners": "The ports clients call, each with the model server behind it.",
        "server": "Which model server is behind, and what it tells of itself.",
        "slos": "Objectives; at most 64, those of slo_files included.",
        "slo_files": "Files with more of them: names and patterns beside this file, e.g. slos/*.yaml.",
        "outcomes": "Codes that count otherwise than always, e.g. {429: client_error}.",
        "models": "Names that are labels from the start; others after their first good answer.",
        "admin": "Where /metrics and the API are; :9464 if left out.",
        "health": "Where /livez, /readyz and /drain are; off if left out.",
        "metrics": "What /metrics shows.",
        "log": "How log lines look.",
        "drain": "What SIGTERM and /drain do.",
        "control": "The half that thinks.",
        "limits": "Bounds of the tap; 0 = the built-in one.",
        "observe": "false: relay only, read nothing.",
        "state_dir": "A folder where state outlives a restart; left out, windows end at 6h.",
        "gpu": "Where GPU readings come from, and what an hour costs.",
        "alerts": "When somebody is told, of every objective that does not say otherwise.",
    },
    "Listener": {
        "listen": "The address that clients call.",
        "upstream": "The model server.",
        "name": "As shown in metrics; the listen address if left out.",
    },
    "Server": {
        "type": "auto, or the name of a server: see `wayside servers`.",
        "model": "What calls are counted under whose messages name no model.",
        "metrics": "The model server's own Prometheus page.",
        "metrics_interval": "How often it is read; 5s if left out.",
        "files": "Catalogue entries of your own.",
        "max_batch_size": "What no server says, by glob of the model; 0 = it does not batch.",
        "probe_models": "Ask the server what no call has told.",
    },
    "Slo": {
        "name": "Unique; it becomes a label.",
        "objective": "The share of requests that are to be good.",
        "good": "What makes a request good.",
        "match": "Which requests it is about; left out, all inference.",
        "window": "The rolling period of the budget; 30d if left out.",
        "per": "model: counted, judged and alerted for each model by itself.",
        "alerts": "When somebody is told of this one.",
    },
    "Match": {
        "model": "A glob of the model's name: * and ?.",
        "method": "A glob of the method or route, e.g. inference.GRPCInferenceService/*.",
    },
    "One": {
        "available": "The server answered well.",
        "latency_below": "The whole answer came within this time.",
        "first_token_below": "The first token came within this time, which may grow with the prompt.",
        "token_time_below": "(last - first) / (tokens - 1) is at most this.",
        "longest_gap_below": "No wait between two messages of a stream was longer.",
    },
    "Good": {"all": "Goodput: one request meets all of these."},
    "Availability": {"give_up": "After this long a client of HTTP that leaves has given up; 30s."},
    "Alerting": {
        "tiers": "How fast the budget must burn, and for how long; left out, the usual four.",
        "min_bad": "Bad requests in the long window before a share of them is believed; 5.",
    },
    "Alerts": {
        "deliver": "none: Alertmanagers that are named are told nothing.",
        "alertmanagers": "Whom this host tells, each instance by itself: a URL, or how to be let in as well.",
        "labels": "Of every alert, e.g. {team: vision}.",
        "scope": "host: alerts are those of the fleet's rules; replica: the label instance names this host; host.",
        "runbooks": "The page that runbook_url leads to, at the alert's name.",
    },
    "AlertmanagerPart": {
        "url": "Where it is; /api/v2/alerts is added.",
        "basic_auth": "A name and a password.",
        "authorization": "A token.",
        "tls": "How its certificate is checked, and what it is shown.",
        "headers": "Beside those of every request, e.g. {X-Scope-OrgID: vision}.",
        "timeout": "How long an answer is waited for; 10s if left out.",
    },
    "BasicAuth": {
        "username": "The name.",
        "password_file": "The file that holds the password; read at each request.",
    },
    "Authorization": {
        "type": "Bearer, which is all there is.",
        "credentials_file": "The file that holds the token; read at each request.",
    },
    "TlsPart": {
        "ca_file": "Authorities that are believed; the system's if left out.",
        "cert_file": "The certificate that is shown.",
        "key_file": "Its key.",
        "server_name": "Whose certificate is wanted; the host of the url if left out.",
        "insecure_skip_verify": "true: believe whoever answers.",
    },
    "TierPart": {
        "name": "Unique; it becomes a label.",
        "long": "The window in which the share of the budget burns.",
        "short": "The window that ends the alert soon after the harm; a twelfth is usual.",
        "budget": "The share of the whole budget that burns within the long window.",
        "severity": "Whether it wakes somebody.",
    },
    "Metrics": {
        "profile": "slo for fleets of hundreds, default, or full with shapes, batch sizes and frames.",
        "native_schema": "How fine native histograms are: 5 is 2.2 %, each lower one twice as coarse.",
    },
    "Log": {"format": "Of people or of machines."},
    "Drain": {
        "delay": "Go on accepting for so long; 0s = stop at once; 5s if left out.",
        "total": "Cut what is left after so long; 18s if left out.",
        "final_scrape": "Then wait so long for a last read of /metrics; not at all if left out.",
    },
    "Health": {
        "listen": "The address of the probes.",
        "drain_token_file": "Who sends what this file holds may drain from elsewhere.",
        "first_scrape": "Not ready before /metrics was read, or so long after the start; without if left out.",
    },
    "Control": {
        "memory": "The resident memory it may use.",
        "tick": "How often it asks the tap; 1s if left out.",
    },
    "Limits": {
        "threads": "Threads that carry bytes.",
        "unsent": "Bytes read and not yet written, in all.",
        "connections": "Connections at a time.",
        "models": "Models with a label of their own.",
        "methods": "Methods with a label of their own.",
        "series": "Series at a time.",
    },
    "Gpu": {
        "source": "Where readings come from.",
        "devices": "auto, or numbers or UUIDs.",
        "price": "By the name of the GPU, or default.",
    },
}

_OUTCOME = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"message": {"type": "string"}, "outcome": {"type": "string"}},
            "additionalProperties": False,
            "required": ["outcome"],
        },
    ]
}


def json_schema() -> dict[str, Any]:
    """Return the schema of the whole file, draft 2020-12."""
    schema = Root.model_json_schema()
    parts = {"Root": schema, **schema["$defs"]}
    for name, part in parts.items():
        part["properties"] = {key: _plain(each) for key, each in part["properties"].items()}
        for base in reversed(_BASES.get(name, ())):
            _describe(part, DESCRIPTIONS[base])
        _describe(part, DESCRIPTIONS[name])
    _short_forms(parts)
    return {"$schema": DIALECT, **schema, "title": "wayside.yaml"}


# Whose keys a part has as well.
_BASES = {"Good": ("One",), "Alerts": ("Alerting",)}


def _describe(part: dict[str, Any], descriptions: dict[str, str]) -> None:
    for key, text in descriptions.items():
        # What a quantity says of itself is how it is written: behind what it is for.
        written = part["properties"][key].pop("description", "")
        part["properties"][key]["description"] = f"{text} {written}".strip()


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the default, which is not as people write it, and the null of what may be left out."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "default")}
    choices = [each for each in kept.pop("anyOf", []) if each != {"type": "null"}]
    return {**kept, **(choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})}


def _short_forms(parts: dict[str, dict[str, Any]]) -> None:
    """Allow what may be written in short, and say what pydantic's types cannot: exactly one indicator."""
    root = parts["Root"]["properties"]
    listen = parts["Health"]["properties"]["listen"]
    health = root["health"].pop("$ref")
    root["health"]["anyOf"] = [{"$ref": health}, {k: listen[k] for k in ("type", "pattern")}]
    rules = {**_OUTCOME, "anyOf": [*_OUTCOME["anyOf"], {"type": "array", "items": _OUTCOME}]}
    root["outcomes"]["additionalProperties"] = rules
    for name in ("One", "Good"):
        parts[name] |= {"minProperties": 1, "maxProperties": 1}
        available = parts[name]["properties"]["available"]
        available["anyOf"] = [{"const": True}, {"$ref": available.pop("$ref")}]
    parts["Good"]["properties"]["all"]["minItems"] = 2
    alertmanagers = parts["Alerts"]["properties"]["alertmanagers"]
    url = parts["AlertmanagerPart"]["properties"]["url"]
    short = {key: url[key] for key in ("type", "pattern")}
    alertmanagers["items"] = {"anyOf": [short, alertmanagers["items"]]}
    devices = parts["Gpu"]["properties"]["devices"]
    list_of = {key: devices.pop(key) for key in ("type", "items")}
    devices["anyOf"] = [{"const": "auto"}, list_of]

"""What `wayside check` prints of where alerts go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.model.delivery import REPLICA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sidecar.model.delivery import AlertDelivery, Alertmanager


def delivery_lines(delivery: AlertDelivery) -> Iterator[str]:
    """Yield a line for each Alertmanager, and one about what alerts are known by."""
    if not delivery.alertmanagers:
        yield "alerts are delivered nowhere from here"
        return
    for each in delivery.alertmanagers:
        yield f"alerts to {each.url}{_how(each)}"
    labels = ", ".join(f"{name}={value}" for name, value in delivery.labels)
    own = "; each replica's are its own" if delivery.scope == REPLICA else ""
    yield f"alerts of scope {delivery.scope}{own}{f', with {labels}' if labels else ''}"


def _how(to: Alertmanager) -> str:
    """Say how we are let in; of secrets the file."""
    said = []
    if to.credentials_file:
        said.append(f"token of {to.credentials_file}")
    if to.username:
        said.append(f"as {to.username}, password of {to.password_file}")
    if to.tls.ca_file:
        said.append(f"believed by {to.tls.ca_file}")
    if to.tls.insecure_skip_verify:
        said.append("whoever answers is believed")
    said += [name for name, _ in to.headers]
    return f" ({', '.join(said)})" if said else ""

"""Control settings survive their way through the policy."""

from __future__ import annotations

import pytest

from sidecar.model.settings import ControlSettings
from sidecar.model.snapshot import WatchedObjective


def test_settings_come_back_as_they_went() -> None:
    objective = WatchedObjective("id", "fast", "hash", "0.999", "available", "m*", "")
    settings = ControlSettings(0.5, "json", ("/a", "/b"), "salt", ("python", "-m"), (objective,))
    assert ControlSettings.from_json(settings.to_json()) == settings


def test_no_settings_are_the_defaults() -> None:
    assert ControlSettings.from_json(b"") == ControlSettings()


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"tick_seconds": null}'])
def test_settings_of_another_build_are_an_error_not_a_crash(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ControlSettings.from_json(data)

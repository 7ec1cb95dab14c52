"""Adopting a changed configuration: watch, compile elsewhere, offer to the tap, and see whether it was taken.

Strict: a bad edit changes nothing but `config_last_reload_successful` and the log. What the tap reads only when it
starts (sidecar.model.restart) stays as it is until a restart.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from sidecar.config.files import hash_of_files
from sidecar.model.restart import FIXED_PARTS, STATE_DIR
from sidecar.model.sections.config import Config
from sidecar.model.settings import ControlSettings
from sidecar.runtime.compiler import Outcome, run_compiler
from sidecar.runtime.watch import Watch
from sidecar.tapclient.encode import parse_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from sidecar.model.log import Log
    from sidecar.tapclient.messages import PolicyMessage

# After a failure that is not the file's fault (no memory, no CPU), try again after this many ticks.
RETRY_TICKS = 30


class Reload:
    """Holds the policy in force and the one on offer."""

    def __init__(
        self, policy: PolicyMessage, offer: Callable[[PolicyMessage], None], log: Log
    ) -> None:
        self.policy = policy
        self.settings = ControlSettings.from_json(policy.control_settings)
        self.successful = policy.config_valid
        self._offer = offer
        self._log = log
        self._offered: PolicyMessage | None = None
        self._last_generation = policy.generation
        self._compiling: asyncio.Task[Outcome] | None = None
        self._retry_in = 0
        self._watch = self._watch_files(settled=self._files_agree())

    def follow(self, generation: int, refusal: str) -> None:
        """See what the tap says is in force, or why it refused, and look at the files; call once per tick."""
        self._answered(generation, refusal)
        self._look()

    def section(self, generation: int) -> Config:
        """Return what is to be said of the configuration; `generation` is the tap's."""
        return Config(
            generation=generation,
            valid=self.policy.config_valid,
            last_reload_successful=self.successful,
            hash=self.policy.config_hash,
            page=self.settings.page,
        )

    def stop(self) -> None:
        """Give up a compilation under way."""
        if self._compiling is not None:
            self._compiling.cancel()

    # --- steps -------------------------------------------------------------------------------

    def _look(self) -> None:
        """Look at the files and at the compiler."""
        if self._compiling is not None:
            if self._compiling.done():
                outcome = self._compiling.result()
                self._compiling = None
                self._compiled(outcome)
            return
        if self._retry_in:
            self._retry_in -= 1
            if not self._retry_in:
                self._watch.again()
        if self.settings.reload_argv and self._watch.changed():
            self._changed()

    def _answered(self, generation: int, refusal: str) -> None:
        """See in the tap's answer whether what was offered is in force."""
        offered = self._offered
        if offered is None:
            return
        if generation == offered.generation:
            self._offered = None
            self._adopt(offered)
        elif refusal:
            self._offered = None
            self.successful = False
            self._log.error("the tap refused the new configuration", reason=refusal)

    def _changed(self) -> None:
        """The files are new and still: compile them, unless they say what is in force already."""
        if self._files_agree():
            self.successful = self.policy.config_valid
            return
        self._log.info("configuration files changed", files=" ".join(self.settings.watch))
        self._compiling = asyncio.get_running_loop().create_task(
            run_compiler(self.settings.reload_argv)
        )

    def _compiled(self, outcome: Outcome) -> None:
        """Offer what was compiled, or say what is wrong."""
        if outcome.failure:
            self.successful = False
            self._retry_in = RETRY_TICKS
            self._log.error("configuration was not compiled", reason=outcome.failure)
            return
        if outcome.problems:
            self.successful = False
            for problem in outcome.problems:
                self._log.error("configuration problem", problem=problem)
            self._log.warning(
                "the last good configuration stays in force", generation=self.policy.generation
            )
            return
        try:
            policy = parse_policy(outcome.policy)
            ControlSettings.from_json(policy.control_settings)
        except ValueError as error:
            self.successful = False
            self._log.error("configuration was not compiled", reason=error)
            return
        self._keep_fixed_parts(policy)
        self._last_generation += 1
        policy.generation = self._last_generation
        self._offered = policy
        self._offer(policy)

    def _keep_fixed_parts(self, policy: PolicyMessage) -> None:
        """Undo changes that only a restart can bring, aloud."""
        fixed = self.policy
        for part in FIXED_PARTS:
            *around, name = part.attribute.split(".")
            new, old = (reduce(getattr, around, each) for each in (policy, fixed))
            if getattr(new, name) != getattr(old, name):
                self._log.warning(f"{part.written} changed in the file: restart Wayside to use it")
                _restore(new, old, name)
        settings = ControlSettings.from_json(policy.control_settings)
        if settings.state_dir != self.settings.state_dir:
            self._log.warning(f"{STATE_DIR} changed in the file: restart Wayside to use it")
        settings = replace(
            settings, log_format=self.settings.log_format, state_dir=self.settings.state_dir
        )
        policy.control_settings = settings.to_json()
        policy.control.argv[:] = fixed.control.argv

    def _adopt(self, policy: PolicyMessage) -> None:
        """What was offered is in force."""
        self.policy = policy
        self.settings = ControlSettings.from_json(policy.control_settings)
        self.successful = True
        self._watch = self._watch_files(settled=self._files_agree())
        self._log.info(
            "configuration adopted",
            generation=policy.generation,
            objectives=len(self.settings.objectives),
        )

    def _files_agree(self) -> bool:
        """Say whether the files hold what the policy in force was made of."""
        now = hash_of_files(self.settings.watch, self.settings.hash_salt)
        return now == self.policy.config_hash

    def _watch_files(self, settled: bool) -> Watch:
        return Watch(self.settings.watch, settled)


def _restore(new: object, old: object, field: str) -> None:
    """Give a field of a message the value that it has in another one."""
    value = getattr(old, field)
    if isinstance(value, str | int):
        setattr(new, field, value)
    else:
        del getattr(new, field)[:]
        getattr(new, field).extend(value)

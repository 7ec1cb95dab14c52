"""From wayside.yaml to a policy: all problems at once, bad parts left out, stable ids, everything said aloud."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from sidecar.config.compile import Compiled, compile_policy
from sidecar.config.files import hash_of_files
from sidecar.config.sources import Sources
from sidecar.model.grid import COARSEST_SCHEMA, SCHEMA
from sidecar.model.indicator import All, Available, FirstTokenBelow, LatencyBelow
from sidecar.model.outcomes import Outcome, OutcomeRule
from sidecar.model.policy import Policy, Slot
from sidecar.model.profiles import PageSettings, Profile
from sidecar.model.server_metrics import MetricsEndpoint
from sidecar.model.settings import ControlSettings
from sidecar.model.tiers import DEFAULT_TIERS
from sidecar.servers.limits import refusal

LISTENERS = 'listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]\n'

DESIGN = """\
listeners:
  - {listen: ":8001", upstream: "127.0.0.1:9001"}          # the only part that needs a restart
server: {type: auto, metrics: "http://127.0.0.1:8002/metrics"}
slos:
  - {name: resnet-fast, match: {model: resnet50}, objective: 99.9%, good: {latency_below: 100ms}}
  - {name: chat-starts, match: {model: "llama-*"}, objective: 99%,  good: {first_token_below: 500ms}, window: 28d}
  - {name: answers,     objective: 99.95%, good: {available: true}}
gpu: {source: auto, devices: auto, price: {H200: 3.90 USD/h, default: 2.50 USD/h}}
alerts: {deliver: none}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for a configuration."""
    return tmp_path / "wayside.yaml"


def compiled(file: Path, text: str, **more: object) -> Compiled:
    """Write and compile."""
    file.write_text(dedent(text))
    return compile_policy(Sources(str(file), **more))  # type: ignore[arg-type]


def policy_of(found: Compiled) -> Policy:
    """The policy, which must be there."""
    assert found.policy is not None, [str(problem) for problem in found.problems]
    return found.policy


def test_the_file_of_the_design_compiles_to_what_it_says(file: Path) -> None:
    found = compiled(file, DESIGN)
    policy = policy_of(found)
    assert found.problems == ()
    assert policy.config_valid
    (listener,) = policy.listeners
    assert (listener.name, listener.listen, listener.upstream) == (
        ":8001",
        ":8001",
        "127.0.0.1:9001",
    )
    fast, chat, answers = policy.objectives
    assert (fast.indicator, fast.ratio, fast.model_glob) == (
        LatencyBelow(100_000_000), "0.999", "resnet50",
    )  # fmt: skip
    assert (chat.indicator, chat.ratio) == (FirstTokenBelow(500_000_000), "0.99")
    assert (answers.indicator, answers.ratio) == (Available(), "0.9995")
    assert policy.models == ("resnet50",)
    assert policy.admin == ":9464"
    assert policy.health == ""
    assert (policy.drain_delay_nanos, policy.drain_total_nanos) == (5 * 10**9, 18 * 10**9)


def test_what_is_not_built_yet_is_said_and_not_silently_ignored(file: Path) -> None:
    notes = {(note.line, note.field) for note in compiled(file, DESIGN).notes}
    assert notes == {(8, "gpu")}


def test_every_problem_is_told_at_once_with_line_and_hint(file: Path) -> None:
    found = compiled(
        file,
        """\
        listeners: [{listen: ":8001", upstream: "127.0.0.1:9001"}]
        slos:
          - {name: a, objective: 99.9, good: {latency_below: 100ms}}
          - {name: b, objektive: 99%, good: {available: true}}
          - {name: c, objective: 99%, good: {latency_below: 100}}
          - {name: d, objective: 99%, good: {available: true, latency_below: 1s}}
          - {name: e, objective: 99%, good: {available: true}}
          - {name: e, objective: 98%, good: {available: true}}
        log: {format: xml}
        contrl: {}
        control: {tick: 1m}
        server: {type: tritonn}
        """,
    )
    told = {(problem.line, problem.field) for problem in found.problems}
    assert told >= {
        (3, "slos[0].objective"), (4, "slos[1].objektive"), (5, "slos[2].good.latency_below"),
        (6, "slos[3].good"), (8, "slos[5].name"), (9, "log.format"), (10, "contrl"), (11, "control.tick"),
        (12, "server.type"),
    }  # fmt: skip
    hints = {problem.field: problem.hint for problem in found.problems}
    assert "Did you mean 'objective'?" in hints["slos[1].objektive"]
    assert "Did you mean 'control'?" in hints["contrl"]
    assert "'triton'" in hints["server.type"]
    assert all(problem.hint for problem in found.problems), found.problems


def test_a_bad_part_is_left_out_and_the_rest_runs(file: Path) -> None:
    found = compiled(
        file,
        LISTENERS
        + "slos:\n"
        + "  - {name: bad, objective: 99, good: {available: true}}\n"
        + "  - {name: good, objective: 99%, good: {available: true}}\n"
        + "drain: {delay: 2s, total: soon}\n",
    )
    policy = policy_of(found)
    assert not policy.config_valid
    assert [objective.name for objective in policy.objectives] == ["good"]
    assert (policy.drain_delay_nanos, policy.drain_total_nanos) == (2 * 10**9, 18 * 10**9)


@pytest.mark.parametrize(
    ("listeners", "what"),
    [
        ("", "is missing"),
        ("listeners: []\n", "at least 1"),
        ('listeners: [{listen: "8001", upstream: "127.0.0.1:9001"}]\n', "no address"),
        ('listeners: [{listen: ":8001"}]\n', "is missing"),
        ('listeners: [{listen: ":8001", upstream: "127.0.0.1:8001"}]\n', "the listener itself"),
        ('listeners: [{listen: "[::]:8001", upstream: "[::1]:8001"}]\n', "the listener itself"),
        (
            'listeners: [{listen: ":1", upstream: "a:1"}, {listen: "0.0.0.0:1", upstream: "b:1"}]\n',
            "already taken",
        ),
        (
            'listeners: [{listen: ":1", upstream: "a:1"}, {listen: ":1", upstream: "b:1"}]\n',
            "already taken",
        ),
    ],
)
def test_an_unusable_listener_leaves_nothing_to_run(file: Path, listeners: str, what: str) -> None:
    found = compiled(file, listeners + "models: [a]\n")
    assert found.policy is None
    assert any(what in problem.what for problem in found.problems), found.problems


@pytest.mark.parametrize("text", ["a: [1,\n", "- a\n", "just words\n", "", "listeners: {{{{\n"])
def test_a_file_that_says_nothing_sensible_is_refused_with_a_reason(file: Path, text: str) -> None:
    found = compiled(file, text)
    assert found.policy is None
    assert found.problems


def test_an_unusable_listener_does_not_hide_the_other_problems(file: Path) -> None:
    found = compiled(
        file, "listeners: []\nslos: [{name: a}]\nserver: {type: none, files: [none.yaml]}\n"
    )
    assert {problem.field for problem in found.problems} == {
        "listeners", "slos[0].objective", "slos[0].good", "server.type", "",
    }  # fmt: skip


def test_flags_stand_where_the_file_would_and_win(file: Path) -> None:
    overrides = {
        ("listeners",): [{"listen": ":7", "upstream": ":8"}],
        ("admin",): "off",
        ("drain", "total"): "60s",
    }
    policy = policy_of(compiled(file, DESIGN, overrides=overrides))
    assert policy.listeners[0].upstream == "127.0.0.1:8"
    assert policy.admin == ""
    assert policy.drain_total_nanos == 60 * 10**9


def test_a_bad_flag_is_told_as_one(file: Path) -> None:
    (problem,) = compiled(file, DESIGN, overrides={("drain", "total"): "soon"}).problems
    assert (problem.file, problem.line, problem.field) == ("command line", 0, "drain.total")


def test_flags_alone_are_enough() -> None:
    overrides: dict[tuple[str, ...], object] = {
        ("listeners",): [{"listen": ":7", "upstream": ":8"}]
    }
    policy = policy_of(compile_policy(Sources(overrides=overrides)))
    assert json.loads(policy.control_settings)["watch"] == []


def test_a_broken_file_does_not_stop_listeners_given_as_flags(file: Path) -> None:
    overrides = {("listeners",): [{"listen": ":7", "upstream": ":8"}]}
    found = compiled(file, "slos: [\n", overrides=overrides)
    assert not policy_of(found).config_valid


def test_more_than_64_objectives_are_refused_from_the_65th(file: Path) -> None:
    slos = "".join(
        f"  - {{name: s{n}, objective: 99%, good: {{available: true}}}}\n" for n in range(66)
    )
    found = compiled(file, f"{LISTENERS}slos:\n{slos}")
    assert len(policy_of(found).objectives) == 64
    assert [problem.field for problem in found.problems] == ["slos[64]", "slos[65]"]


def test_the_users_own_server_file_is_found_beside_the_configuration(file: Path) -> None:
    (file.parent / "own.yaml").write_text("methods:\n  /acme.v1.Oracle/Ask: {kind: inference}\n")
    policy = policy_of(compiled(file, LISTENERS + "server: {files: [own.yaml]}\n"))
    assert policy.methods[-1].path == "/acme.v1.Oracle/Ask"
    watch = json.loads(policy.control_settings)["watch"]
    assert watch == [str(file), str(file.parent / "own.yaml")]


def test_a_users_method_replaces_the_shipped_one(file: Path) -> None:
    path = "/inference.GRPCInferenceService/ModelInfer"
    (file.parent / "own.yaml").write_text(f"methods:\n  {path}: {{kind: admin}}\n")
    policy = policy_of(compiled(file, LISTENERS + "server: {files: [own.yaml]}\n"))
    (method,) = [each for each in policy.methods if each.path == path]
    assert method.kind.value == "admin"


def test_what_the_user_says_of_batches_arrives_in_its_order(file: Path) -> None:
    limits = 'max_batch_size: {iris: 8, "wine-*": 0}'
    policy = policy_of(compiled(file, LISTENERS + f"server: {{{limits}, probe_models: false}}\n"))
    assert [(each.model_glob, each.max_batch_size) for each in policy.batch_limits] == [
        ("iris", 8),
        ("wine-*", 0),
    ]
    assert policy.probe_models is False
    assert policy_of(compiled(file, LISTENERS)).probe_models is True
    wrong = compiled(file, LISTENERS + "server: {max_batch_size: {iris: -1, wine: many}}\n")
    assert [problem.field for problem in wrong.problems] == [
        "server.max_batch_size.iris",
        "server.max_batch_size.wine",
    ]
    assert policy_of(wrong).batch_limits == ()
    half = compiled(file, LISTENERS + "server: {max_batch_size: {iris: 8, wine: many}}\n")
    assert [each.model_glob for each in policy_of(half).batch_limits] == ["iris"]


def test_a_problem_in_a_server_file_names_that_file(file: Path) -> None:
    own = file.parent / "own.yaml"
    own.write_text("methods:\n  /a.B/C: {knd: probe}\n")
    found = compiled(file, LISTENERS + "server: {files: [own.yaml, none.yaml]}\n")
    assert [(each.file, each.line) for each in found.problems] == [
        (str(own), 2),
        (str(file.parent / "none.yaml"), 0),
    ]
    assert not policy_of(found).config_valid


def test_the_hash_is_of_contents_so_control_can_compute_it_too(file: Path) -> None:
    first = policy_of(compiled(file, DESIGN, flags=("--admin=off",)))
    settings = json.loads(first.control_settings)
    assert hash_of_files(settings["watch"], settings["hash_salt"]) == first.config_hash
    again = policy_of(compiled(file, DESIGN, flags=("--admin=off",)))
    assert again.config_hash == first.config_hash
    assert policy_of(compiled(file, DESIGN + "\n")).config_hash != first.config_hash
    assert policy_of(compiled(file, DESIGN)).config_hash != first.config_hash


def test_a_file_that_is_gone_has_no_hash(tmp_path: Path) -> None:
    assert hash_of_files([str(tmp_path / "none")], "") is None


def test_yaml_words_and_wrong_types_are_problems_not_guesses(file: Path) -> None:
    found = compiled(file, LISTENERS + 'observe: "yes"\nlimits: {threads: "2"}\nmodels: resnet50\n')
    assert {problem.field for problem in found.problems} == {"observe", "limits.threads", "models"}
    assert policy_of(found).observe


def test_limits_and_control_reach_the_policy(file: Path) -> None:
    text = LISTENERS + (
        "control: {memory: 128MiB, tick: 500ms}\nlimits: {threads: 2, unsent: 64MiB, connections: 10, models: 3,"
        " methods: 4, series: 5}\nhealth: ':1'\nlog: {format: json}\nobserve: false\nmodels: [a, b]\n"
        "server: {model: c}\n"
    )
    policy = policy_of(compiled(file, text))
    limits = policy.limits
    assert (limits.threads, limits.unsent_bytes, limits.connections) == (2, 64 << 20, 10)
    assert (limits.models, limits.methods, limits.series) == (3, 4, 5)
    assert policy.control_memory_bytes == 128 << 20
    assert (policy.health, policy.log_format, policy.observe) == (":1", "json", False)
    assert (policy.models, policy.served_model) == (("a", "b"), "c")
    assert json.loads(policy.control_settings)["tick_seconds"] == 0.5


def page_of(text: str, file: Path) -> PageSettings:
    """Return what control will show."""
    return ControlSettings.from_json(
        policy_of(compiled(file, LISTENERS + text)).control_settings
    ).page


def test_what_is_shown_reaches_control(file: Path) -> None:
    assert page_of("", file) == PageSettings(Profile.DEFAULT, SCHEMA)
    assert page_of("metrics: {profile: slo}\n", file) == PageSettings(Profile.SLO, SCHEMA)
    assert page_of("metrics: {native_schema: -4}\n", file) == PageSettings(
        Profile.DEFAULT, COARSEST_SCHEMA
    )


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("profile: fleet", "metrics.profile: is 'fleet'. Use 'slo', 'default' or 'full'."),
        (
            "native_schema: 6",
            "metrics.native_schema: is 6. Use 5, 4, 3, 2, 1, 0, -1, -2, -3 or -4.",
        ),
        (
            "native_schema: 2.5",
            "metrics.native_schema: is 2.5. Use 5, 4, 3, 2, 1, 0, -1, -2, -3 or -4.",
        ),
    ],
)
def test_a_page_that_there_is_not_is_told_and_the_rest_of_it_stays(
    file: Path, setting: str, what: str
) -> None:
    other = "native_schema: 3" if setting.startswith("profile") else "profile: full"
    found = compiled(file, LISTENERS + f"metrics: {{{setting}, {other}}}\n")
    assert [str(each).partition(":2: ")[2] for each in found.problems] == [what]
    page = ControlSettings.from_json(policy_of(found).control_settings).page
    assert page in (PageSettings(Profile.DEFAULT, 3), PageSettings(Profile.FULL, SCHEMA))


def endpoint_of(found: Compiled) -> MetricsEndpoint | None:
    """Return what control will poll."""
    assert found.policy is not None
    return ControlSettings.from_json(found.policy.control_settings).server_metrics


def test_the_servers_metrics_reach_control_with_all_kinds_of_pages(file: Path) -> None:
    found = compiled(file, LISTENERS + 'server: {metrics: "http://triton:8002"}\n')
    endpoint = endpoint_of(found)
    assert endpoint is not None
    assert (endpoint.host, endpoint.port, endpoint.target) == ("triton", 8002, "/metrics")
    assert endpoint.interval_seconds == 5
    assert {"triton", "vllm", "tgi"} <= {page.server for page in endpoint.pages}
    assert found.problems == ()


def test_a_named_server_narrows_the_pages_and_the_users_own_come_first(file: Path) -> None:
    (file.parent / "own.yaml").write_text("metrics: {numbers: {running: {gauge: busy}}}\n")
    found = compiled(
        file,
        LISTENERS
        + "server: {type: vllm, files: [own.yaml], metrics_interval: 30s, "
        + 'metrics: "http://h/m?a=b"}\n',
    )
    endpoint = endpoint_of(found)
    assert endpoint is not None
    assert [page.server for page in endpoint.pages] == ["own", "vllm"]
    assert (endpoint.port, endpoint.target) == (80, "/m?a=b")
    assert endpoint.interval_seconds == 30


def test_metrics_of_a_server_that_has_none_are_a_problem(file: Path) -> None:
    found = compiled(file, LISTENERS + 'server: {type: ollama, metrics: "http://h/m"}\n')
    assert [(each.line, each.field) for each in found.problems] == [(2, "server.metrics")]
    assert endpoint_of(found) is None


def test_without_a_url_nothing_is_polled(file: Path) -> None:
    assert endpoint_of(compiled(file, LISTENERS)) is None


@pytest.mark.parametrize(
    "setting", ["metrics: 8002", "metrics_interval: 1ms", "metrics_interval: 1h"]
)
def test_metrics_that_cannot_be_polled_are_left_out_and_told(file: Path, setting: str) -> None:
    found = compiled(file, LISTENERS + f"server: {{{setting}}}\n")
    assert [each.line for each in found.problems] == [2]
    assert endpoint_of(found) is None


def told(found: Compiled) -> list[tuple[int, str]]:
    """The places of all problems."""
    return [(problem.line, problem.field) for problem in found.problems]


@pytest.mark.parametrize(
    ("drain", "field", "seconds"),
    [
        ("{delay: 0s}", None, (0, 18)),
        ("{total: 3s}", None, (3, 3)),
        ("{delay: 30, total: 3s}", "drain.delay", (3, 3)),
        ("{delay: 4s, total: 3s}", "drain.delay", (3, 3)),
        ("{delay: 30s, total: soon}", "drain.total", (30, 18)),
        ("{delay: 2s, total: 0s}", "drain.total", (2, 18)),
        ("{delay: 0}", "drain.delay", (5, 18)),
        ("soon", "drain", (5, 18)),
    ],
)
def test_a_drain_with_one_mistake_is_told_once_and_keeps_its_other_half(
    file: Path, drain: str, field: str | None, seconds: tuple[int, int]
) -> None:
    found = compiled(file, LISTENERS + f"drain: {drain}\n")
    assert [problem.field for problem in found.problems] == ([field] if field else [])
    policy = policy_of(found)
    assert (policy.drain_delay_nanos, policy.drain_total_nanos) == tuple(
        each * 10**9 for each in seconds
    )


def test_waits_for_a_scrape_are_off_unless_said(file: Path) -> None:
    policy = policy_of(compiled(file, LISTENERS))
    assert (policy.final_scrape_nanos, policy.first_scrape_nanos) == (0, 0)
    text = LISTENERS + "drain: {final_scrape: 35s}\nhealth: {listen: ':7', first_scrape: 10m}\n"
    found = compiled(file, text)
    policy = policy_of(found)
    assert (policy.final_scrape_nanos, policy.first_scrape_nanos) == (35 * 10**9, 600 * 10**9)
    assert (found.problems, found.notes) == ((), ())


@pytest.mark.parametrize("wait", ["11m", "35", "-1s", "soon"])
def test_a_wait_for_a_scrape_that_cannot_be_is_told_with_what_to_write(
    file: Path, wait: str
) -> None:
    text = LISTENERS + f"drain: {{total: 3s, final_scrape: {wait}}}\n"
    found = compiled(file, text)
    (problem,) = found.problems
    assert (problem.line, problem.field) == (2, "drain.final_scrape")
    assert "e.g. " in problem.hint
    assert policy_of(found).final_scrape_nanos == 0
    assert policy_of(found).drain_total_nanos == 3 * 10**9


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("admin: off\ndrain: {final_scrape: 35s}\n", ["drain.final_scrape"]),
        ("admin: off\nhealth: {listen: ':7', first_scrape: 1s}\n", ["health.first_scrape"]),
        ("health: {first_scrape: 1s}\n", ["health.first_scrape"]),
        ("admin: off\ndrain: {final_scrape: 0s}\n", []),
    ],
)
def test_a_wait_that_nobody_can_end_is_noted(file: Path, text: str, fields: list[str]) -> None:
    found = compiled(file, LISTENERS + text)
    assert found.problems == ()
    assert [note.field for note in found.notes] == fields
    assert all(note.line > 1 and "has no effect: " in note.what for note in found.notes)


def test_a_wait_that_nobody_can_end_is_noted_at_its_flag(file: Path) -> None:
    overrides: dict[tuple[str, ...], object] = {("drain", "final_scrape"): "35s"}
    (note,) = compiled(file, LISTENERS + "admin: off\n", overrides=overrides).notes
    assert (note.file, note.line) == ("command line", 0)


def test_a_delay_that_a_flag_makes_too_long_is_told_where_it_was_written(file: Path) -> None:
    overrides: dict[tuple[str, ...], object] = {("drain", "total"): "2s"}
    found = compiled(file, LISTENERS + "drain: {delay: 9s}\n", overrides=overrides)
    assert told(found) == [(2, "drain.delay")]
    assert policy_of(found).drain_delay_nanos == 2 * 10**9


def test_a_flag_does_not_hide_what_is_wrong_around_its_place(file: Path) -> None:
    overrides: dict[tuple[str, ...], object] = {("drain", "total"): "9s", ("drain", "delay"): "1s"}
    found = compiled(file, LISTENERS + "drain: soon\n", overrides=overrides)
    assert told(found) == [(2, "drain")]
    assert policy_of(found).drain_total_nanos == 9 * 10**9


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("listeners: [\n", [""]),
        ("- a\n", [""]),
        ("listner: []\n", ["listner"]),
        ('listeners: [{lissten: ":1", upstream: "a:1"}]\n', ["listeners[0].lissten"]),
        (LISTENERS + "slos: [{name: a, objektive: 99%, good: {available: true}}]\n", ["slos[0].objektive"]),
        (LISTENERS + "slos: [{name: a, goal: 99%, good: {available: true}}]\n", ["slos[0].objective", "slos[0].goal"]),
        (LISTENERS + "gpu: {devices: 5}\n", ["gpu.devices"]),
        (LISTENERS + 'server: {type: ollama, files: [none.yaml], metrics: "http://a/m"}\n', [""]),
        (LISTENERS + 'server: {type: ollama, files: [5], metrics: "http://a/m"}\n', ["server.files[0]"]),
    ],
)  # fmt: skip
def test_nothing_is_told_that_follows_from_what_is_told(
    file: Path, text: str, fields: list[str]
) -> None:
    assert [problem.field for problem in compiled(file, text).problems] == fields


def test_a_double_name_is_told_with_the_place_of_the_first_in_the_file(file: Path) -> None:
    one = "{name: a, objective: 99%, good: {available: true}}"
    found = compiled(file, LISTENERS + f"slos: [{{name: b}}, {one}, {one}]\n")
    assert found.problems[-1].field == "slos[2].name"
    assert found.problems[-1].what == "'a' is already the name of slos[1]"


@pytest.mark.parametrize(
    ("health", "listen", "token"),
    [
        ('":9465"', ":9465", ""),
        ("off", "", ""),
        ('{listen: ":9465"}', ":9465", ""),
        ('{listen: ":9465", drain_token_file: /run/token}', ":9465", "/run/token"),
        ("{}", "", ""),
    ],
)
def test_health_is_an_address_or_more(file: Path, health: str, listen: str, token: str) -> None:
    found = compiled(file, LISTENERS + f"health: {health}\n")
    policy = policy_of(found)
    assert found.problems == ()
    assert (policy.health, policy.drain_token_file) == (listen, token)


@pytest.mark.parametrize(
    "health", ["5", '":99999"', "[]", "{listen: 5, drain_token_file: /run/token}"]
)
def test_a_bad_health_address_is_told_as_it_was_written(file: Path, health: str) -> None:
    found = compiled(file, LISTENERS + f"health: {health}\n")
    assert told(found) == [(2, "health.listen" if "{" in health else "health")]
    policy = policy_of(found)
    assert (policy.health, policy.drain_token_file) == ("", "/run/token" if "{" in health else "")


def test_the_flag_for_health_leaves_the_token_in_the_file(file: Path) -> None:
    overrides: dict[tuple[str, ...], object] = {("health", "listen"): ":7"}
    mapping = compiled(file, LISTENERS + "health: {drain_token_file: /t}\n", overrides=overrides)
    assert (policy_of(mapping).health, policy_of(mapping).drain_token_file) == (":7", "/t")
    plain = compiled(file, LISTENERS + 'health: ":8"\n', overrides=overrides)
    assert policy_of(plain).health == ":7"
    (problem,) = compiled(file, LISTENERS, overrides={("health", "listen"): "x"}).problems
    assert (problem.file, problem.field) == ("command line", "health")


def test_a_token_file_that_holds_none_is_no_fault_of_the_configuration_yet(file: Path) -> None:
    """It may come, and the tap looks each time it is asked; `check` complains."""
    found = compiled(file, LISTENERS + "health: {drain_token_file: /nowhere}\n")
    assert (found.problems, policy_of(found).config_valid) == ((), True)
    assert [(each.line, each.field) for each in found.absent] == [(2, "health.drain_token_file")]


def available(good: str) -> str:
    """Return a file with two objectives of availability, one of which says so, and one of latency."""
    return LISTENERS + dedent(
        f"""\
        slos:
          - {{name: fast, objective: 99%, good: {{latency_below: 1ms}}}}
          - {{name: said, objective: 99%, good: {{available: {good}}}}}
          - {{name: usual, objective: 99%, good: {{available: true}}}}
        """
    )


def test_when_a_client_has_given_up_is_of_each_objective_and_the_shortest_of_calls(
    file: Path,
) -> None:
    policy = policy_of(compiled(file, available("{give_up: 10s}")))
    assert [each.indicator for each in policy.objectives[1:]] == [
        Available(10_000_000_000),
        Available(30_000_000_000),
    ]
    assert policy.give_up_nanos == 10_000_000_000
    settings = ControlSettings.from_json(policy.control_settings)
    assert settings.objectives == policy.objectives
    assert policy_of(compiled(file, available("{give_up: 90s}"))).give_up_nanos == 30_000_000_000
    assert policy_of(compiled(file, LISTENERS)).give_up_nanos == 30_000_000_000
    assert policy_of(compiled(file, available("{}"))).objectives[1].indicator == Available()


@pytest.mark.parametrize(
    ("good", "field", "what"),
    [
        ("false", "slos[1].good.available", "is False"),
        ("30s", "slos[1].good.available", "is '30s'"),
        ("{give_up: 30}", "slos[1].good.available.give_up", "30 is no duration"),
        ("{giveup: 30s}", "slos[1].good.available.giveup", "is an unknown key"),
    ],
)
def test_what_availability_cannot_be_is_told_in_its_place(
    file: Path, good: str, field: str, what: str
) -> None:
    found = compiled(file, available(good))
    ((line, where, said, hint),) = (
        (each.line, each.field, each.what, each.hint) for each in found.problems
    )
    assert (line, where, said) == (4, field, what)
    assert "give_up" in hint or "100ms" in hint
    assert [each.name for each in policy_of(found).objectives] == ["fast", "usual"]


def test_what_the_user_says_of_codes_reaches_the_policy(file: Path) -> None:
    rules = "outcomes: {429: client_error, RESOURCE_EXHAUSTED: {message: Quota, outcome: shed}}\n"
    found = compiled(file, LISTENERS + rules)
    assert found.problems == ()
    assert policy_of(found).outcomes == (
        OutcomeRule("429", "", Outcome.CLIENT_ERROR),
        OutcomeRule("RESOURCE_EXHAUSTED", "quota", Outcome.SHED),
    )


def test_a_rule_that_is_wrong_is_left_out_alone(file: Path) -> None:
    text = "outcomes:\n  429: client_error\n  200: server_error\n  503: [shed, {outcome: shet}]\n"
    found = compiled(file, LISTENERS + text)
    assert [(each.line, each.field) for each in found.problems] == [
        (4, "outcomes.200"),
        (5, "outcomes.503[1].outcome"),
    ]
    assert policy_of(found).outcomes == (
        OutcomeRule("429", "", Outcome.CLIENT_ERROR),
        OutcomeRule("503", "", Outcome.SHED),
    )


def words_read(policy: Policy, template: str) -> bool:
    """Say whether a route reads the words of an error."""
    (route,) = [each for each in policy.routes if each.template == template]
    return any(each.slot is Slot.ERROR_TEXT for each in route.response)


def test_words_that_the_user_asks_for_are_read_wherever_an_error_is(file: Path) -> None:
    asked = LISTENERS + "outcomes: {503: {message: warming up, outcome: shed}}\n"
    plain = policy_of(compiled(file, LISTENERS))
    assert not words_read(plain, "/completion")
    assert words_read(policy_of(compiled(file, asked)), "/completion")
    grpc = LISTENERS + "outcomes: {UNAVAILABLE: {message: warming up, outcome: shed}}\n"
    assert not words_read(policy_of(compiled(file, grpc)), "/completion")


def test_the_shipped_catalogue_with_every_word_asked_for_is_what_the_tap_can_read(
    file: Path,
) -> None:
    asked = (
        "outcomes: {IN_BAND_ERROR: {message: x, outcome: shed}, 503: {message: x, outcome: shed}}\n"
    )
    policy = policy_of(compiled(file, LISTENERS + asked))
    for method in policy.methods:
        assert refusal(method.response) == ""
    for route in policy.routes:
        errors = [each for each in route.response if each.slot is Slot.ERROR]
        assert words_read(policy, route.template) == bool(errors), route.template


def test_a_client_gives_up_as_soon_as_a_part_of_goodput_says(file: Path) -> None:
    parts = "[{available: {give_up: 7s}}, {latency_below: 1s}]"
    text = LISTENERS + f"slos: [{{name: a, objective: 99%, good: {{all: {parts}}}}}]\n"
    policy = policy_of(compiled(file, text))
    assert policy.give_up_nanos == 7_000_000_000
    assert policy.objectives[0].indicator == All((Available(7 * 10**9), LatencyBelow(10**9)))


TIERED = """\
alerts:
  tiers:
    - {name: a, long: 1h, short: 5m, budget: 2%%, severity: %s}
    - {name: b, long: 1h, short: 5m, budget: 20%%, severity: %s}
  min_bad: 7
slos:
  - {name: high, objective: 99.9%%, good: {available: true}}
  - {name: low, objective: 90%%, good: {available: true}}
  - {name: none, objective: 90%%, good: {available: true}, alerts: {tiers: [], min_bad: 2}}
"""


def test_a_tier_that_does_not_suit_one_objective_stays_for_the_others(file: Path) -> None:
    found = compiled(file, LISTENERS + TIERED % ("loud", "page"))
    assert told(found) == [(4, "alerts.tiers[0].severity"), (5, "alerts.tiers[1].budget")]
    assert found.problems[1].what.startswith("can never fire for 'low', slos[1]: ")
    high, low, none = policy_of(found).objectives
    assert [tier.name for tier in high.tiers] == ["b"]
    assert (low.tiers, low.min_bad) == (high.tiers, 7)
    assert (none.tiers, none.min_bad) == ((), 2)


def test_where_every_tier_is_wrong_the_usual_ones_tell(file: Path) -> None:
    found = compiled(file, LISTENERS + TIERED % ("loud", "louder"))
    assert told(found) == [(4, "alerts.tiers[0].severity"), (5, "alerts.tiers[1].severity")]
    assert policy_of(found).objectives[0].tiers == DEFAULT_TIERS

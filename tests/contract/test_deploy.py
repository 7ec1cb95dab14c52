"""What deploy/ promises: two ways in and both back, pods that end in order, numbers that agree wherever they stand."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from alerts.relabel import WORKLOAD
from sidecar.cli.main import main
from sidecar.config.compile import compile_policy
from sidecar.config.quantities import duration_nanos
from sidecar.config.sources import Sources
from sidecar.model.policy import Policy
from tests.harness.deployed import EXAMPLE, documents, mounted, pod, ports, server, wayside
from tests.harness.kustomize import DEPLOY, build, manifests, only, overlays, rendered
from tests.provision.parts import ROOT

PHASES = ("watch", "stand-in")
WITH_WAYSIDE = ("watch", "live", "canary", "stand-in", "guaranteed")
ADMIN, HEALTH = 9464, 9465
LAST_DELIVERY_SECONDS = 6
"""After the last scrape control hands over what it has, as docs/configuration.md says."""
MOST_NAME = 15
"""Letters in the name of a port."""
TAP_BYTES = 24 << 20
"""At rest, as docs/proofs and bench/RESULTS.md have it, rounded up."""


def policy(phase: str, folder: Path) -> Policy:
    """Return what Wayside makes of its files; nothing is wrong with them."""
    compiled = compile_policy(Sources(str(mounted(phase, folder))))
    assert not compiled.problems
    assert not compiled.absent
    assert compiled.policy is not None
    return compiled.policy


# --- the way in and the way back ------------------------------------------------------------------


def test_every_folder_of_the_example_is_shown_here() -> None:
    plain = {"example/plain", "example/objectives", "example/rules", "monitoring"}
    assert set(overlays()) == {f"example/{phase}" for phase in WITH_WAYSIDE} | plain


def test_watching_leaves_the_server_and_its_clients_alone() -> None:
    watched = copy.deepcopy(server("watch"))
    assert set(watched.pop("lifecycle")) == {"preStop"}
    assert watched == server("plain")
    assert only(documents("watch"), "Service") == only(documents("plain"), "Service")


def test_going_live_changes_where_the_service_leads_and_nothing_else() -> None:
    before, after = documents("watch"), documents("live")
    for each in before, after:
        for port in only(each, "Service")["spec"]["ports"]:
            port["targetPort"] = port["targetPort"].removeprefix("wayside-")
    assert before == after
    assert documents("watch") != documents("live")


def test_standing_in_changes_nothing_for_the_service() -> None:
    assert only(documents("stand-in"), "Service") == only(documents("plain"), "Service")


@pytest.mark.parametrize("phase", ["live", "canary", "stand-in"])
def test_a_port_of_the_service_leads_to_wayside_and_on_to_the_server(
    phase: str, tmp_path: Path
) -> None:
    # The controller looks at containers before it looks at native sidecars.
    service = documents("live" if phase == "live" else "plain")
    to = {each.name: each for each in policy(phase, tmp_path).listeners}
    names = {port["name"]: port["targetPort"] for port in only(service, "Service")["spec"]["ports"]}
    assert set(names) == {"http", "grpc"}
    for name, target in names.items():
        assert target not in ports(server(phase))
        listener = to[f"triton-{name}"]
        assert listener.listen == f":{ports(wayside(phase))[target]}"
        assert listener.upstream == f"127.0.0.1:{server_port(phase, name)}"


def server_port(phase: str, name: str) -> int:
    """Return where Triton listens, by its flags; without them as it does by itself."""
    flags = dict(each.partition("=")[::2] for each in server(phase)["args"])
    return int(flags.get(f"--{name}-port", {"http": 8000, "grpc": 8001}[name]))


def test_nobody_passes_a_wayside_by_that_stands_in() -> None:
    args = server("stand-in")["args"]
    assert {"--http-address=127.0.0.1", "--grpc-address=127.0.0.1"} <= set(args)
    # What decides whether the server is killed does not go through Wayside.
    old = set(ports(server("plain")).values()) - {ports(server("stand-in"))["metrics"]}
    for probe in ("startupProbe", "livenessProbe"):
        (url,) = (word for word in server("stand-in")[probe]["exec"]["command"] if "://" in word)
        assert url.startswith(f"http://127.0.0.1:{server_port('stand-in', 'http')}/")
    assert server("stand-in")["readinessProbe"]["httpGet"]["port"] in old


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_the_component_goes_where_the_label_is(kind: str, tmp_path: Path) -> None:
    found = manifests(build(of_ones_own(tmp_path, kind=kind)))
    chosen, other = (only(found, kind, name)["spec"]["template"] for name in ("chosen", "other"))
    (sidecar, *others) = chosen["spec"]["initContainers"]
    assert (sidecar["name"], [each["name"] for each in others]) == ("wayside", ["fetch"])
    # Who forgets to say which image runs nobody's (RFC 6761 section 6.4).
    assert sidecar["image"] == "registry.invalid/wayside"
    hooks = [each.get("lifecycle") for each in chosen["spec"]["containers"]]
    assert [bool(each) for each in hooks] == [True, False]
    assert [each["name"] for each in other["spec"]["initContainers"]] == ["fetch"]
    assert other["spec"]["containers"][0]["lifecycle"] is None


def test_a_hook_that_would_be_lost_in_silence_stops_the_rendering(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        build(of_ones_own(tmp_path, hook="{preStop: {exec: {command: [save]}}}"))
    assert "/containers/0/lifecycle failed" in raised.value.stderr


def of_ones_own(folder: Path, *, kind: str = "Deployment", hook: str = "null") -> Path:
    """Write a kustomization as somebody else has it, with a workload that wants Wayside and one that does not."""
    shutil.copytree(DEPLOY / "sidecar", folder / "sidecar")
    (folder / "wayside.yaml").write_text("listeners: []\n")
    workload = """
        apiVersion: apps/v1
        kind: {kind}
        metadata: {{name: {name}, labels: {{wayside.dev/inject: "{inject}"}}}}
        spec:
          template:
            spec:
              initContainers: [{{name: fetch, image: fetch}}]
              containers:
                - {{name: model, image: model, lifecycle: {hook}}}
                - {{name: helper, image: helper}}
    """
    chosen = workload.format(kind=kind, name="chosen", inject="true", hook=hook)
    other = workload.format(kind=kind, name="other", inject="false", hook="null")
    (folder / "workloads.yaml").write_text(f"{chosen}\n---\n{other}")
    (folder / "kustomization.yaml").write_text(
        """
        resources: [workloads.yaml]
        components: [sidecar]
        configMapGenerator: [{name: wayside, files: [wayside.yaml]}]
        """
    )
    return folder


# --- what Wayside is given ------------------------------------------------------------------------


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_check_accepts_what_is_mounted(
    phase: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(mounted(phase, tmp_path))]) == 0
    assert "resnet-fast" in capsys.readouterr().out


def test_phases_differ_in_their_listeners_alone() -> None:
    first, second = (
        yaml.safe_load((EXAMPLE / phase / "wayside.yaml").read_text()) for phase in PHASES
    )
    assert first.pop("listeners") != second.pop("listeners")
    assert first == second


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_nobody_outside_the_pod_can_drain_it(phase: str, tmp_path: Path) -> None:
    assert policy(phase, tmp_path).drain_token_file == ""


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_the_server_outlives_a_drain_and_its_own_restart_begins_none(
    phase: str, tmp_path: Path
) -> None:
    hook = server(phase)["lifecycle"]["preStop"]
    assert hook == {"sleep": {"seconds": policy(phase, tmp_path).drain_total_nanos // 10**9}}


def test_the_rules_are_those_of_the_objectives(tmp_path: Path) -> None:
    config = str(mounted("watch", tmp_path))
    name, made = "wayside.rules.yaml", tmp_path / "made"
    assert main(["rules", "-c", config, "--format", "prometheusrule", "-o", str(made)]) == 0
    assert (EXAMPLE / "rules" / name).read_text() == (made / name).read_text(), "run `make gen`"


def test_the_pod_monitor_makes_the_labels_that_the_rules_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "--scrape", "--format", "prometheusrule"]) == 0
    made = yaml.safe_load(capsys.readouterr().out)["relabelings"]
    (endpoint,) = only(manifests(rendered("monitoring")), "PodMonitor")["spec"][
        "podMetricsEndpoints"
    ]
    assert endpoint["relabelings"] == made
    assert WORKLOAD in {each["targetLabel"] for each in made}


# --- numbers --------------------------------------------------------------------------------------


def summands() -> list[int]:
    """Return what the comment beside the grace period adds up."""
    text = (DEPLOY / "sidecar/sidecar.yaml").read_text()
    return [int(each) for each in re.findall(r"^ +# +\+? +(\d+)  ", text, re.M)]


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_the_grace_period_is_the_sum_of_what_is_waited_for(phase: str, tmp_path: Path) -> None:
    drain, _server, final_scrape, room = parts = summands()
    assert pod(phase)["terminationGracePeriodSeconds"] == sum(parts)
    given = policy(phase, tmp_path)
    assert drain == given.drain_total_nanos / 1e9
    assert final_scrape == given.final_scrape_nanos / 1e9
    assert room >= LAST_DELIVERY_SECONDS
    assert given.drain_delay_nanos
    assert given.drain_delay_nanos < given.drain_total_nanos


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_the_memory_that_wayside_may_have_holds_all_that_it_may_take(
    phase: str, tmp_path: Path
) -> None:
    control, unsent, tap, *more = (
        int(each) << 20
        for each in re.findall(r"\((\d+)\)", (DEPLOY / "sidecar/sidecar.yaml").read_text())
    )
    assert control == policy(phase, tmp_path).control_memory_bytes
    assert (unsent, tap) == (unsent_bytes(), TAP_BYTES)
    limit = mebibytes(wayside(phase)["resources"]["limits"]["memory"]) << 20
    assert control + unsent + tap + sum(more) <= limit


def unsent_bytes() -> int:
    """Return what the tap holds at most of what its peers do not read."""
    limits = (ROOT / "dataplane/tap/src/limits.rs").read_text()
    found = re.search(r"UNSENT_BYTES: usize = (\d+) \* 1024 \* 1024;", limits)
    assert found is not None
    return int(found[1]) << 20


def mebibytes(quantity: str) -> int:
    """Read a quantity of memory."""
    assert quantity.endswith("Mi")
    return int(quantity.removesuffix("Mi"))


def test_a_pod_is_guaranteed_where_it_is_to_be() -> None:
    for phase, is_guaranteed in (("stand-in", False), ("guaranteed", True)):
        sizes = [each["resources"] for each in (server(phase), wayside(phase))]
        assert all(set(each["limits"]) >= {"cpu", "memory"} for each in sizes) is is_guaranteed
        assert all(each["limits"] == each["requests"] for each in sizes) is is_guaranteed
    assert (
        wayside("guaranteed")["resources"]["limits"]["memory"]
        == (wayside("stand-in")["resources"]["limits"]["memory"])
    )


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_ports_are_the_same_wherever_they_stand(phase: str, tmp_path: Path) -> None:
    given = policy(phase, tmp_path)
    named = ports(wayside(phase))
    listening = {each.listen for each in given.listeners} | {given.admin, given.health}
    assert listening == {f":{port}" for port in named.values()}
    assert (named["wayside-metrics"], named["wayside-health"]) == (ADMIN, HEALTH)
    assert all(len(name) <= MOST_NAME for name in named)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert wayside(phase)[probe]["httpGet"]["port"] == "wayside-health"
    # Nobody else in the pod has one of them, and no two have one name.
    taken = ports(server(phase))
    assert not set(taken.values()) & set(named.values())
    assert not set(taken) & set(named)


def test_the_policy_opens_everything_but_two_ports() -> None:
    found = manifests(rendered("monitoring"))
    only_admin, others = only(found, "NetworkPolicy")["spec"]["ingress"]
    assert only_admin["ports"] == [{"protocol": "TCP", "port": ADMIN}]
    opened = [
        (each["port"], each["endPort"]) for each in others["ports"] if each["protocol"] == "TCP"
    ]
    assert opened == [(1, ADMIN - 1), (HEALTH + 1, 65535)]
    (endpoint,) = only(found, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in ports(wayside("watch"))


def test_whoever_waits_for_a_scrape_waits_for_two_intervals(tmp_path: Path) -> None:
    (endpoint,) = only(manifests(rendered("monitoring")), "PodMonitor")["spec"][
        "podMetricsEndpoints"
    ]
    interval = duration_nanos(endpoint["interval"])
    given = policy("watch", tmp_path)
    assert given.final_scrape_nanos > 2 * interval
    assert given.first_scrape_nanos > 2 * interval


@pytest.mark.parametrize("kind", ["NetworkPolicy", "PodMonitor"])
def test_what_is_there_once_finds_the_pods_that_have_wayside(kind: str) -> None:
    spec = only(manifests(rendered("monitoring")), kind)["spec"]
    wanted = (spec.get("podSelector") or spec["selector"])["matchLabels"].items()
    for phase in (*WITH_WAYSIDE, "plain"):
        labels = only(documents(phase), "Deployment")["spec"]["template"]["metadata"]["labels"]
        assert (wanted <= labels.items()) is (phase != "plain")


# --- the container --------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [*WITH_WAYSIDE, "plain"])
def test_containers_are_restricted(phase: str) -> None:
    """What the Pod Security Standard `restricted` asks, and for Wayside a root that it cannot write."""
    spec = pod(phase)
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert all({"configMap", "persistentVolumeClaim"} & set(each) for each in spec["volumes"])
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        context = container["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "privileged" not in context
    if phase != "plain":
        assert wayside(phase)["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("phase", WITH_WAYSIDE)
def test_the_sidecar_is_native_and_waits_for_nobody(phase: str) -> None:
    container = wayside(phase)
    assert container["restartPolicy"] == "Always"
    # Ready is who has a model server, and the model server is started after this.
    assert container["startupProbe"]["httpGet"]["path"] == "/livez"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["wayside", "drain"]


# --- the page -------------------------------------------------------------------------------------


def test_the_page_names_what_is_there() -> None:
    docs = ROOT / "docs"
    page, metrics, alerts = (
        (docs / name).read_text() for name in ("rollout.md", "metrics.md", "alerts.md")
    )
    places = {each.rstrip("./") for each in re.findall(r"deploy/[\w./-]+", page)}
    assert len(places) > len(WITH_WAYSIDE)
    assert [each for each in places if not (ROOT / each).exists()] == []
    named = set(re.findall(r"`(wayside_\w+)", page))
    assert named
    assert named <= set(re.findall(r"`(wayside_\w+)", metrics))
    spoken = set(re.findall(r"\bWayside[A-Z]\w+", page))
    assert spoken
    assert spoken <= set(re.findall(r"^## (\w+)", alerts, re.M))
    assert re.findall(r"is (\d+) = (\d+) \+ (\d+) .* \+ (\d+) \+ (\d+)", page) == [
        tuple(str(each) for each in (sum(summands()), *summands()))
    ]

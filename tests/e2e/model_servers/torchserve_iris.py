"""TorchServe with the model `iris`, version 7.0, until it is told to end: this program becomes its Java half.

usage: torchserve_iris.py JAVA HTTP_PORT GRPC_PORT MANAGEMENT_PORT METRICS_PORT GRPC_MANAGEMENT_PORT

The model doubles `x`, and of KServe's first protocol every instance; a negative one fails. It needs no torch, which
TorchServe imports all the same: a class of that name is all that is used of it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

HANDLER = """
def doubled(x):
    if x < 0:
        raise RuntimeError("negative")
    return x * 2

def answer(given):
    if "instances" in given:
        return {"predictions": [doubled(x) for x in given["instances"]]}
    return {"y": doubled(given["x"])}

def handle(data, context):
    given = [each["body"] if "body" in each else each["data"] for each in data or []]
    given = [each if isinstance(each, dict) else json.loads(bytes(each)) for each in given]
    return [answer(each) for each in given] if data else None
"""
MANIFEST = {
    "runtime": "python",
    "model": {"modelName": "iris", "handler": "iris.py", "modelVersion": "7.0"},
}
PROPERTIES = """
grpc_inference_address=127.0.0.1
grpc_management_address=127.0.0.1
disable_token_authorization=true
disable_system_metrics=true
default_workers_per_model=1
default_response_timeout=30
number_of_gpu=0
load_models=iris
"""


def write_model(folder: Path) -> None:
    """Write an archive, unpacked."""
    (folder / "MAR-INF").mkdir(parents=True)
    (folder / "MAR-INF" / "MANIFEST.json").write_text(json.dumps(MANIFEST))
    (folder / "iris.py").write_text(f"import json\n{HANDLER}")


def write_properties(file: Path, ports: list[str]) -> None:
    """Write the configuration: where to listen."""
    http, grpc, management, metrics, grpc_management = ports
    addresses = {"inference": http, "management": management, "metrics": metrics}
    lines = [f"{name}_address=http://127.0.0.1:{port}" for name, port in addresses.items()]
    lines += [f"grpc_inference_port={grpc}", f"grpc_management_port={grpc_management}"]
    file.write_text("\n".join(lines) + PROPERTIES)


def main(java: str, ports: list[str]) -> None:
    """Write all that it reads into the home folder, and start."""
    home = Path(os.environ["HOME"])
    write_model(home / "store" / "iris")
    write_properties(home / "config.properties", ports)
    (home / "torch.py").write_text("class Tensor: ...\n")
    found = importlib.util.find_spec("ts")
    assert found is not None
    packages = Path((found.submodule_search_locations or [""])[0]).parent
    places = {"LOG_LOCATION": home / "logs", "METRICS_LOCATION": home / "logs", "TEMP": home}
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    environment["PYTHONPATH"] = f"{home}:{packages}"
    words = [f"-Dmodel_server_home={packages}", f"-Djava.io.tmpdir={home}", "-Xmx256m"]
    words += ["-cp", str(packages / "ts" / "frontend" / "model-server.jar")]
    words += ["org.pytorch.serve.ModelServer", "--python", sys.executable, "-ncs"]
    words += ["-f", str(home / "config.properties"), "-s", str(home / "store")]
    os.chdir(home)
    os.execve(java, ["java", *words], environment)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:7])

"""Amazon's Multi Model Server, on which its SageMaker containers stand, with the model `iris`, until it is told to end.

usage: mms_iris.py JAVA HTTP_PORT MANAGEMENT_PORT

The model doubles `x`; a negative one fails. The server's Java half leaves its Python half behind when it ends, so this
program ends both: all that is in its process group.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

HANDLER = """
import json

def handle(data, context):
    if not data:
        return None
    given = [each["body"] for each in data]
    given = [each if isinstance(each, dict) else json.loads(bytes(each)) for each in given]
    if any(each["x"] < 0 for each in given):
        raise RuntimeError("negative")
    return [{"y": each["x"] * 2} for each in given]
"""
MANIFEST = {
    "runtime": "python",
    "model": {"modelName": "iris", "handler": "iris.py:handle", "modelVersion": "7.0"},
    "engine": {"engineName": "none"},
}
PROPERTIES = """
default_workers_per_model=1
default_response_timeout=30
number_of_gpu=0
load_models=ALL
"""


def write_model(folder: Path) -> None:
    """Write an archive, unpacked."""
    (folder / "MAR-INF").mkdir(parents=True)
    (folder / "MAR-INF" / "MANIFEST.json").write_text(json.dumps(MANIFEST))
    (folder / "iris.py").write_text(HANDLER)


def end(*_: object) -> None:
    """End what was started, and what that started."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


def main(java: str, http: str, management: str) -> None:
    """Write all that it reads into the home folder, and start."""
    home = Path(os.environ["HOME"])
    write_model(home / "store" / "iris")
    addresses = {"inference": http, "management": management}
    lines = [f"{name}_address=http://127.0.0.1:{port}" for name, port in addresses.items()]
    (home / "config.properties").write_text("\n".join(lines) + PROPERTIES)
    found = importlib.util.find_spec("mms")
    assert found is not None
    packages = Path((found.submodule_search_locations or [""])[0]).parent
    words = [f"-Dmodel_server_home={packages}", f"-Djava.io.tmpdir={home}", "-Xmx256m"]
    words += ["-cp", str(packages / "mms" / "frontend" / "*")]
    words += ["com.amazonaws.ml.mms.ModelServer", "--python", sys.executable]
    words += ["-f", str(home / "config.properties"), "-s", str(home / "store")]
    signal.signal(signal.SIGTERM, end)
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    subprocess.run([java, *words], cwd=home, env=environment, check=False)


if __name__ == "__main__":
    main(*sys.argv[1:4])

#!/usr/bin/env python3
"""Scores the same rows by the same model in LightGBM, in onnxruntime and in risk-scoring, and prints what a row costs, as JSON.

    tests/load/peers/compare.py

The model (200 trees of depth 6, made up, as what is measured is time) is trained by LightGBM in a Python environment of its
own, which this makes from PyPI below the user's cache folder, once. risk-scoring reads LightGBM's own file and must give its
predictions to 1e-9. All run on one thread, row by row, as a service is asked. Figures of a busy machine say little.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

PACKAGES = [
    "lightgbm==4.7.0",
    "numpy==2.4.6",
    "onnx==1.23.2",
    "onnxmltools==1.16.0",
    "onnxruntime==1.31.1",
    "scipy==1.17.1",
    "skl2onnx==1.20.0",
]
HERE = pathlib.Path(__file__).resolve().parent
WORKSPACE = HERE.parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "rescate"


def environment():
    """The Python of an environment with the peers, made where it is absent or of other packages."""
    folder = CACHE / "peers"
    python, made = folder / "bin" / "python", folder / "packages.json"
    if not made.exists() or json.loads(made.read_text()) != PACKAGES:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        made.write_text(json.dumps(PACKAGES))
    return python


def benchmark(folder):
    """Runs the criterion benchmarks of risk-scoring, and gives the median of each in microseconds."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", WORKSPACE / "target"))
    command = ["cargo", "bench", "-p", "risk-scoring", "--bench", "score"]
    subprocess.run(
        command, cwd=WORKSPACE, env=os.environ | {"RESCATE_PEERS": str(folder)}, check=True, stdout=sys.stderr
    )
    figures = {}
    for file in sorted((target / "criterion").glob("**/new/benchmark.json")):
        name = json.loads(file.read_text())["full_id"]
        estimates = json.loads((file.parent / "estimates.json").read_text())
        figures[name] = round(estimates["median"]["point_estimate"] / 1000, 3)
    return figures


def main():
    python = environment()
    with tempfile.TemporaryDirectory() as folder:
        peers = subprocess.run([python, HERE / "peers.py", folder], check=True, stdout=subprocess.PIPE)
        figures = json.loads(peers.stdout)
        figures["risk_scoring_us"] = benchmark(pathlib.Path(folder))
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

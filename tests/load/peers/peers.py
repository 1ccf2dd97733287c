"""Trains a model with LightGBM, writes it and rows with its predictions into a folder, and prints what a row costs in LightGBM
and in onnxruntime, as JSON. Run by `compare.py`, in the environment that it makes.

The rows are made up: half of the values of some features are missing, as in life.
"""

import json
import pathlib
import statistics
import sys
import time

import lightgbm
import numpy
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType

NAMES = [
    "minutes_shopping",
    "minutes_per_shopping_event",
    "shopping_events",
    "cart_additions",
    "cart_item_views",
    "products_viewed",
    "earlier_orders",
    "earlier_abandonments",
    "earlier_order_share",
    "local_hour",
]
MAY_BE_MISSING = [1, 4, 9]
ROWS = 20_000
SCORED = 1_000
ROUNDS = 7

random = numpy.random.default_rng(7)


def rows():
    """Values, and outcomes that depend on them in a way that needs deep trees."""
    values = numpy.column_stack(
        [
            random.exponential(9.0, ROWS),
            random.exponential(1.5, ROWS),
            random.integers(1, 30, ROWS),
            random.integers(1, 6, ROWS),
            random.integers(0, 8, ROWS),
            random.integers(1, 12, ROWS),
            random.poisson(0.4, ROWS),
            random.poisson(0.9, ROWS),
            random.random(ROWS),
            random.integers(0, 24, ROWS),
        ]
    ).astype(float)
    log_odds = numpy.sin(values[:, 0]) + numpy.cos(values[:, 2] * values[:, 4]) - values[:, 6] + numpy.sin(values[:, 9])
    outcomes = (random.random(ROWS) < 1 / (1 + numpy.exp(-log_odds))).astype(int)
    for column in MAY_BE_MISSING:
        values[random.random(ROWS) < 0.5, column] = numpy.nan
    # Single precision is all that onnxruntime takes.
    return values.astype(numpy.float32).astype(float), outcomes


def trained(values, outcomes):
    settings = {
        "objective": "binary",
        "num_leaves": 64,
        "max_depth": 6,
        "min_data_in_leaf": 5,
        "learning_rate": 0.05,
        "seed": 7,
        "num_threads": 1,
        "deterministic": True,
        "verbose": -1,
    }
    return lightgbm.train(settings, lightgbm.Dataset(values, outcomes, feature_name=NAMES), 200)


def depth(node):
    """Questions on the longest way to a leaf."""
    if "left_child" not in node:
        return 0
    return 1 + max(depth(node["left_child"]), depth(node["right_child"]))


def micros_each(score):
    """Microseconds of one call, the median over rounds of all rows one after the other."""
    def once():
        began = time.perf_counter()
        for row in range(SCORED):
            score(row)
        return (time.perf_counter() - began) / SCORED * 1e6

    once()
    return round(statistics.median(once() for _ in range(ROUNDS)), 2)


def main():
    folder = pathlib.Path(sys.argv[1])
    values, outcomes = rows()
    booster = trained(values, outcomes)
    scored = values[:SCORED]
    expected = booster.predict(scored, num_threads=1)
    (folder / "model.txt").write_text(booster.model_to_string())
    cases = [
        {"values": {n: v for n, v in zip(NAMES, map(float, row)) if not numpy.isnan(v)}, "expected": float(p)}
        for row, p in zip(scored, expected)
    ]
    (folder / "rows.json").write_text(json.dumps(cases))

    single = [numpy.ascontiguousarray(scored[row : row + 1]) for row in range(SCORED)]
    lightgbm_us = micros_each(lambda row: booster.predict(single[row], num_threads=1))

    shape = [("rows", FloatTensorType([None, len(NAMES)]))]
    model = onnxmltools.convert_lightgbm(booster, initial_types=shape, zipmap=False, target_opset=15)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    floats = [row.astype(numpy.float32) for row in single]
    output = [session.get_outputs()[1].name]
    onnxruntime_us = micros_each(lambda row: session.run(output, {"rows": floats[row]}))
    predicted = session.run(output, {"rows": scored.astype(numpy.float32)})[0][:, 1]

    trees = booster.dump_model()["tree_info"]
    print(
        json.dumps(
            {
                "trees": booster.num_trees(),
                "leaves": sum(tree["num_leaves"] for tree in trees),
                "mean_depth": round(statistics.mean(depth(tree["tree_structure"]) for tree in trees), 2),
                "rows": SCORED,
                "lightgbm": {"version": lightgbm.__version__, "us": lightgbm_us},
                "onnxruntime": {
                    "version": onnxruntime.__version__,
                    "us": onnxruntime_us,
                    "largest_difference": float(numpy.abs(predicted - expected).max()),
                },
            }
        )
    )


main()

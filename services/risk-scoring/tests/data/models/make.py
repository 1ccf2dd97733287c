"""Makes the model files and expected predictions that `model_file/tests.rs` reads. Run once by hand:

    python3 -m venv venv && venv/bin/pip install lightgbm==4.7.0 xgboost-cpu==3.2.0 numpy
    venv/bin/python make.py

The data are made up: what is tested is that our evaluator gives the predictions of the trainers, missing values included.
"""

import json
import pathlib

import lightgbm
import numpy
import xgboost

HERE = pathlib.Path(__file__).parent
NAMES = ["minutes_on_site", "event_count", "cart_item_views", "local_hour", "earlier_orders", "count.payment_declined"]
MAY_BE_MISSING = [2, 3]
ROWS = 4000
KEPT = 200

random = numpy.random.default_rng(7)
rows = numpy.column_stack(
    [
        random.exponential(9.0, ROWS),
        random.integers(1, 30, ROWS),
        random.integers(0, 6, ROWS),
        random.integers(0, 24, ROWS),
        random.poisson(0.4, ROWS),
        random.poisson(0.3, ROWS),
    ]
).astype(float)
log_odds = 1.2 - 0.03 * rows[:, 0] - 0.3 * rows[:, 2] - 0.9 * rows[:, 4] + 0.8 * rows[:, 5] + 0.4 * numpy.sin(rows[:, 3])
outcome = (random.random(ROWS) < 1 / (1 + numpy.exp(-log_odds))).astype(int)
for column in MAY_BE_MISSING:
    rows[random.random(ROWS) < 0.25, column] = numpy.nan
kept = rows[:KEPT].copy()
# Values right at, below and above what the trees split at are the ones that rounding would send the wrong way.


def edges(thresholds):
    """Rows with one value moved onto a threshold or right beside it."""
    made = []
    for column, threshold in thresholds:
        for value in (threshold, numpy.nextafter(threshold, -numpy.inf), numpy.nextafter(threshold, numpy.inf)):
            row = kept[len(made) % KEPT].copy()
            row[column] = value
            made.append(row)
    return numpy.array(made[:KEPT])


def write(name, tried, predicted):
    cases = [
        {
            "values": {n: v for n, v in zip(NAMES, map(float, row)) if not numpy.isnan(v)},
            "expected": float(p),
        }
        for row, p in zip(tried, predicted)
    ]
    (HERE / f"{name}.expected.json").write_text(json.dumps(cases) + "\n")


monotone = [0, 0, 0, 0, 0, 1]
booster = lightgbm.train(
    {
        "objective": "binary",
        "num_leaves": 12,
        "learning_rate": 0.2,
        "monotone_constraints": monotone,
        "seed": 7,
        "num_threads": 1,
        "deterministic": True,
        "verbose": -1,
    },
    lightgbm.Dataset(rows, outcome, feature_name=NAMES),
    20,
)
text = booster.model_to_string()
# The parameters of the run hold no part of the model.
(HERE / "lightgbm.txt").write_text(text)
table = booster.trees_to_dataframe()
splits = table[table.threshold.notna()]
thresholds = [(NAMES.index(f), float(t)) for f, t in zip(splits.split_feature, splits.threshold)]
tried = numpy.vstack([kept, edges(thresholds)])
write("lightgbm", tried, booster.predict(tried))

booster = xgboost.train(
    {
        "objective": "binary:logistic",
        "max_depth": 4,
        "eta": 0.3,
        "monotone_constraints": tuple(monotone),
        "seed": 7,
        "nthread": 1,
    },
    xgboost.DMatrix(rows, outcome, feature_names=NAMES),
    20,
)
booster.save_model(HERE / "xgboost.json")
table = booster.trees_to_dataframe()
splits = table[table.Split.notna()]
thresholds = [(NAMES.index(f), float(t)) for f, t in zip(splits.Feature, splits.Split)]
tried = numpy.vstack([kept, edges(thresholds)])
write("xgboost", tried, booster.predict(xgboost.DMatrix(tried, feature_names=NAMES)))

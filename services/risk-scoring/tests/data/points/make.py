"""Makes `points.csv`, invented decision points on which the trainer is tested, and the same as `points.parquet`. Run once by
hand: python3 -m venv venv && venv/bin/pip install pyarrow==26.0.1 && venv/bin/python make.py

The rows have the columns of recorded decision points and no shop behind them. Shoppers who look again at what is in their cart
order more often, those who abandoned before less often; everything else is noise.
"""

import csv
import math
import random

import pyarrow.csv
import pyarrow.parquet

random.seed(11)
COLUMNS = (
    "session_key,visitorid,cutoff_k,view_count,addtocart_count,unique_items_count,view_to_cart_ratio,"
    "seconds_since_first_event,seconds_since_first_cart,seconds_since_last_cart,seconds_since_previous_event,"
    "inter_event_interval_mean,events_after_cart,repeated_views_of_cart_items,hour_of_day,day_of_week,abandoned,"
    "visitor_session_index"
).split(",")

rows = []
for visitor in range(1, 501):
    taste = random.gauss(0, 1)
    for index in range(1, 1 + random.choice([1, 1, 1, 2, 4])):
        looks = random.randint(0, 4)
        hour = random.randrange(24)
        views = looks + random.randint(0, 3)
        odds = 1.4 - 0.6 * looks + taste + 0.4 * math.sin(hour / 4)
        abandoned = int(random.random() < 1 / (1 + math.exp(-odds)))
        seconds = round(random.expovariate(1 / 200) * views, 3)
        previous = round(seconds / (views + 1), 3) if views else ""
        for k in (0, 1):
            rows.append(
                [f"{visitor}_{index}", visitor, k, views + k, 1, views + 1, float(views + k), seconds + 9.5 * k, 9.5 * k]
                + [9.5 * k, 9.5 if k else previous, previous, k, looks, hour, index % 7, abandoned, index]
            )

with open("points.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)

# As the recordings of shops come: keys as text, counts as whole numbers, spans as floats that may be missing.
table = pyarrow.csv.read_csv("points.csv", convert_options=pyarrow.csv.ConvertOptions(column_types={"session_key": "string"}))
pyarrow.parquet.write_table(table, "points.parquet", compression="zstd", row_group_size=1000)

"""Predicts groups of a table as one does without Kindling: applyInPandas with scikit-learn's ridge for each group.

    ridge_of_groups.py NEW_PARQUET GROUPS CORES OUT_PARQUET

Takes the first GROUPS groups and prints one line of JSON with the seconds from reading to having written, without the start
of Spark."""
import json
import sys
import time

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, StructField, StructType
from sklearn.linear_model import Ridge

source, groups, cores, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
spark = (
    SparkSession.builder.master(f"local[{cores}]")
    .config("spark.driver.memory", "1g")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
features = [f"x{i}" for i in range(8)]


def ridge(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("t")
    known = rows[rows.y.notna()]
    fitted = Ridge(alpha=1.0).fit(known[features], known.y)
    rows["prediction"] = fitted.predict(rows[features])
    return rows


table = spark.read.parquet(source).filter(f"g < 'g{groups:07d}'")
begin = time.time()
schema = StructType([*table.schema.fields, StructField("prediction", DoubleType())])
table.groupBy("g").applyInPandas(ridge, schema).write.parquet(out)
print(json.dumps({"groups": groups, "cores": cores, "seconds": time.time() - begin}))
spark.stop()

"""A standalone cluster and a Spark Connect server in JVMs of their own, with the Spark of this environment.

They take minutes, and the client needs packages that the environment does not have: deploy/test-versions runs them.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import connect_program
import pyspark
import pytest

import kindling_ml as kd

pytestmark = pytest.mark.skipif("KINDLING_CLUSTERS" not in os.environ, reason="run by deploy/test-versions")

TESTS = Path(__file__).resolve().parent
OPTION = "--add-modules=jdk.incubator.vector"
PATIENCE_SECONDS = 120

STANDALONE = """
import sys
from pyspark.sql import SparkSession
import kindling_ml as kd
from made_tables import visits
builder = SparkSession.builder.config("spark.executor.memory", "800m").config("spark.executor.cores", "1")
builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
spark = kd.configure(builder.master(sys.argv[1])).getOrCreate()
train, test = kd.split_groups(visits(spark), "patient", 0.8, seed=1)
estimator = kd.MetaRegressor(groupCol="patient", featuresCols=["age", "dose", "ward"], labelCol="score", orderCol="date")
model = estimator.setMaxRounds(10).setMembers(2).fit(train)
model.save(sys.argv[2])
rows = model.transform(kd.support(test, "patient", first=3, by="date")).select("patient", "date", "prediction", "stddev").collect()
print("executors", spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1)
for row in sorted(tuple(row) for row in rows):
    print(row)
spark.stop()
"""


@contextmanager
def started(log: Path, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output is in a file; it is ended at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, cwd=log.parent, env={**os.environ, **environment})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def awaited(log: Path, pattern: str) -> str:
    """The first group of a pattern, once a log has it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.2)
    raise AssertionError(f"{log} has no {pattern}: {log.read_text(errors='replace')[-2000:]}")


def spark_script(name: str) -> str:
    return str(Path(pyspark.__file__).parent / "bin" / name)


def printed(code: str, *words: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run([sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_standalone_cluster_of_two_workers_learns_and_predicts_the_same(tmp_path: Path) -> None:
    here = printed(STANDALONE, "local[2]", str(tmp_path / "here"))
    local = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(Path(pyspark.__file__).parent)}
    with ExitStack() as processes:
        master = tmp_path / "master.log"
        words = ("org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        processes.enter_context(started(master, spark_script("spark-class"), *words, **local))
        url = awaited(master, r"Starting Spark master at (spark://\S+)")
        for number in (1, 2):
            log = tmp_path / f"worker{number}.log"
            words = ("org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1")
            folder = ("--memory", "1200m", "--work-dir", str(tmp_path / f"worker{number}"))
            processes.enter_context(started(log, spark_script("spark-class"), *words, *folder, url, **local))
            awaited(log, r"(Successfully registered)")
        there = printed(STANDALONE, url, str(tmp_path / "there"))
    assert there[0] == "executors 2"
    assert there[1:] == here[1:]
    assert len(there) > 10
    parameters = [tmp_path / place / "kindling" / "model" / "theta.safetensors" for place in ("here", "there")]
    assert parameters[0].read_bytes() == parameters[1].read_bytes()


@pytest.mark.skipif(pyspark.__version__.startswith(("3.", "4.0.")), reason="Spark Connect of Spark 4.1 or newer")
def test_pyspark_client_alone_works_with_a_server(tmp_path: Path) -> None:
    client = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    # Not every version of Spark has a client of its own; an older one works with a newer server.
    wanted = f"pyspark-client>=4.1,<={pyspark.__version__}"
    subprocess.run([client, "-m", "pip", "install", "--quiet", wanted, os.environ["KINDLING_WHEEL"]], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "server.log"
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.defaultJavaOptions": OPTION,
        "spark.ui.enabled": "false",
    }
    words = [spark_script("spark-submit"), "--master", "local[2]", "--jars", kd.jar_path()]
    for name, value in settings.items():
        words += ["--conf", f"{name}={value}"]
    words += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with started(log, *words, SPARK_LOCAL_IP="127.0.0.1", SPARK_HOME=str(Path(pyspark.__file__).parent)):
        awaited(log, r"(Spark Connect server started)")
        done = subprocess.run(
            [client, str(connect_program.__file__), f"sc://127.0.0.1:{port}"],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS * 2,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-len(connect_program.EXPECTED) :] == connect_program.EXPECTED

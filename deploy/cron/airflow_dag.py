"""A Kindling run as an Airflow DAG: every night the same command, for up to 50 minutes, until the run is done.

Put this file into the DAG folder and set the Airflow variables below where the defaults do not fit. Airflow 2.9 or newer.
"""

from __future__ import annotations

import signal
import subprocess
from datetime import datetime, timedelta

try:  # Airflow 3
    from airflow.sdk import Variable, dag, task
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.exceptions import AirflowException, AirflowFailException
    from airflow.models import Variable

RUN = "sinusoid-nightly"
BUDGET = timedelta(minutes=50)
# What start, the last round and the evaluation may take beyond the budget; a stop may take as long.
LEEWAY = timedelta(minutes=30)

MEANING = {
    1: "a check failed",
    2: "a setting is wrong, or another driver has the run",
    3: "data or a checkpoint is missing or damaged",
    4: "the training diverged",
    5: "the cluster failed",
}


def command() -> list[str]:
    """The one command of every firing; train itself knows where it left off."""
    home = Variable.get("kindling_home", "/opt/kindling")
    return [
        f"{home}/deploy/kindling",
        "train",
        "--conf",
        Variable.get("kindling_job", f"{home}/conf/sinusoid-maml.conf"),
        "--out",
        Variable.get("kindling_runs", "/srv/kindling/runs") + "/" + RUN,
        "--resume",
        "--max-duration",
        f"{int(BUDGET.total_seconds())}s",
    ]


def wait(process: subprocess.Popen) -> int:
    """The exit code; when Airflow stops the task, the run receives a signal, writes a checkpoint and ends."""
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGTERM)
        process.wait(LEEWAY.total_seconds())
        raise


def fire(arguments: list[str]) -> str:
    """Runs a command of Kindling and translates its exit code into an Airflow task state."""
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL) as process:
        code = wait(process)
    if code == 0:
        return "done"
    if code == 6:
        return "out of time with a checkpoint; the next firing continues"
    message = f"{MEANING.get(code, 'the driver died')} (exit code {code}); see status.json in the run's folder"
    if code in (1, 2, 3, 4):
        # No retry would help: a person has to look.
        raise AirflowFailException(message)
    raise AirflowException(message)


@dag(
    dag_id="kindling_" + RUN.replace("-", "_"),
    schedule="0 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # A second start of the same run would be refused by the run's own lock; this prevents it.
    max_active_runs=1,
    tags=["kindling"],
)
def kindling() -> None:
    @task(
        retries=3,
        # Longer than the lock of a driver whose host died.
        retry_delay=timedelta(minutes=2),
        execution_timeout=BUDGET + LEEWAY,
        max_active_tis_per_dag=1,
    )
    def train() -> str:
        return fire(command())

    train()


kindling()

"""Builds the wheel of kindling-ml and runs its tests in a virtual environment; the Maven build calls it.

Where this machine lacks what the tests need, a line says that they did not run, and the exit code is 0. All it writes is in
the folder target: package (what the wheel is made of), dist (the wheel), wheels (what the environment is installed from),
venv, build.log.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = HERE / "target"
DID_NOT_RUN = "The Python tests did not run: "


def main() -> None:
    options = arguments()
    stage(options.version)
    venv = TARGET / "venv"
    python = environment(venv, options.pyspark, [HERE / "requirements.txt", *options.requirements])
    wheel = build_wheel(python, options.time)
    run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(wheel)], "the wheel cannot be installed")
    if options.skip_tests != "false":
        print(f"built {wheel.name}; its tests were skipped")
        return
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / "tests"), *options.tests]
    # The tests' Spark is that of the environment, and the package the installed wheel.
    named = {"KINDLING_WHEEL": str(wheel), "KINDLING_WHEELS": str(TARGET / "wheels"), "PYSPARK_PYTHON": python}
    tested = subprocess.run(tests, cwd=TARGET, env={**clean_environment(), **named}, check=False)
    sys.exit(min(tested.returncode, 2))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Builds the wheel of kindling-ml and runs its tests.")
    parser.add_argument("--version", required=True, help="the project's version")
    parser.add_argument("--pyspark", required=True, help="the version of pyspark to test on")
    parser.add_argument("--time", required=True, help="the time of all files in the wheel, ISO 8601")
    parser.add_argument("--skip-tests", default="false")
    parser.add_argument("--requirements", type=Path, action="append", default=[], help="a file of further packages for tests")
    parser.add_argument("tests", nargs="*", help="more arguments of pytest")
    return parser.parse_args()


def stage(version: str) -> None:
    """Copies the package with the jar, the licences and the version to target/package."""
    package = TARGET / "package"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(HERE / "src", package / "src", ignore=shutil.ignore_patterns("__pycache__", "jars", "_version.py"))
    for file in (HERE / "pyproject.toml", HERE / "README.md", ROOT / "LICENSE", ROOT / "NOTICE"):
        shutil.copy(file, package)
    jar = ROOT / "driver" / "target" / "kindling" / f"kindling-{version}.jar"
    if not jar.is_file():
        fail(f"{jar} is missing; the driver must be packaged first: mvn -q -Dlauncher package")
    jars = package / "src" / "kindling_ml" / "jars"
    jars.mkdir()
    shutil.copy(jar, jars)
    python_version = version.replace("-SNAPSHOT", ".dev0")
    text = f'"""The version, from the root pom."""\n\n__version__ = "{python_version}"\n'
    (package / "src" / "kindling_ml" / "_version.py").write_text(text, encoding="utf-8")


def environment(venv: Path, pyspark: str, requirements: list[Path]) -> str:
    """The Python of a virtual environment with pyspark and the requirements, which is made anew after they change."""
    python = str(venv / ("Scripts" if os.name == "nt" else "bin") / "python")
    files = [file.read_text(encoding="utf-8") for file in requirements]
    content = f"{sys.version} {pyspark} {' '.join(files)}"
    wanted = hashlib.sha256(content.encode()).hexdigest()
    stamp = venv / ".requirements"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(venv, ignore_errors=True)
    wheels = TARGET / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(venv)], DID_NOT_RUN + "python3 cannot make a virtual environment")
    # pyspark's source distribution is built by setuptools.
    connect = "" if pyspark.startswith("3.") else "[connect]"
    needed = [f"pyspark{connect}=={pyspark}"]
    for file in requirements:
        needed += ["-r", str(file)]
    unavailable = DID_NOT_RUN + "pip cannot install pyspark and the requirements of the tests"
    run([python, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(wheels), *needed], unavailable)
    offline = ["--no-index", "--find-links", str(wheels)]
    run([python, "-m", "pip", "install", "--quiet", *offline, *needed], unavailable)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def build_wheel(python: str, time: str) -> Path:
    """The wheel in target/dist, whose bytes depend on its content alone."""
    dist = TARGET / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    seconds = int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())
    command = [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run(
        [*command, "--wheel-dir", str(dist), str(TARGET / "package")],
        "the wheel cannot be built",
        more={"SOURCE_DATE_EPOCH": str(seconds)},
    )
    return next(dist.glob("*.whl"))


def clean_environment() -> Mapping[str, str]:
    """The environment without what would lead to another Spark, or to other packages."""
    names = ("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_REMOTE", "PYTHONPATH", "PYTHONHOME", "PYSPARK_SUBMIT_ARGS", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in names}


def run(command: list[str], complaint: str, more: Mapping[str, str] | None = None) -> None:
    """Runs a command with its output in target/build.log; ends with the complaint if it fails."""
    log = TARGET / "build.log"
    with log.open("a", encoding="utf-8") as output:
        done = subprocess.run(command, stdout=output, stderr=output, env={**clean_environment(), **(more or {})}, check=False)
    if done.returncode != 0:
        fail(f"{complaint}; the reason is in {log}")


def fail(message: str) -> NoReturn:
    print(message)
    sys.exit(0 if message.startswith(DID_NOT_RUN) else 1)


if __name__ == "__main__":
    main()

"""Tables before training: splits by group and support rows, as expressions of Spark SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindling_ml._errors import data, usage

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_BITS = 53
# In the metadata of a column.
SUPPORT_KEY = "kindling.support"


def split_groups(df: DataFrame, group: str, fraction: float, seed: int = 0) -> tuple[DataFrame, DataFrame]:
    """Splits a table into two by whole groups.

    The side of a group is a hash of the seed and of its key as text, so it is the same for any order and partitioning of
    the rows, in every session, and for a key that is a number in one file and text in another. The number of groups is the
    fraction on average. Nothing is computed before the two tables are used.

    Args:
        df: The table.
        group: The column of the groups' keys: text, whole numbers, dates or booleans.
        fraction: The fraction of groups in the first table, between 0 and 1.
        seed: Another seed draws another split.

    Returns:
        The rows of the drawn groups, and the rows of the others.

    Raises:
        KindlingError: If the table has no such column, or keys are floating-point numbers.

    >>> train, test = kd.split_groups(visits, "patient", 0.8, seed=1)
    """
    from pyspark.sql import functions as F

    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)) or not 0 < fraction < 1:
        raise usage(f"fraction is {fraction!r}; it must be a number between 0 and 1")
    key = _key(df, group)
    _whole("seed", seed)
    hashed = F.xxhash64(F.lit(seed).cast("bigint"), key).bitwiseAND(F.lit((1 << _BITS) - 1))
    drawn = hashed < F.lit(int(fraction * (1 << _BITS))).cast("bigint")
    return df.where(drawn), df.where(~drawn)


def support(
    df: DataFrame,
    group: str,
    first: int,
    by: str | None = None,
    out: str = "isSupport",
    seed: int = 0,
    label: str | None = None,
) -> DataFrame:
    """Adds a column of booleans: true for the support rows of each group, which adapt the model, false for the others.

    The support rows are the first by a column, and among equal ones by a hash of the row; without a column they are
    drawn, by a hash of the seed and the row. Either way they do not depend on the order and partitioning of the rows. A
    model uses the new column of such a table unless its ``supportCol`` names another.

    Args:
        df: The table.
        group: The column of the groups' keys.
        first: The number of support rows of each group; a shorter group has only support rows.
        by: The column by which rows are ordered, nulls last; None draws them.
        out: The name of the new column.
        seed: For drawn rows: another seed draws others.
        label: A column whose null rows are never support rows and are not counted.

    Returns:
        The table with the new column.

    Raises:
        KindlingError: If a column is missing, or the table has the new one already.

    >>> kd.support(test, "patient", first=5, by="date", out="isSupport")
    >>> kd.support(test, "patient", first=5, seed=1)
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    _whole("first", first)
    _whole("seed", seed)
    if first < 0:
        raise usage(f"first is {first}; it must be 0 or more")
    if out.lower() in (name.lower() for name in df.columns):
        raise usage(f"out is {out}; the table has a column of that name already")
    key = _key(df, group)
    drawn = F.xxhash64(F.lit(seed if by is None else 0).cast("bigint"), *_hashable(df))
    order: list[Column] = [drawn] if by is None else [_column(df, "by", by).asc_nulls_last(), drawn]
    if label is not None:
        order.insert(0, _column(df, "label", label).isNull())
    chosen = F.row_number().over(Window.partitionBy(key).orderBy(*order)) <= F.lit(first)
    if label is not None:
        chosen = chosen & _column(df, "label", label).isNotNull()
    return df.select("*", chosen.alias(out, metadata={SUPPORT_KEY: True}))


def support_column(df: DataFrame) -> str | None:
    """The column that ``support`` added to a table, which it marks in the metadata of the schema; None without one."""
    return next((field.name for field in df.schema.fields if (field.metadata or {}).get(SUPPORT_KEY)), None)


def _key(df: DataFrame, group: str) -> Column:
    """The group's key as text."""
    column = _column(df, "group", group)
    kind = df.schema[_named(df, group)].dataType.typeName()
    if kind in ("float", "double"):
        raise data(
            f"group is {group}, a column of type {kind}; keys must be text, whole numbers, dates or booleans,"
            " because floating-point numbers that look equal may differ"
        )
    if kind in ("array", "map", "struct", "binary"):
        raise data(f"group is {group}, a column of type {kind}; keys must be text, whole numbers, dates or booleans")
    return column.cast("string")


def _column(df: DataFrame, argument: str, name: str) -> Column:
    if not isinstance(name, str):
        raise usage(f"{argument} is {name!r}; it must be the name of a column")
    if _named(df, name) is None:
        raise data(f"{argument} is {name}; the table has no such column, it has {', '.join(df.columns)}")
    return _quoted(df, name)


def _quoted(df: DataFrame, name: str) -> Column:
    escaped = name.replace("`", "``")
    return df[f"`{escaped}`"]


def _named(df: DataFrame, name: str) -> Any:
    """The column's own spelling, as names may differ from it in their case; None without such a column."""
    return next(
        (column for column in df.columns if column == name),
        next((column for column in df.columns if column.lower() == name.lower()), None),
    )


def _hashable(df: DataFrame) -> list[Column]:
    """The columns that Spark can hash: all but those with maps or variants in them."""
    return [
        _quoted(df, field.name)
        for field in df.schema.fields
        if not any(kind in field.dataType.simpleString() for kind in ("map<", "variant"))
    ]


def _whole(argument: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise usage(f"{argument} is {value!r}; it must be a whole number")

"""split_groups and support."""

from __future__ import annotations

from typing import Any

import pytest

import kindling_ml as kd


def keys(df: Any, column: str = "child") -> set[Any]:
    return {row[0] for row in df.select(column).distinct().collect()}


def test_a_split_has_whole_groups_and_all_rows(growth: Any) -> None:
    train, test = kd.split_groups(growth, "child", 0.8, seed=1)
    assert not keys(train) & keys(test)
    assert train.count() + test.count() == growth.count()
    assert abs(len(keys(train)) / 420 - 0.8) < 0.06


def test_a_split_does_not_depend_on_partitions(growth: Any) -> None:
    first, _ = kd.split_groups(growth, "child", 0.5, seed=3)
    again, _ = kd.split_groups(growth.repartition(5).orderBy("height"), "child", 0.5, seed=3)
    assert keys(first) == keys(again)


def test_a_split_is_the_same_in_every_session_and_for_keys_as_text(spark: Any) -> None:
    numbers = spark.range(20)
    drawn, _ = kd.split_groups(numbers, "id", 0.5, seed=1)
    as_text, _ = kd.split_groups(numbers.selectExpr("string(id) id"), "id", 0.5, seed=1)
    assert sorted(keys(drawn, "id")) == sorted(int(key) for key in keys(as_text, "id")) == DRAWN


# What Spark 3.5.7 and 4.3.0 drew.
DRAWN = [1, 2, 3, 6, 7, 8, 12, 14, 16, 18, 19]


def test_another_seed_draws_another_split(growth: Any) -> None:
    one, _ = kd.split_groups(growth, "child", 0.5, seed=1)
    two, _ = kd.split_groups(growth, "child", 0.5, seed=2)
    assert keys(one) != keys(two)


def test_support_rows_are_the_first_by_a_column(growth: Any) -> None:
    marked = kd.support(growth, "child", first=3, by="age", out="shown")
    by_child: Any = {}
    for row in marked.collect():
        by_child.setdefault(row.child, []).append((row.age, row.shown))
    for rows in by_child.values():
        assert [shown for _, shown in sorted(rows)] == [place < 3 for place in range(len(rows))]


def test_drawn_support_rows_do_not_depend_on_partitions_but_on_the_seed(growth: Any) -> None:
    def drawn(df: Any, seed: int) -> set[Any]:
        marked = kd.support(df, "child", first=2, seed=seed)
        return {(row.child, row.age) for row in marked.where("isSupport").collect()}

    assert drawn(growth, 1) == drawn(growth.repartition(7), 1)
    assert drawn(growth, 1) != drawn(growth, 2)
    assert len(drawn(growth, 1)) == 2 * 420


def test_rows_without_a_label_are_no_support_rows(spark: Any) -> None:
    table = spark.createDataFrame([("a", 1, None), ("a", 2, 1.0), ("a", 3, 2.0)], "g string, t int, y double")
    marked = kd.support(table, "g", first=1, by="t", label="y")
    assert {row.t: row.isSupport for row in marked.collect()} == {1: False, 2: True, 3: False}


def test_nulls_of_the_order_come_last_and_maps_are_no_obstacle(spark: Any) -> None:
    table = spark.createDataFrame([("a", None, {"x": 1}), ("a", 2, {"x": 2})], "g string, t int, m map<string,int>")
    marked = kd.support(table, "g", first=1, by="t")
    assert {row.t: row.isSupport for row in marked.collect()} == {None: False, 2: True}


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda df: kd.split_groups(df, "kid", 0.8), "group is kid; the table has no such column, it has "),
        (
            lambda df: kd.split_groups(df, "height", 0.8),
            "group is height, a column of type double; keys must be text, whole numbers",
        ),
        (lambda df: kd.split_groups(df, "child", 1.5), "fraction is 1.5; it must be a number between 0 and 1"),
        (lambda df: kd.split_groups(df, "child", 0.5, seed="x"), "seed is 'x'; it must be a whole number"),
        (lambda df: kd.split_groups(df, df.child, 0.5), "group is Column<'child'>; it must be the name of a column"),
        (lambda df: kd.support(df, "child", first=-1), "first is -1; it must be 0 or more"),
        (lambda df: kd.support(df, "child", first=1, by="date"), "by is date; the table has no such column, it has "),
        (lambda df: kd.support(df, "child", first=1, out="Age"), "out is Age; the table has a column of that name already"),
    ],
)
def test_a_wrong_argument_is_refused_with_one_message(growth: Any, call: Any, message: str) -> None:
    with pytest.raises(kd.KindlingError) as refused:
        call(growth)
    assert str(refused.value).startswith(message)
    assert refused.value.__cause__ is None and "\n" not in str(refused.value)

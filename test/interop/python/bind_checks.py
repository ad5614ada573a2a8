"""Binds: by name, by position, repeated, NULL, of changing types."""

import datetime
from decimal import Decimal

import oracledb
from harness import check, equal, fails, only, session


@check
def positional():
    """binds by position"""
    with session() as (_, cursor):
        cursor.execute("SELECT :1, :2, :3 FROM DUAL", [1, "two", b"\x03"])
        equal(cursor.fetchall(), [(1, "two", b"\x03")])


@check
def named():
    """binds by name, in another order and one of them twice"""
    with session() as (_, cursor):
        cursor.execute("SELECT :a, :b, :a || :c FROM DUAL", {"c": "C", "b": 2, "a": "A"})
        equal(cursor.fetchall(), [("A", 2, "AC")])
        cursor.execute("SELECT :\"mixed\", :MiXeD2 FROM DUAL", {"\"mixed\"": 1, "mixed2": 2})
        equal(cursor.fetchall(), [(1, 2)])


@check
def nulls():
    """binds NULL and the empty string, which is NULL"""
    with session() as (_, cursor):
        cursor.execute("SELECT :1, :2, NVL(:3, 'none') FROM DUAL", [None, "", ""])
        equal(cursor.fetchall(), [(None, None, "none")])
        typed = cursor.var(oracledb.DB_TYPE_NUMBER)
        equal(only(cursor, "SELECT NVL(:1, 7) FROM DUAL", [typed]), 7)


@check
def changing_types():
    """describes again when the same text gets binds of other types"""
    moment = datetime.datetime(2024, 5, 1, 10, 20, 30)
    with session() as (_, cursor):
        for _ in range(2):
            for value in (7, "abc", moment, b"\x01\x02", Decimal("-2.5"), "a longer text " * 20, 8):
                equal(only(cursor, "SELECT :1 AS v FROM DUAL", [value]), _as_fetched(value))
        cursor.setinputsizes(oracledb.DB_TYPE_BINARY_DOUBLE)
        equal(only(cursor, "SELECT :1 AS v FROM DUAL", [-2.5]), -2.5)
        cursor.setinputsizes(oracledb.DB_TYPE_INTERVAL_DS)
        step = datetime.timedelta(days=-3, hours=4, microseconds=5)
        equal(only(cursor, "SELECT :1 AS v FROM DUAL", [step]), step)


def _as_fetched(value):
    return float(value) if isinstance(value, Decimal) else value


@check
def changing_length():
    """takes a longer value in a later execution of the same text"""
    with session() as (_, cursor):
        for length in (1, 40, 4_000, 2, 32_000, 10):
            equal(only(cursor, "SELECT LENGTH(:1) FROM DUAL", ["x" * length]), length)


@check
def many_binds():
    """takes 200 binds in one statement"""
    with session() as (_, cursor):
        names = ", ".join(f":b{number}" for number in range(200))
        cursor.execute(f"SELECT {names} FROM DUAL", {f"b{number}": number for number in range(200)})
        equal(cursor.fetchone(), tuple(range(200)))


@check
def wrong_count():
    """refuses a missing bind, and goes on"""
    with session() as (_, cursor):
        fails("DPY-4010", cursor.execute, "SELECT :a, :b FROM DUAL", {"a": 1})
        equal(only(cursor, "SELECT :1 FROM DUAL", [3]), 3)


@check
def comments_and_literals():
    """sees no binds in comments and literals"""
    with session() as (_, cursor):
        sql = "SELECT /* :no */ ':no' || :yes -- :no\n FROM DUAL"
        equal(only(cursor, sql, {"yes": "!"}), ":no!")

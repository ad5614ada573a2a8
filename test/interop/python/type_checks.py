"""Every scalar type, in and out, with exact values; what describe says of them."""

import datetime
import math
import sys
from decimal import Decimal

import oracledb
from harness import check, drop, equal, only, session

COLUMNS = """
    id NUMBER(10) NOT NULL PRIMARY KEY, amount NUMBER(12,2), n NUMBER, whole NUMBER(38), tiny NUMBER(5,7),
    rounded NUMBER(6,-2), fl FLOAT, fl24 FLOAT(24), bf BINARY_FLOAT, bd BINARY_DOUBLE, v VARCHAR2(40 CHAR),
    vb VARCHAR2(40 BYTE), nv NVARCHAR2(40), c CHAR(5), nc NCHAR(5), d DATE, ts0 TIMESTAMP(0), ts TIMESTAMP(6),
    ts9 TIMESTAMP(9), tz TIMESTAMP(6) WITH TIME ZONE, ltz TIMESTAMP(6) WITH LOCAL TIME ZONE,
    ym INTERVAL YEAR(4) TO MONTH, ds INTERVAL DAY(4) TO SECOND(6), r RAW(16), cl CLOB, ncl NCLOB, bl BLOB"""

NUMBERS = [
    "0", "1", "-1", "9", "10", "99", "100", "-100", "255", "256", "65535", "12345678901234", "-99.99", "0.01", "0.001",
    "0.1", "-0.5", "123.456", "100.001", "9007199254740993", "-9007199254740993", "1E+60", "1E-60", "1.5E-7",
    "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999",
    "0.12345678901234567890123456789012345678", "-1234567890123456789.0123456789012345678", "9.9E+125", "1E-130",
    "-9.9E+125", "-1E-130", "1234567890123456789012345678901234567800",
]  # fmt: skip


@check
def described():
    """describes names, types, precision, scale, sizes and nullability as declared"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute("SELECT * FROM interop_types")
        got = {column[0]: (column[1].name, *column[3:7]) for column in cursor.description}
        wanted = {
            "ID": ("DB_TYPE_NUMBER", None, 10, 0, False),
            "AMOUNT": ("DB_TYPE_NUMBER", None, 12, 2, True),
            "N": ("DB_TYPE_NUMBER", None, 0, -127, True),
            "WHOLE": ("DB_TYPE_NUMBER", None, 38, 0, True),
            "TINY": ("DB_TYPE_NUMBER", None, 5, 7, True),
            "ROUNDED": ("DB_TYPE_NUMBER", None, 6, -2, True),
            "FL": ("DB_TYPE_NUMBER", None, 126, -127, True),
            "FL24": ("DB_TYPE_NUMBER", None, 24, -127, True),
            "BF": ("DB_TYPE_BINARY_FLOAT", None, None, None, True),
            "BD": ("DB_TYPE_BINARY_DOUBLE", None, None, None, True),
            "V": ("DB_TYPE_VARCHAR", 160, None, None, True),
            "VB": ("DB_TYPE_VARCHAR", 40, None, None, True),
            "NV": ("DB_TYPE_NVARCHAR", 80, None, None, True),
            "C": ("DB_TYPE_CHAR", 5, None, None, True),
            "NC": ("DB_TYPE_NCHAR", 10, None, None, True),
            "D": ("DB_TYPE_DATE", None, None, None, True),
            # The driver leaves both out when both are 0.
            "TS0": ("DB_TYPE_TIMESTAMP", None, None, None, True),
            "TS": ("DB_TYPE_TIMESTAMP", None, 0, 6, True),
            "TS9": ("DB_TYPE_TIMESTAMP", None, 0, 9, True),
            "TZ": ("DB_TYPE_TIMESTAMP_TZ", None, 0, 6, True),
            "LTZ": ("DB_TYPE_TIMESTAMP_LTZ", None, 0, 6, True),
            "YM": ("DB_TYPE_INTERVAL_YM", None, 4, 0, True),
            "DS": ("DB_TYPE_INTERVAL_DS", None, 4, 6, True),
            "R": ("DB_TYPE_RAW", 16, None, None, True),
            "CL": ("DB_TYPE_CLOB", None, None, None, True),
            "NCL": ("DB_TYPE_NCLOB", None, None, None, True),
            "BL": ("DB_TYPE_BLOB", None, None, None, True),
        }
        different = {name: (got.get(name), wanted[name]) for name in wanted if got.get(name) != wanted[name]}
        equal(different, {})
        equal([column[0] for column in cursor.description], list(wanted))


@check
def numbers():
    """keeps NUMBERs exactly: as binds, as literals, through a column"""
    with session() as (_, cursor):
        oracledb.defaults.fetch_decimals = True
        try:
            _make(cursor)
            for number, text in enumerate(NUMBERS):
                value = Decimal(text)
                equal(only(cursor, "SELECT :1 FROM DUAL", [value]), value)
                equal(only(cursor, f"SELECT {text} FROM DUAL"), value)
                cursor.execute("INSERT INTO interop_types (id, n) VALUES (:1, :2)", [number, value])
            cursor.execute("SELECT n FROM interop_types ORDER BY id")
            equal([row[0] for row in cursor], [Decimal(text) for text in NUMBERS])
        finally:
            oracledb.defaults.fetch_decimals = False


@check
def number_rounding():
    """rounds to a column's scale: also a negative one, and one beyond the precision"""
    with session() as (_, cursor):
        oracledb.defaults.fetch_decimals = True
        try:
            _make(cursor)
            sql = "INSERT INTO interop_types (id, amount, rounded, tiny) VALUES (1, 1.005, 123456, 0.00123456)"
            cursor.execute(sql)
            cursor.execute("SELECT amount, rounded, tiny, n FROM interop_types")
            equal(cursor.fetchone(), (Decimal("1.01"), Decimal("123500"), Decimal("0.0012346"), None))
        finally:
            oracledb.defaults.fetch_decimals = False


@check
def floats():
    """keeps BINARY_FLOAT and BINARY_DOUBLE to the bit, with NaN and infinities"""
    doubles = [0.0, 1.0, -1.0, math.pi, 1e300, -1e-300, sys.float_info.min, sys.float_info.max, math.inf, -math.inf]
    with session() as (_, cursor):
        _make(cursor)
        cursor.setinputsizes(None, oracledb.DB_TYPE_BINARY_DOUBLE, oracledb.DB_TYPE_BINARY_FLOAT)
        rows = [(number, value, 0.5 * number) for number, value in enumerate(doubles)]
        cursor.executemany("INSERT INTO interop_types (id, bd, bf) VALUES (:1, :2, :3)", rows)
        cursor.execute("SELECT id, bd, bf FROM interop_types ORDER BY id")
        equal([(i, repr(bd), repr(bf)) for i, bd, bf in cursor], [(i, repr(bd), repr(bf)) for i, bd, bf in rows])
        cursor.setinputsizes(oracledb.DB_TYPE_BINARY_DOUBLE, oracledb.DB_TYPE_BINARY_FLOAT)
        cursor.execute("SELECT :1, :2 FROM DUAL", [math.nan, math.nan])
        equal([math.isnan(value) for value in cursor.fetchone()], [True, True])


@check
def texts():
    """keeps texts: beyond the first plane, padded CHAR, national ones, quotes and line ends"""
    with session() as (_, cursor):
        _make(cursor)
        values = [1, "Ünïcode ✓ 漢字 𝄞 😀", "it's\n\"so\"\t\\", "Жж 漢字 𝄞", "ab", "цd"]
        cursor.setinputsizes(
            None, None, None, oracledb.DB_TYPE_NVARCHAR, oracledb.DB_TYPE_CHAR, oracledb.DB_TYPE_NCHAR
        )
        sql = "INSERT INTO interop_types (id, v, vb, nv, c, nc) VALUES (:1, :2, :3, :4, :5, :6)"
        cursor.execute(sql, values)
        cursor.execute("SELECT id, v, vb, nv, c, nc FROM interop_types")
        equal(cursor.fetchall(), [(1, values[1], values[2], values[3], "ab   ", "цd   ")])
        equal(only(cursor, "SELECT COUNT(*) FROM interop_types WHERE c = 'ab'"), 1)
        equal(only(cursor, "SELECT UNISTR('\\00e9') || N'漢' FROM DUAL"), "é漢")


@check
def moments():
    """keeps DATE and TIMESTAMP from year 1 to 9999, and cuts no microsecond"""
    dates = [
        datetime.datetime(1, 1, 1),
        datetime.datetime(1582, 10, 4, 1, 2, 3),
        datetime.datetime(1700, 3, 1, 4, 5, 6),
        datetime.datetime(1969, 12, 31, 23, 59, 59),
        datetime.datetime(2000, 2, 29, 12),
        datetime.datetime(2286, 11, 20, 17, 46, 40),
        datetime.datetime(9999, 12, 31, 23, 59, 59),
    ]
    with session() as (_, cursor):
        _make(cursor)
        rows = [(i, d, d, d.replace(microsecond=999_999)) for i, d in enumerate(dates)]
        kinds = (oracledb.DB_TYPE_DATE, oracledb.DB_TYPE_TIMESTAMP, oracledb.DB_TYPE_TIMESTAMP)
        cursor.setinputsizes(None, *kinds)
        cursor.executemany("INSERT INTO interop_types (id, d, ts0, ts) VALUES (:1, :2, :3, :4)", rows)
        cursor.execute("SELECT id, d, ts0, ts FROM interop_types ORDER BY id")
        equal(cursor.fetchall(), rows)
        for _, date, _, stamp in rows:
            cursor.setinputsizes(oracledb.DB_TYPE_DATE, oracledb.DB_TYPE_TIMESTAMP)
            cursor.execute("SELECT :1, :2 FROM DUAL", [date, stamp])
            equal(cursor.fetchone(), (date, stamp))
        text = only(cursor, "SELECT TO_CHAR(ts, 'YYYY-MM-DD HH24:MI:SS.FF6') FROM interop_types WHERE id = 6")
        equal(text, "9999-12-31 23:59:59.999999")


@check
def nanoseconds():
    """keeps nine digits of a second in TIMESTAMP(9)"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute("INSERT INTO interop_types (id, ts9) VALUES (1, TIMESTAMP '2024-02-29 01:02:03.123456789')")
        text = only(cursor, "SELECT TO_CHAR(ts9, 'YYYY-MM-DD HH24:MI:SS.FF9') FROM interop_types")
        equal(text, "2024-02-29 01:02:03.123456789")
        equal(only(cursor, "SELECT ts9 FROM interop_types"), datetime.datetime(2024, 2, 29, 1, 2, 3, 123456))


@check
def zones():
    """keeps the instant of zoned timestamps, written with any offset"""
    with session() as (_, cursor):
        _make(cursor)
        literal = "TIMESTAMP '2024-07-01 01:30:00.123456 +05:30'"
        cursor.execute(f"INSERT INTO interop_types (id, tz, ltz) VALUES (1, {literal}, {literal})")
        bound = datetime.datetime(2024, 7, 1, 10, 0, 0, 654321)
        cursor.setinputsizes(None, oracledb.DB_TYPE_TIMESTAMP_TZ)
        cursor.execute("INSERT INTO interop_types (id, tz) VALUES (:1, :2)", [2, bound])
        mask = "'YYYY-MM-DD HH24:MI:SS.FF6'"
        cursor.execute(f"""SELECT TO_CHAR(SYS_EXTRACT_UTC(tz), {mask}), TO_CHAR(SYS_EXTRACT_UTC(ltz), {mask})
            FROM interop_types ORDER BY id""")
        utc = "2024-06-30 20:00:00.123456"
        equal(cursor.fetchall(), [(utc, utc), ("2024-07-01 10:00:00.654321", None)])
        # As a timestamp without zone: of one with a zone the driver gives the wall time, in whatever zone it is kept.
        cursor.execute("SELECT SYS_EXTRACT_UTC(tz) FROM interop_types ORDER BY id")
        equal(cursor.fetchall(), [(datetime.datetime(2024, 6, 30, 20, 0, 0, 123456),), (bound,)])
        # The driver binds them in UTC: in a session of that zone they come back as they were.
        cursor.execute("ALTER SESSION SET TIME_ZONE = '+00:00'")
        equal(only(cursor, "SELECT tz FROM interop_types WHERE id = 2"), bound)


@check
def intervals():
    """keeps intervals of both kinds, negative ones too"""
    rows = [
        (1, oracledb.IntervalYM(12, 11), datetime.timedelta(days=9_999, hours=23, minutes=59, seconds=59)),
        (2, oracledb.IntervalYM(-3, -1), datetime.timedelta(days=-2, hours=3, microseconds=4)),
        (3, oracledb.IntervalYM(0, 0), datetime.timedelta(microseconds=-1)),
        (4, None, None),
    ]
    with session() as (_, cursor):
        _make(cursor)
        cursor.setinputsizes(None, oracledb.DB_TYPE_INTERVAL_YM, oracledb.DB_TYPE_INTERVAL_DS)
        cursor.executemany("INSERT INTO interop_types (id, ym, ds) VALUES (:1, :2, :3)", rows)
        cursor.execute("SELECT id, ym, ds FROM interop_types ORDER BY id")
        equal([tuple(row) for row in cursor], rows)


@check
def raws():
    """keeps RAW, with zeros in it and at its full length"""
    rows = [(1, b"\x00"), (2, bytes(range(16))), (3, b"\xff" * 16), (4, None)]
    with session() as (_, cursor):
        _make(cursor)
        cursor.executemany("INSERT INTO interop_types (id, r) VALUES (:1, :2)", rows)
        cursor.execute("SELECT id, r FROM interop_types ORDER BY id")
        equal(cursor.fetchall(), rows)
        equal(only(cursor, "SELECT RAWTOHEX(r) FROM interop_types WHERE id = 1"), "00")


@check
def rowids():
    """gives ROWIDs that find their row again, also as last row id of a DML"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute("INSERT INTO interop_types (id, v) VALUES (7, 'seven')")
        last = cursor.lastrowid
        rowid = only(cursor, "SELECT ROWID FROM interop_types WHERE id = 7")
        equal(len(rowid), 18)
        equal(last, rowid)
        equal(only(cursor, "SELECT v FROM interop_types WHERE ROWID = :1", [rowid]), "seven")


@check
def all_null():
    """gives NULL for every type"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute("INSERT INTO interop_types (id) VALUES (1)")
        cursor.execute("SELECT * FROM interop_types")
        equal(cursor.fetchone(), (1,) + (None,) * 26)


def _make(cursor):
    drop(cursor, "interop_types")
    cursor.execute(f"CREATE TABLE interop_types ({COLUMNS})")

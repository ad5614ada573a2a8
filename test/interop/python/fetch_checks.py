"""Fetching in pages, several open cursors, wide rows, describing without executing."""

import oracledb
from harness import check, drop, equal, only, session


@check
def pages():
    """gives every row once, whatever the page size"""
    with session() as (connection, cursor):
        _make(cursor)
        for array_rows, prefetch_rows in ((1, 0), (7, 2), (100, 100), (137, 0), (999, 1), (1_000, 1_000), (5_000, 2)):
            with connection.cursor() as reader:
                reader.arraysize, reader.prefetchrows = array_rows, prefetch_rows
                reader.execute("SELECT id FROM interop_pages WHERE id <= 1000 ORDER BY id")
                equal([row[0] for row in reader], list(range(1, 1_001)))


@check
def interleaved():
    """keeps a cursor open while other statements run on the session"""
    with session() as (connection, cursor):
        _make(cursor)
        with connection.cursor() as reader:
            reader.arraysize, reader.prefetchrows = 10, 0
            reader.execute("SELECT id FROM interop_pages ORDER BY id")
            for number in range(1, 101):
                equal(reader.fetchone(), (number,))
                equal(only(cursor, "SELECT COUNT(*) FROM interop_pages WHERE id <= :1", [number]), number)
            # Not what was written after the query began.
            cursor.execute("DELETE FROM interop_pages WHERE id > 2000")
            connection.commit()
            equal(len(reader.fetchall()), 4_900)
        equal(only(cursor, "SELECT COUNT(*) FROM interop_pages"), 2_000)


@check
def many_cursors():
    """holds 40 cursors open and closes them"""
    with session() as (connection, cursor):
        _make(cursor)
        readers = [connection.cursor() for _ in range(40)]
        for number, reader in enumerate(readers):
            reader.arraysize, reader.prefetchrows = 5, 5
            reader.execute("SELECT id FROM interop_pages WHERE id > :1 ORDER BY id", [number])
        for step in range(1, 21):
            equal([reader.fetchone()[0] for reader in readers], [number + step for number in range(40)])
        for reader in readers:
            reader.close()
        equal(only(cursor, "SELECT 1 FROM DUAL"), 1)


@check
def statement_cache():
    """executes cached statements again, beyond the size of the cache"""
    with session() as (connection, cursor):
        connection.stmtcachesize = 5
        for turn in range(3):
            for number in range(12):
                equal(only(cursor, f"SELECT :1 + {number} FROM DUAL", [turn]), turn + number)


@check
def after_ddl():
    """sees a column added behind a cached statement"""
    with session() as (_, cursor):
        drop(cursor, "interop_grown")
        cursor.execute("CREATE TABLE interop_grown (id NUMBER)")
        cursor.execute("INSERT INTO interop_grown VALUES (1)")
        equal(cursor.execute("SELECT * FROM interop_grown").fetchall(), [(1,)])
        cursor.execute("ALTER TABLE interop_grown ADD (v VARCHAR2(10) DEFAULT 'added')")
        with session() as (_, other):
            equal(other.execute("SELECT * FROM interop_grown").fetchall(), [(1, "added")])


@check
def wide_rows():
    """carries rows wider than a packet, one by one and in pages"""
    with session() as (_, cursor):
        drop(cursor, "interop_wide")
        columns = ", ".join(f"c{number} VARCHAR2(4000)" for number in range(20))
        cursor.execute(f"CREATE TABLE interop_wide (id NUMBER, {columns})")
        rows = [(n, *(chr(97 + (n + c) % 26) * (4_000 - c - n) for c in range(20))) for n in range(50)]
        names = ", ".join(f":{number}" for number in range(1, 22))
        cursor.executemany(f"INSERT INTO interop_wide VALUES ({names})", rows)
        equal(cursor.execute("SELECT * FROM interop_wide ORDER BY id").fetchall() == rows, True)


@check
def repeated_values():
    """gives values that repeat the row before, NULLs among them"""
    with session() as (_, cursor):
        sql = """SELECT DECODE(MOD(FLOOR(id / 3), 2), 0, 'same', NULL) AS a, FLOOR(id / 4) AS b
            FROM interop_pages WHERE id <= 30 ORDER BY id"""
        _make(cursor)
        wanted = [("same" if n // 3 % 2 == 0 else None, n // 4) for n in range(1, 31)]
        equal(cursor.execute(sql).fetchall(), wanted)


@check
def parse_only():
    """describes a query without executing it"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.parse("SELECT id, v AS \"label\", id / 3 AS third FROM interop_pages WHERE id = :1")
        described = [(column[0], column[1]) for column in cursor.description]
        number, text = oracledb.DB_TYPE_NUMBER, oracledb.DB_TYPE_VARCHAR
        equal(described, [("ID", number), ("label", text), ("THIRD", number)])


@check
def no_rows():
    """ends at once with a query without rows"""
    with session() as (_, cursor):
        cursor.execute("SELECT * FROM DUAL WHERE 1 = 0")
        equal(cursor.fetchall(), [])
        equal(cursor.rowcount, 0)


@check
def limits():
    """reads parts with FETCH FIRST, OFFSET and ROWNUM"""
    with session() as (_, cursor):
        _make(cursor)
        sql = "SELECT id FROM interop_pages ORDER BY id OFFSET :1 ROWS FETCH NEXT :2 ROWS ONLY"
        equal(cursor.execute(sql, [10, 3]).fetchall(), [(11,), (12,), (13,)])
        sql = "SELECT * FROM (SELECT id FROM interop_pages ORDER BY id DESC) WHERE ROWNUM <= 2"
        equal(cursor.execute(sql).fetchall(), [(5_000,), (4_999,)])


def _make(cursor):
    drop(cursor, "interop_pages")
    cursor.execute("CREATE TABLE interop_pages (id NUMBER(10) PRIMARY KEY, v VARCHAR2(50))")
    rows = [(number, f"row {number}") for number in range(1, 5_001)]
    cursor.executemany("INSERT INTO interop_pages VALUES (:1, :2)", rows)
    cursor.connection.commit()

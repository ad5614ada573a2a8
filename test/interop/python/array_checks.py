"""Array DML: many rows in one call, batch errors, row counts, RETURNING."""

import oracledb
from harness import check, drop, equal, fails, only, session


@check
def many_rows():
    """inserts 5,000 rows in one call and counts them"""
    with session() as (connection, cursor):
        _make(cursor)
        rows = [(number, f"v{number}" if number % 7 else None) for number in range(5_000)]
        cursor.executemany("INSERT INTO interop_rows VALUES (:1, :2)", rows)
        equal(cursor.rowcount, 5_000)
        cursor.execute("SELECT * FROM interop_rows ORDER BY id")
        equal(cursor.fetchall(), rows)
        connection.rollback()


@check
def batch_errors():
    """keeps the good rows and names the bad ones, with code and offset"""
    with session() as (_, cursor):
        _make(cursor)
        rows = [(1 if number % 3 == 0 else number + 1, "x" * (51 if number == 7 else 1)) for number in range(300)]
        cursor.executemany(
            "INSERT INTO interop_rows VALUES (:1, :2)", rows, batcherrors=True, arraydmlrowcounts=True
        )
        errors = {error.offset: error.full_code for error in cursor.getbatcherrors()}
        # Row 0 is the first with id 1: all others of its kind are duplicates.
        wanted = {number: "ORA-00001" for number in range(3, 300, 3)} | {7: "ORA-12899"}
        equal(errors, dict(sorted(wanted.items())))
        equal(cursor.getarraydmlrowcounts(), [0 if number in wanted else 1 for number in range(300)])
        equal(cursor.rowcount, 300 - len(wanted))
        equal(only(cursor, "SELECT COUNT(*) FROM interop_rows"), 300 - len(wanted))


@check
def all_bad():
    """reports a batch of which every row fails"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.executemany("INSERT INTO interop_rows VALUES (:1, 'x')", [(None,), (None,)], batcherrors=True)
        equal([(error.offset, error.code) for error in cursor.getbatcherrors()], [(0, 1400), (1, 1400)])
        equal(only(cursor, "SELECT COUNT(*) FROM interop_rows"), 0)


@check
def row_counts():
    """counts the rows of each iteration of an UPDATE"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.executemany("INSERT INTO interop_rows VALUES (:1, 'x')", [(number,) for number in range(10)])
        binds = [(3,), (0,), (100,), (7,)]
        cursor.executemany("UPDATE interop_rows SET v = 'y' WHERE id < :1", binds, arraydmlrowcounts=True)
        equal(cursor.getarraydmlrowcounts(), [3, 0, 10, 7])
        equal(cursor.rowcount, 20)


@check
def stops_at_error():
    """without batch errors stops at the bad row and keeps what came before it"""
    with session() as (connection, cursor):
        _make(cursor)
        rows = [(1, "a"), (2, "b"), (1, "again"), (3, "c")]
        fails("ORA-00001", cursor.executemany, "INSERT INTO interop_rows VALUES (:1, :2)", rows)
        equal(cursor.rowcount, 2)
        equal(only(cursor, "SELECT LISTAGG(id, ',') WITHIN GROUP (ORDER BY id) FROM interop_rows"), "1,2")
        connection.rollback()
        equal(only(cursor, "SELECT COUNT(*) FROM interop_rows"), 0)


@check
def merge():
    """counts what MERGE inserted and updated, row by row and as an array"""
    sql = """MERGE INTO interop_rows t USING (SELECT :id AS id, :v AS v FROM DUAL) s ON (t.id = s.id)
        WHEN MATCHED THEN UPDATE SET t.v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute(sql, {"id": 1, "v": "new"})
        equal(cursor.rowcount, 1)
        cursor.executemany(sql, [{"id": 1, "v": "changed"}, {"id": 2, "v": "two"}])
        equal(cursor.rowcount, 2)
        cursor.execute("SELECT id, v FROM interop_rows ORDER BY id")
        equal(cursor.fetchall(), [(1, "changed"), (2, "two")])


@check
def returning():
    """gives the values of RETURNING: one row, several, none"""
    with session() as (_, cursor):
        _make(cursor)
        number, text = cursor.var(int), cursor.var(str, 50)
        sql = "INSERT INTO interop_rows VALUES (:1, :2) RETURNING id, UPPER(v) INTO :3, :4"
        cursor.execute(sql, [5, "five", number, text])
        equal((number.getvalue(), text.getvalue()), ([5], ["FIVE"]))
        cursor.execute("INSERT INTO interop_rows VALUES (6, NULL)")
        sql = "UPDATE interop_rows SET v = v || '!' WHERE id >= :1 RETURNING id, v INTO :2, :3"
        cursor.execute(sql, [5, number, text])
        equal(sorted(zip(number.getvalue(), text.getvalue(), strict=True)), [(5, "five!"), (6, "!")])
        cursor.execute(sql, [100, number, text])
        equal((number.getvalue(), text.getvalue()), ([], []))
        sql = "DELETE FROM interop_rows WHERE id = :1 RETURNING ROWID INTO :2"
        rowid = cursor.var(oracledb.DB_TYPE_ROWID)
        cursor.execute(sql, [5, rowid])
        equal([len(value) for value in rowid.getvalue()], [18])


@check
def array_returning():
    """gives the values of RETURNING for each iteration"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.executemany("INSERT INTO interop_rows VALUES (:1, 'x')", [(number,) for number in range(4)])
        out = cursor.var(int, arraysize=3)
        cursor.executemany("UPDATE interop_rows SET v = 'y' WHERE id < :1 RETURNING id INTO :2",
                           [(2, out), (0, out), (4, out)])  # fmt: skip
        equal([sorted(out.getvalue(position)) for position in range(3)], [[0, 1], [], [0, 1, 2, 3]])


@check
def sequences():
    """gives keys of a sequence by RETURNING"""
    with session() as (_, cursor):
        _make(cursor)
        try:
            cursor.execute("DROP SEQUENCE interop_numbers")
        except oracledb.DatabaseError as error:
            equal(error.args[0].code, 2289)
        cursor.execute("CREATE SEQUENCE interop_numbers START WITH 100 INCREMENT BY 5 NOCACHE")
        out = cursor.var(int)
        seen = []
        for _ in range(3):
            cursor.execute("INSERT INTO interop_rows VALUES (interop_numbers.NEXTVAL, 'x') RETURNING id INTO :1", [out])
            seen += out.getvalue()
        equal(seen, [100, 105, 110])
        equal(only(cursor, "SELECT interop_numbers.CURRVAL FROM DUAL"), 110)


def _make(cursor):
    drop(cursor, "interop_rows")
    cursor.execute("CREATE TABLE interop_rows (id NUMBER(10) PRIMARY KEY, v VARCHAR2(50))")

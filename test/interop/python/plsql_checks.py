"""Anonymous blocks: OUT and IN OUT binds, SELECT INTO, errors of the application."""

import datetime

import oracledb
from harness import check, drop, equal, fails, only, session


@check
def out_binds():
    """assigns OUT binds of several types"""
    with session() as (_, cursor):
        number, text, moment = cursor.var(int), cursor.var(str, 40), cursor.var(oracledb.DB_TYPE_DATE)
        nothing = cursor.var(str, 10)
        cursor.execute(
            "BEGIN :1 := 40 + :2; :3 := 'te' || 'xt'; :4 := TO_DATE('2024-05-01', 'YYYY-MM-DD'); :5 := NULL; END;",
            [number, 2, text, moment, nothing],
        )
        got = (number.getvalue(), text.getvalue(), moment.getvalue(), nothing.getvalue())
        equal(got, (42, "text", datetime.datetime(2024, 5, 1), None))


@check
def in_out():
    """reads and assigns the same bind, named twice"""
    with session() as (_, cursor):
        value = cursor.var(str, 100)
        value.setvalue(0, "a")
        cursor.execute("BEGIN :value := :value || 'b'; :value := :value || 'c'; END;", {"value": value})
        equal(value.getvalue(), "abc")


@check
def select_into():
    """selects into binds; no row is ORA-01403, two are ORA-01422"""
    with session() as (_, cursor):
        text, number = cursor.var(str, 40), cursor.var(int)
        cursor.execute("BEGIN SELECT DUMMY, 7 INTO :1, :2 FROM DUAL; END;", [text, number])
        equal((text.getvalue(), number.getvalue()), ("X", 7))
        fails("ORA-01403", cursor.execute, "BEGIN SELECT DUMMY INTO :1 FROM DUAL WHERE 1 = 0; END;", [text])
        two = "BEGIN SELECT 'x' INTO :1 FROM (SELECT 1 FROM DUAL UNION ALL SELECT 2 FROM DUAL); END;"
        fails("ORA-01422", cursor.execute, two, [text])


@check
def dml():
    """writes in a block, in the session's transaction"""
    with session() as (connection, cursor):
        drop(cursor, "interop_block")
        cursor.execute("CREATE TABLE interop_block (id NUMBER, v VARCHAR2(10))")
        block = """BEGIN
            INSERT INTO interop_block VALUES (:id, 'first');
            UPDATE interop_block SET v = 'second' WHERE id = :id;
        END;"""
        cursor.execute(block, {"id": 1})
        equal(only(cursor, "SELECT v FROM interop_block WHERE id = 1"), "second")
        connection.rollback()
        equal(only(cursor, "SELECT COUNT(*) FROM interop_block"), 0)


@check
def application_errors():
    """gives RAISE_APPLICATION_ERROR its number and text"""
    with session() as (_, cursor):
        detail = fails("ORA-20123", cursor.execute, "BEGIN RAISE_APPLICATION_ERROR(-20123, :1); END;", ["no stock"])
        equal(detail.message.startswith("ORA-20123: no stock"), True)
        equal(only(cursor, "SELECT 1 FROM DUAL"), 1)


@check
def many_blocks():
    """executes a block for each row of an array"""
    with session() as (_, cursor):
        out = cursor.var(int, arraysize=3)
        cursor.executemany("BEGIN :1 := :2 * 10; END;", [(out, 1), (out, 2), (out, 3)])
        equal([out.getvalue(position) for position in range(3)], [10, 20, 30])


@check
def bad_block():
    """refuses a block that does not compile with ORA-06550"""
    with session() as (_, cursor):
        fails("ORA-06550", cursor.execute, "BEGIN interop_no_such_procedure(1); END;")
        equal(only(cursor, "SELECT 1 FROM DUAL"), 1)

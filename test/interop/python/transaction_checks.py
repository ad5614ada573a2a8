"""Commit, rollback, savepoints, locks, what other sessions see."""

from harness import check, connect, drop, equal, fails, only, session


@check
def commit_and_rollback():
    """shows others what was committed, nothing else"""
    with session() as (connection, cursor), session() as (_, other):
        _make(cursor)
        cursor.execute("UPDATE interop_accounts SET amount = 1 WHERE id = 1")
        equal(_amount(other), 0)
        equal(connection.transaction_in_progress, True)
        connection.commit()
        equal(connection.transaction_in_progress, False)
        equal(_amount(other), 1)
        cursor.execute("UPDATE interop_accounts SET amount = 2 WHERE id = 1")
        connection.rollback()
        equal((_amount(cursor), _amount(other)), (1, 1))


@check
def autocommit():
    """commits with the statement when asked to"""
    with session() as (connection, cursor), session() as (_, other):
        _make(cursor)
        connection.autocommit = True
        cursor.execute("UPDATE interop_accounts SET amount = 3 WHERE id = 1")
        equal(_amount(other), 3)
        cursor.executemany("UPDATE interop_accounts SET amount = :1 WHERE id = 1", [(4,), (5,)])
        equal(_amount(other), 5)
        equal(connection.transaction_in_progress, False)


@check
def savepoints():
    """goes back to a savepoint and no further"""
    with session() as (connection, cursor):
        _make(cursor)
        cursor.execute("UPDATE interop_accounts SET amount = 10 WHERE id = 1")
        cursor.execute("SAVEPOINT here")
        cursor.execute("UPDATE interop_accounts SET amount = 20 WHERE id = 1")
        cursor.execute("ROLLBACK TO SAVEPOINT here")
        equal(_amount(cursor), 10)
        fails("ORA-01086", cursor.execute, "ROLLBACK TO elsewhere")
        connection.commit()
        equal(_amount(cursor), 10)


@check
def disconnect():
    """rolls back what a closed session did not commit"""
    with session() as (_, cursor):
        _make(cursor)
        gone = connect()
        gone.cursor().execute("UPDATE interop_accounts SET amount = 99 WHERE id = 1")
        gone.close()
        # Waits for the other session's end when the row is still locked.
        cursor.execute("UPDATE interop_accounts SET amount = amount + 1 WHERE id = 1")
        equal(_amount(cursor), 1)


@check
def statement_atomicity():
    """undoes a failed statement alone; the transaction goes on"""
    with session() as (connection, cursor):
        _make(cursor)
        cursor.execute("UPDATE interop_accounts SET amount = 7 WHERE id = 1")
        fails("ORA-02290", cursor.execute, "UPDATE interop_accounts SET amount = amount - 5")
        fails("ORA-00942", cursor.execute, "SELECT * FROM interop_no_such_table")
        connection.commit()
        cursor.execute("SELECT id, amount FROM interop_accounts ORDER BY id")
        equal(cursor.fetchall(), [(1, 7), (2, 0)])


@check
def ddl_commits():
    """commits before DDL"""
    with session() as (connection, cursor):
        _make(cursor)
        cursor.execute("UPDATE interop_accounts SET amount = 8 WHERE id = 1")
        drop(cursor, "interop_ddl")
        cursor.execute("CREATE TABLE interop_ddl (id NUMBER)")
        connection.rollback()
        equal(_amount(cursor), 8)


@check
def locks():
    """tells a locked row: NOWAIT, WAIT 1, SKIP LOCKED"""
    with session() as (connection, cursor), session() as (_, other):
        _make(cursor)
        cursor.execute("SELECT id FROM interop_accounts WHERE id = 1 FOR UPDATE").fetchall()
        equal(connection.transaction_in_progress, True)
        fails("ORA-00054", other.execute, "SELECT id FROM interop_accounts WHERE id = 1 FOR UPDATE NOWAIT")
        fails("ORA-30006", other.execute, "SELECT id FROM interop_accounts WHERE id = 1 FOR UPDATE WAIT 1")
        other.execute("SELECT id FROM interop_accounts ORDER BY id FOR UPDATE SKIP LOCKED")
        equal(other.fetchall(), [(2,)])


@check
def read_only():
    """reads one state in a read-only transaction, and refuses to write in it"""
    with session() as (connection, cursor), session() as (writer, other):
        _make(cursor)
        cursor.execute("SET TRANSACTION READ ONLY")
        equal(_amount(cursor), 0)
        other.execute("UPDATE interop_accounts SET amount = 5 WHERE id = 1")
        writer.commit()
        equal(_amount(cursor), 0)
        fails("ORA-01456", cursor.execute, "UPDATE interop_accounts SET amount = 6 WHERE id = 1")
        connection.commit()
        equal(_amount(cursor), 5)


@check
def flashback():
    """reads the state of an SCN"""
    with session() as (connection, cursor):
        _make(cursor)
        scn = only(cursor, "SELECT DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER FROM DUAL")
        cursor.execute("UPDATE interop_accounts SET amount = 5 WHERE id = 1")
        connection.commit()
        sql = "SELECT amount FROM interop_accounts AS OF SCN :scn WHERE id = 1"
        equal(only(cursor, sql, {"scn": scn}), 0)
        equal(_amount(cursor), 5)


def _amount(cursor):
    return only(cursor, "SELECT amount FROM interop_accounts WHERE id = 1")


def _make(cursor):
    drop(cursor, "interop_accounts")
    cursor.execute("CREATE TABLE interop_accounts (id NUMBER PRIMARY KEY, amount NUMBER CHECK (amount >= 0))")
    cursor.execute("INSERT INTO interop_accounts VALUES (1, 0)")
    cursor.execute("INSERT INTO interop_accounts VALUES (2, 0)")
    cursor.connection.commit()

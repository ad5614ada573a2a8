"""Cancel and time-outs, of statements that wait for a lock; the session goes on behind them."""

import threading
import time

from harness import check, drop, equal, fails, only, session

WAITING = "UPDATE interop_waits SET v = v + 1 WHERE id = 1"


@check
def cancel():
    """cancels a waiting statement with ORA-01013, again and again, and the session goes on"""
    with session() as (_, holder), session() as (connection, cursor):
        _hold(holder)
        for turn in range(3):
            timer = threading.Timer(0.3, connection.cancel)
            timer.start()
            fails("ORA-01013", cursor.execute, WAITING)
            timer.join()
            equal(only(cursor, "SELECT :1 FROM DUAL", [turn]), turn)
        holder.connection.rollback()
        cursor.execute(WAITING)
        equal(only(cursor, "SELECT v FROM interop_waits"), 1)


@check
def cancel_keeps_transaction():
    """keeps what the transaction wrote before the cancelled statement"""
    with session() as (_, holder), session() as (connection, cursor):
        _hold(holder)
        cursor.execute("INSERT INTO interop_waits VALUES (2, 0)")
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        fails("ORA-01013", cursor.execute, WAITING)
        timer.join()
        connection.commit()
        equal(only(holder, "SELECT COUNT(*) FROM interop_waits"), 2)


@check
def time_out():
    """gives up a call at its time-out, and the session goes on"""
    with session() as (_, holder), session() as (connection, cursor):
        _hold(holder)
        connection.call_timeout = 400
        for _ in range(3):
            started = time.monotonic()
            fails("DPY-4024", cursor.execute, WAITING)
            equal(time.monotonic() - started < 5, True)
            equal(only(cursor, "SELECT COUNT(*) FROM interop_waits"), 1)
        connection.call_timeout = 0
        holder.connection.rollback()
        cursor.execute(WAITING)
        equal(cursor.rowcount, 1)


@check
def idle_cancel():
    """is not hurt by a cancel that comes when nothing runs"""
    with session() as (connection, cursor):
        equal(only(cursor, "SELECT 1 FROM DUAL"), 1)
        connection.cancel()
        # Some servers answer the next call with ORA-01013, some do not notice; the one behind it has to work.
        try:
            cursor.execute("SELECT 2 FROM DUAL")
        except Exception as error:
            equal(error.args[0].full_code, "ORA-01013")
        equal(only(cursor, "SELECT 3 FROM DUAL"), 3)


def _hold(holder):
    """Makes the table and locks its row."""
    drop(holder, "interop_waits")
    holder.execute("CREATE TABLE interop_waits (id NUMBER PRIMARY KEY, v NUMBER)")
    holder.execute("INSERT INTO interop_waits VALUES (1, 0)")
    holder.connection.commit()
    holder.execute("SELECT v FROM interop_waits WHERE id = 1 FOR UPDATE").fetchall()

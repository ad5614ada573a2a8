"""Logging on and off, many sessions, what a session tells about itself."""

import asyncio
import threading

import oracledb
from harness import ADDRESS, PASSWORD, SERVICE, USER, check, connect, drop, equal, fails, only, session


@check
def connects():
    """connects in thin mode, tells a version, answers a query and a ping"""
    with session() as (connection, cursor):
        equal(connection.thin, True)
        if int(connection.version.split(".")[0]) < 12:
            raise AssertionError(f"version {connection.version}")
        equal(only(cursor, "SELECT 1 FROM DUAL"), 1)
        equal(only(cursor, "SELECT * FROM DUAL"), "X")
        connection.ping()
        equal(connection.is_healthy(), True)


@check
def wrong_password():
    """refuses a wrong password and an unknown user with ORA-01017, then lets the right one in"""
    fails("ORA-01017", connect, password=PASSWORD + "x")
    fails("ORA-01017", connect, user="NOBODY_OF_THIS_NAME")
    with session() as (_, cursor):
        equal(only(cursor, "SELECT USER FROM DUAL"), USER.upper())


@check
def unknown_service():
    """names ORA-12514 for an unknown service"""
    # The driver wraps it, in codes of its own.
    detail = fails("DPY-6005", connect, dsn=f"{ADDRESS}/no_such_service_here")
    if "ORA-12514" not in detail.message:
        raise AssertionError(detail.message)


@check
def end_to_end():
    """carries module, action, client info and identifier, and changes them"""
    wanted = ("MODULE", "ACTION", "CLIENT_INFO", "CLIENT_IDENTIFIER")
    sql = "SELECT " + ", ".join(f"SYS_CONTEXT('USERENV', '{name}')" for name in wanted) + " FROM DUAL"
    with session() as (connection, cursor):
        connection.module = "interop"
        connection.action = "chèck"
        connection.clientinfo = "python"
        connection.client_identifier = "someone"
        equal(cursor.execute(sql).fetchone(), ("interop", "chèck", "python", "someone"))
        connection.action = "second"
        connection.client_identifier = ""
        equal(cursor.execute(sql).fetchone(), ("interop", "second", "python", None))


@check
def current_schema():
    """changes the current schema by the driver's attribute"""
    with session() as (connection, cursor):
        connection.current_schema = USER.upper()
        equal(only(cursor, "SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL"), USER.upper())


@check
def pool():
    """works through a pool: what a session left open is rolled back when it is given back"""
    with session() as (_, cursor):
        drop(cursor, "interop_pool")
        cursor.execute("CREATE TABLE interop_pool (id NUMBER PRIMARY KEY)")
    settings = {"user": USER, "password": PASSWORD, "dsn": f"{ADDRESS}/{SERVICE}"}
    made = oracledb.create_pool(**settings, min=1, max=3, increment=1, ping_interval=0)
    try:
        with made.acquire() as first, made.acquire() as second, made.acquire() as third:
            equal(made.busy, 3)
            for number, connection in enumerate((first, second, third)):
                connection.cursor().execute("INSERT INTO interop_pool VALUES (:1)", [number])
            third.commit()
        for _ in range(10):
            with made.acquire() as connection, connection.cursor() as cursor:
                equal(connection.transaction_in_progress, False)
                equal(only(cursor, "SELECT COUNT(*) FROM interop_pool"), 1)
    finally:
        made.close(force=True)


@check
def many_sessions():
    """serves 12 sessions at the same time"""
    with session() as (_, cursor):
        drop(cursor, "interop_many")
        cursor.execute("CREATE TABLE interop_many (id NUMBER PRIMARY KEY, worker NUMBER)")
    failures = []

    def work(worker):
        try:
            with session() as (connection, cursor):
                for number in range(25):
                    cursor.execute("INSERT INTO interop_many VALUES (:1, :2)", [worker * 100 + number, worker])
                    sql = "SELECT COUNT(*) FROM interop_many WHERE worker = :1"
                    equal(only(cursor, sql, [worker]), number + 1)
                connection.commit()
        except Exception as error:  # told below, in the thread that counts
            failures.append(error)

    threads = [threading.Thread(target=work, args=[worker], daemon=True) for worker in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    with session() as (_, cursor):
        equal(only(cursor, "SELECT COUNT(*) FROM interop_many"), 300)


@check
def asynchronous():
    """speaks with the driver's asyncio side, several statements in a pipeline"""

    async def work():
        dsn = f"{ADDRESS}/{SERVICE}"
        async with oracledb.connect_async(user=USER, password=PASSWORD, dsn=dsn) as connection:
            equal(await connection.fetchone("SELECT :1 + 1 FROM DUAL", [41]), (42,))
            pipeline = oracledb.create_pipeline()
            for number in range(5):
                pipeline.add_fetchone("SELECT :1 * 2 FROM DUAL", [number])
            results = await connection.run_pipeline(pipeline)
            equal([result.rows[0][0] for result in results], [0, 2, 4, 6, 8])

    asyncio.run(work())

"""LOBs both ways: as plain values, through locators, written in place."""

import random

import oracledb
from harness import check, drop, equal, fails, only, session

TEXT = "é漢x𝄞" * 30_000  # 120,000 characters, 150,000 UTF-16 units
BYTES = random.Random(1).randbytes(300_000)


@check
def plain_values():
    """takes and gives texts and bytes of any size as plain values"""
    sizes = (1, 100, 4_000, 4_001, 32_767, 32_768, 100_000)
    with session() as (_, cursor):
        _make(cursor)
        rows = [(size, TEXT[:size], TEXT[:size], BYTES[:size]) for size in sizes] + [(0, None, None, None)]
        for row in rows:
            cursor.setinputsizes(None, oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_NCLOB, oracledb.DB_TYPE_BLOB)
            cursor.execute("INSERT INTO interop_lobs VALUES (:1, :2, :3, :4)", row)
        oracledb.defaults.fetch_lobs = False
        try:
            for prefetch_rows in (0, 2, 100):
                cursor.prefetchrows = prefetch_rows
                cursor.execute("SELECT * FROM interop_lobs ORDER BY id")
                equal(cursor.fetchall() == sorted(rows), True)
        finally:
            oracledb.defaults.fetch_lobs = True


@check
def long_binds():
    """takes long texts and bytes bound without a LOB type"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute("INSERT INTO interop_lobs (id, c, b) VALUES (:1, :2, :3)", [1, TEXT, BYTES])
        clob, blob = cursor.execute("SELECT c, b FROM interop_lobs").fetchone()
        equal(clob.read() == TEXT, True)
        equal(blob.read() == BYTES, True)


@check
def locators():
    """reads through locators: whole, in pieces, beyond the end; tells size and chunk"""
    with session() as (_, cursor):
        _filled(cursor)
        clob, nclob, blob = cursor.execute("SELECT c, n, b FROM interop_lobs").fetchone()
        # Sizes of character LOBs count UTF-16 units.
        equal((clob.size(), nclob.size(), blob.size()), (150_000, 150_000, 300_000))
        equal(clob.getchunksize() > 0, True)
        equal(clob.read(1, 7), "é漢x𝄞é漢")
        equal(blob.read(299_999), BYTES[299_998:])
        equal(b"".join(_pieces(blob, 300_000, 16_384)) == BYTES, True)
        equal("".join(_pieces(clob, 150_000, 5_000)) == TEXT, True)
        equal(nclob.read() == TEXT, True)


@check
def empty():
    """tells an empty LOB from NULL"""
    with session() as (_, cursor):
        _make(cursor)
        cursor.execute("INSERT INTO interop_lobs VALUES (1, EMPTY_CLOB(), NULL, EMPTY_BLOB())")
        clob, nclob, blob = cursor.execute("SELECT c, n, b FROM interop_lobs").fetchone()
        equal((clob.size(), nclob, blob.size()), (0, None, 0))
        equal((clob.read(), blob.read()), ("", b""))


@check
def temporary():
    """makes temporary LOBs, writes them piece by piece, trims them and binds them"""
    with session() as (connection, cursor):
        _make(cursor)
        clob, blob = connection.createlob(oracledb.DB_TYPE_CLOB), connection.createlob(oracledb.DB_TYPE_BLOB)
        clob.write("temporary LÖB")
        clob.write("text", 11)
        blob.write(BYTES[:70_000])
        blob.write(BYTES[70_000:], 70_001)
        blob.trim(200_000)
        cursor.execute("INSERT INTO interop_lobs (id, c, b) VALUES (1, :1, :2)", [clob, blob])
        clob.write("changed after the INSERT, which took a copy")
        stored_clob, stored_blob = cursor.execute("SELECT c, b FROM interop_lobs").fetchone()
        equal(stored_clob.read(), "temporary text")
        equal(stored_blob.read() == BYTES[:200_000], True)


@check
def write_in_place():
    """writes through a locator selected FOR UPDATE: the row has it, after the commit everyone"""
    with session() as (connection, cursor):
        _filled(cursor)
        connection.commit()
        clob, blob = cursor.execute("SELECT c, b FROM interop_lobs WHERE id = 1 FOR UPDATE").fetchone()
        clob.write("ABC", 3)
        clob.trim(6)
        blob.write(b"\x00\x01", 300_001)
        equal(only(cursor, "SELECT DBMS_LOB.SUBSTR(c, 10, 1) FROM interop_lobs"), "é漢ABCé")
        with session() as (_, other):
            equal(only(other, "SELECT c FROM interop_lobs").size(), 150_000)
            connection.commit()
            equal(only(other, "SELECT c FROM interop_lobs").read(), "é漢ABCé")
            equal(only(other, "SELECT b FROM interop_lobs").read() == BYTES + b"\x00\x01", True)


@check
def write_without_lock():
    """refuses to write through a locator that was not selected FOR UPDATE, and goes on"""
    with session() as (connection, cursor):
        _filled(cursor)
        connection.commit()
        clob = only(cursor, "SELECT c FROM interop_lobs")
        fails("ORA-22920", clob.write, "lost")
        equal(clob.read(1, 3), "é漢x")


@check
def returned_locator():
    """writes through a locator that RETURNING gave"""
    with session() as (connection, cursor):
        _make(cursor)
        out = cursor.var(oracledb.DB_TYPE_CLOB)
        cursor.execute("INSERT INTO interop_lobs (id, c) VALUES (1, EMPTY_CLOB()) RETURNING c INTO :1", [out])
        out.getvalue()[0].write("through the locator")
        connection.commit()
        equal(only(cursor, "SELECT c FROM interop_lobs").read(), "through the locator")


@check
def many_in_pages():
    """gives LOBs of many rows in pages, among other columns"""
    with session() as (connection, cursor):
        _make(cursor)
        rows = [(number, f"clob {number} " * number, bytes([number % 256]) * number) for number in range(300)]
        cursor.setinputsizes(None, oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_BLOB)
        cursor.executemany("INSERT INTO interop_lobs (id, c, b) VALUES (:1, :2, :3)", rows)
        with connection.cursor() as reader:
            reader.arraysize, reader.prefetchrows = 17, 3
            reader.execute("SELECT id, c, b, id * 2 FROM interop_lobs ORDER BY id")
            for number, text, data in rows:
                got = reader.fetchone()
                read = tuple(None if lob is None else lob.read() for lob in got[1:3])
                # The empty text and the empty bytes of row 0 are NULL.
                equal((got[0], *read, got[3]), (number, text or None, data or None, number * 2))


def _pieces(lob, length, amount):
    return [lob.read(offset, amount) for offset in range(1, length + 1, amount)]


def _make(cursor):
    drop(cursor, "interop_lobs")
    cursor.execute("CREATE TABLE interop_lobs (id NUMBER(10) PRIMARY KEY, c CLOB, n NCLOB, b BLOB)")


def _filled(cursor):
    _make(cursor)
    cursor.setinputsizes(oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_NCLOB, oracledb.DB_TYPE_BLOB)
    cursor.execute("INSERT INTO interop_lobs VALUES (1, :1, :2, :3)", [TEXT, TEXT, BYTES])

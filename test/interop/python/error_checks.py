"""Errors: code, text, position; the session goes on behind each."""

from harness import check, drop, equal, fails, only, session

ERRORS = [
    ("ORA-00001", "INSERT INTO interop_errors (id, name) VALUES (1, 'again')", []),
    ("ORA-00904", "SELECT no_such_column FROM interop_errors", []),
    ("ORA-00942", "SELECT * FROM interop_no_such_table", []),
    ("ORA-00900", "SELEKT 1", []),
    ("ORA-00936", "SELECT FROM interop_errors", []),
    ("ORA-00907", "SELECT (1 + 2 FROM DUAL", []),
    ("ORA-01400", "INSERT INTO interop_errors (id) VALUES (5)", []),
    ("ORA-01407", "UPDATE interop_errors SET name = NULL", []),
    ("ORA-01438", "INSERT INTO interop_errors (id, name, small) VALUES (6, 'x', :1)", [1000]),
    ("ORA-01476", "SELECT 1 / (:1 - :2) FROM DUAL", [1, 1]),
    ("ORA-01722", "SELECT TO_NUMBER(:1) FROM DUAL", ["not a number"]),
    ("ORA-02290", "INSERT INTO interop_errors (id, name, small) VALUES (7, 'x', -1)", []),
    ("ORA-02291", "INSERT INTO interop_errors (id, name, parent) VALUES (8, 'x', 99)", []),
    ("ORA-02292", "DELETE FROM interop_errors WHERE id = 1", []),
    ("ORA-12899", "INSERT INTO interop_errors (id, name) VALUES (9, :1)", ["x" * 11]),
    ("ORA-01427", "SELECT (SELECT id FROM interop_errors) FROM DUAL", []),
]


def _check_of(code, sql, binds):
    def run():
        with session() as (_, cursor):
            _make(cursor)
            for _ in range(2):
                detail = fails(code, cursor.execute, sql, binds)
                equal(detail.message.startswith(f"{code}: "), True)
                equal(detail.isrecoverable, False)
                equal(only(cursor, "SELECT COUNT(*) FROM interop_errors"), 2)

    run.__doc__ = f"{code}: {sql}"
    check(run)


for _entry in ERRORS:
    _check_of(*_entry)


@check
def names():
    """names the constraint, the column or table and the size in its texts"""
    with session() as (_, cursor):
        _make(cursor)
        owner = only(cursor, "SELECT USER FROM DUAL")
        detail = fails("ORA-00001", cursor.execute, ERRORS[0][1])
        _mentions(detail.message, f"{owner}.INTEROP_ERRORS_PK")
        detail = fails("ORA-01400", cursor.execute, ERRORS[6][1])
        _mentions(detail.message, f'"{owner}"."INTEROP_ERRORS"."NAME"')
        detail = fails("ORA-12899", cursor.execute, ERRORS[14][1], ERRORS[14][2])
        _mentions(detail.message, f'"{owner}"."INTEROP_ERRORS"', "maximum: 10")


@check
def position():
    """says where in the text an unknown column stands"""
    with session() as (_, cursor):
        detail = fails("ORA-00904", cursor.execute, "SELECT 1, nowhere FROM DUAL")
        equal(detail.offset, 10)
        _mentions(detail.message, '"NOWHERE"')


def _mentions(message, *parts):
    for part in parts:
        if part not in message:
            raise AssertionError(f"{part} is not in: {message}")


def _make(cursor):
    drop(cursor, "interop_errors")
    cursor.execute("""CREATE TABLE interop_errors (
        id NUMBER(10) CONSTRAINT interop_errors_pk PRIMARY KEY, name VARCHAR2(10) NOT NULL,
        small NUMBER(3) CONSTRAINT interop_errors_positive CHECK (small > 0),
        parent NUMBER(10) CONSTRAINT interop_errors_parent REFERENCES interop_errors (id))""")
    cursor.execute("INSERT INTO interop_errors (id, name) VALUES (1, 'one')")
    cursor.execute("INSERT INTO interop_errors (id, name, parent) VALUES (2, 'two', 1)")
    cursor.connection.commit()

"""Runs checks one after another, each under a time limit, and prints a TAP line for each.

What to connect to comes from the environment: INTEROP_HOST, INTEROP_PORT, INTEROP_SERVICE, INTEROP_USER,
INTEROP_PASSWORD.
"""

import contextlib
import faulthandler
import os
import time
import traceback

import oracledb

LIMIT_SECONDS = 30
USER = os.environ["INTEROP_USER"]
PASSWORD = os.environ["INTEROP_PASSWORD"]
SERVICE = os.environ["INTEROP_SERVICE"]
ADDRESS = f"{os.environ['INTEROP_HOST']}:{os.environ['INTEROP_PORT']}"

_checks = []


def check(function):
    """Registers a check; its docstring is its name."""
    _checks.append(function)
    return function


def connect(**changes):
    """A session of its own; `changes` replace what it is opened with."""
    settings = {
        "user": USER,
        "password": PASSWORD,
        "dsn": f"{ADDRESS}/{SERVICE}",
        "tcp_connect_timeout": 10,
        **changes,
    }
    return oracledb.connect(**settings)


@contextlib.contextmanager
def session():
    """(connection, cursor) of a new session, closed behind the block."""
    with connect() as connection, connection.cursor() as cursor:
        yield connection, cursor


def equal(actual, expected):
    if actual != expected or type(actual) is not type(expected):
        raise AssertionError(f"got {_short(actual)}, expected {_short(expected)}")


def fails(code, action, *args, **named):
    """The error's text; `action` has to fail with this code, `ORA-00001` or `DPY-4024`."""
    try:
        action(*args, **named)
    except oracledb.Error as error:
        (detail,) = error.args
        if detail.full_code != code:
            raise AssertionError(f"got {detail.full_code} ({detail.message}), expected {code}") from error
        return detail
    raise AssertionError(f"did not fail, expected {code}")


def only(cursor, sql, binds=None):
    """The one value of the one row of a query."""
    cursor.execute(sql, binds or [])
    rows = cursor.fetchall()
    if len(rows) != 1 or len(rows[0]) != 1:
        raise AssertionError(f"got {len(rows)} rows, expected one with one column: {sql}")
    return rows[0][0]


def drop(cursor, *tables):
    """Removes what an earlier run left behind."""
    for table in tables:
        try:
            cursor.execute(f"DROP TABLE {table}")
        except oracledb.DatabaseError as error:
            if error.args[0].code != 942:
                raise


def run():
    """Runs what was registered; the exit code. A check that hangs ends the process, with its stack on stderr."""
    failed = 0
    for number, function in enumerate(_checks, 1):
        faulthandler.dump_traceback_later(LIMIT_SECONDS, exit=True)
        started = time.monotonic()
        try:
            function()
            outcome = "ok"
        except Exception as error:  # whatever it is, it is this check's failure
            outcome = "not ok"
            failed += 1
            _tell(error)
        milliseconds = round((time.monotonic() - started) * 1000)
        print(f"{outcome} {number} - {function.__doc__.strip()} # {milliseconds} ms", flush=True)
    faulthandler.cancel_dump_traceback_later()
    print(f"1..{len(_checks)}", flush=True)
    return 1 if failed else 0


def _tell(error):
    """The error and where in these files it came from; the driver's own frames say little."""
    here = os.path.dirname(os.path.abspath(__file__))
    for frame in traceback.extract_tb(error.__traceback__):
        if os.path.dirname(os.path.abspath(frame.filename)) == here and frame.name != "run":
            print(f"#   {os.path.basename(frame.filename)}:{frame.lineno} {frame.line}", flush=True)
    for line in f"{type(error).__name__}: {error}".splitlines():
        print(f"# {line[:600]}", flush=True)


def _short(value):
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:200]} … {text[-100:]} ({len(text)} characters)"

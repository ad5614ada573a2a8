import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;

/** Errors: numbers and texts; the session goes on behind each. */
final class ErrorChecks {
  private ErrorChecks() {}

  /** By number, a statement that fails with it. */
  private static final Map<Integer, String> ERRORS = new TreeMap<>(Map.ofEntries(
      Map.entry(1, "INSERT INTO interop_errors (id, name) VALUES (1, 'again')"),
      Map.entry(900, "SELEKT 1"),
      Map.entry(904, "SELECT no_such_column FROM interop_errors"),
      Map.entry(907, "SELECT (1 + 2 FROM DUAL"),
      Map.entry(936, "SELECT FROM interop_errors"),
      Map.entry(942, "SELECT * FROM interop_no_such_table"),
      Map.entry(1400, "INSERT INTO interop_errors (id) VALUES (5)"),
      Map.entry(1407, "UPDATE interop_errors SET name = NULL"),
      Map.entry(1438, "INSERT INTO interop_errors (id, name, small) VALUES (6, 'x', 1000)"),
      Map.entry(1476, "SELECT 1 / (2 - 2) FROM DUAL"),
      Map.entry(1722, "SELECT TO_NUMBER('not a number') FROM DUAL"),
      Map.entry(2290, "INSERT INTO interop_errors (id, name, small) VALUES (7, 'x', -1)"),
      Map.entry(2291, "INSERT INTO interop_errors (id, name, parent) VALUES (8, 'x', 99)"),
      Map.entry(2292, "DELETE FROM interop_errors WHERE id = 1"),
      Map.entry(12899, "INSERT INTO interop_errors (id, name) VALUES (9, 'more than ten')")));

  static void addTo(Harness harness) {
    ERRORS.forEach((code, sql) -> harness.checkSession(String.format("ORA-%05d: %s", code, sql), connection -> {
      make(connection);
      for (int turn = 0; turn < 2; turn++) {
        var error = Harness.fails(code, () -> {
          try (var statement = connection.prepareStatement(sql)) {
            statement.execute();
            // A query may only fail when its rows are fetched.
            if (statement.getResultSet() != null) statement.getResultSet().next();
          }
        });
        Harness.equal(error.getMessage().startsWith(String.format("ORA-%05d: ", code)), true);
        Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_errors"), "2");
      }
    }));
    harness.checkSession("gives the SQLSTATE class of constraint violations", connection -> {
      make(connection);
      var error = Harness.fails(1, () -> Harness.run(connection, ERRORS.get(1)));
      Harness.equal(error.getSQLState(), "23000");
    });
  }

  private static void make(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_errors");
    Harness.run(connection, """
        CREATE TABLE interop_errors (
          id NUMBER(10) CONSTRAINT interop_errors_pk PRIMARY KEY, name VARCHAR2(10) NOT NULL,
          small NUMBER(3) CONSTRAINT interop_errors_positive CHECK (small > 0),
          parent NUMBER(10) CONSTRAINT interop_errors_parent REFERENCES interop_errors (id))""",
        "INSERT INTO interop_errors (id, name) VALUES (1, 'one')",
        "INSERT INTO interop_errors (id, name, parent) VALUES (2, 'two', 1)");
    connection.commit();
  }
}

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import oracle.jdbc.OraclePreparedStatement;

/** Binds: by position, by name, repeated, NULL, of changing types and lengths. */
final class BindChecks {
  private BindChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("binds by position", connection ->
        Harness.equal(Harness.rows(connection, "SELECT ?, ?, ? || '!' FROM DUAL", 1, "two", "three"),
            List.of(List.of("1", "two", "three!"))));
    harness.checkSession("binds by name, one of them twice", BindChecks::named);
    harness.checkSession("binds NULL and the empty string, which is NULL", BindChecks::nulls);
    harness.checkSession("describes again when the same text gets binds of other types", BindChecks::changingTypes);
    harness.checkSession("takes longer and shorter values in later executions", BindChecks::changingLength);
    harness.checkSession("takes 200 binds in one statement", BindChecks::manyBinds);
    harness.checkSession("refuses a missing bind, and goes on", BindChecks::missing);
  }

  private static void named(Connection connection) throws SQLException {
    String sql = "SELECT :a, :b, :a || :c FROM DUAL";
    try (var statement = connection.prepareStatement(sql).unwrap(OraclePreparedStatement.class)) {
      statement.setStringAtName("c", "C");
      statement.setIntAtName("b", 2);
      statement.setStringAtName("a", "A");
      try (var results = statement.executeQuery()) {
        results.next();
        Harness.equal(Harness.row(results), List.of("A", "2", "AC"));
      }
    }
  }

  private static void nulls(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement("SELECT ?, ?, NVL(?, 'none'), NVL(?, 7) FROM DUAL")) {
      statement.setNull(1, Types.VARCHAR);
      statement.setString(2, "");
      statement.setString(3, "");
      statement.setNull(4, Types.NUMERIC);
      try (var results = statement.executeQuery()) {
        results.next();
        Harness.equal(Harness.row(results), Arrays.asList(null, null, "none", "7"));
        results.getString(1);
        Harness.equal(results.wasNull(), true);
      }
    }
  }

  private static void changingTypes(Connection connection) throws SQLException {
    var moment = Timestamp.valueOf("2024-05-01 10:20:30.5");
    try (var statement = connection.prepareStatement("SELECT ? AS v FROM DUAL")) {
      for (int turn = 0; turn < 3; turn++) {
        for (Object value : List.of(7, "abc", moment, new BigDecimal("-2.5"), "a longer text ".repeat(20))) {
          statement.setObject(1, value);
          try (var results = statement.executeQuery()) {
            results.next();
            Object got = value instanceof Timestamp ? results.getTimestamp(1) : results.getString(1);
            Harness.equal(got, value instanceof Timestamp ? value : value.toString());
          }
        }
        statement.unwrap(OraclePreparedStatement.class).setBinaryDouble(1, -2.5e-300);
        try (var results = statement.executeQuery()) {
          results.next();
          Harness.equal(results.getDouble(1), -2.5e-300);
        }
      }
    }
  }

  private static void changingLength(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement("SELECT LENGTH(?) FROM DUAL")) {
      for (int length : new int[] {1, 40, 4_000, 2, 8_000, 10}) {
        statement.setString(1, "x".repeat(length));
        try (var results = statement.executeQuery()) {
          results.next();
          Harness.equal(results.getInt(1), length);
        }
      }
    }
  }

  private static void manyBinds(Connection connection) throws SQLException {
    String sql = "SELECT " + String.join(" + ", Collections.nCopies(200, "?")) + " FROM DUAL";
    try (var statement = connection.prepareStatement(sql)) {
      for (int position = 1; position <= 200; position++) statement.setInt(position, position);
      try (var results = statement.executeQuery()) {
        results.next();
        Harness.equal(results.getInt(1), 20_100);
      }
    }
  }

  private static void missing(Connection connection) throws Exception {
    try (var statement = connection.prepareStatement("SELECT ?, ? FROM DUAL")) {
      statement.setInt(1, 1);
      // The driver's own number for "Missing IN or OUT parameter".
      Harness.fails(17041, statement::executeQuery);
    }
    Harness.equal(Harness.only(connection, "SELECT ? FROM DUAL", 3), "3");
  }
}

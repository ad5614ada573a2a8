import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oracle.jdbc.OraclePreparedStatement;
import oracle.jdbc.OracleResultSet;
import oracle.sql.INTERVALDS;
import oracle.sql.INTERVALYM;

/** Every scalar type, in and out, with exact values; what describe says of them. */
final class TypeChecks {
  private static final String COLUMNS = """
      id NUMBER(10) NOT NULL PRIMARY KEY, amount NUMBER(12,2), n NUMBER, fl FLOAT, bf BINARY_FLOAT, bd BINARY_DOUBLE,
      v VARCHAR2(40 CHAR), nv NVARCHAR2(40), c CHAR(5), d DATE, ts TIMESTAMP(6), ts9 TIMESTAMP(9),
      tz TIMESTAMP(6) WITH TIME ZONE, ltz TIMESTAMP(6) WITH LOCAL TIME ZONE, ym INTERVAL YEAR(4) TO MONTH,
      ds INTERVAL DAY(4) TO SECOND(6), r RAW(16), cl CLOB, bl BLOB""";
  private static final List<String> NUMBERS = List.of(
      "0", "1", "-1", "9", "10", "99", "100", "-100", "65535", "12345678901234", "-99.99", "0.01", "0.001", "-0.5",
      "100.001", "9007199254740993", "1E+60", "1E-60", "99999999999999999999999999999999999999",
      "-99999999999999999999999999999999999999", "0.12345678901234567890123456789012345678",
      "-1234567890123456789.0123456789012345678", "9.9E+125", "1E-130", "-9.9E+125", "-1E-130");

  private TypeChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("describes types, precision, scale and nullability as declared", TypeChecks::described);
    harness.checkSession("keeps NUMBERs exactly: as binds, as literals, through a column", TypeChecks::numbers);
    harness.checkSession("keeps BINARY_FLOAT and BINARY_DOUBLE to the bit", TypeChecks::floats);
    harness.checkSession("keeps texts: beyond the first plane, padded CHAR, national ones", TypeChecks::texts);
    harness.checkSession("keeps DATE and TIMESTAMP from year 1 to 9999", TypeChecks::moments);
    harness.checkSession("keeps nine digits of a second in TIMESTAMP(9)", TypeChecks::nanoseconds);
    harness.checkSession("keeps the instant of zoned timestamps", TypeChecks::zones);
    harness.checkSession("keeps intervals of both kinds, negative ones too", TypeChecks::intervals);
    harness.checkSession("keeps RAW", TypeChecks::raws);
    harness.checkSession("gives ROWIDs that find their row again", TypeChecks::rowids);
    harness.checkSession("gives NULL for every type", TypeChecks::allNull);
  }

  private static void described(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.prepareStatement("SELECT * FROM interop_types")) {
      try (var results = statement.executeQuery()) {
        Harness.equal(describe(results.getMetaData()), DESCRIBED);
      }
    }
  }

  private static final List<String> DESCRIBED = List.of(
      "ID NUMBER 10 0 not null", "AMOUNT NUMBER 12 2", "N NUMBER 0 -127", "FL NUMBER 126 -127",
      "BF BINARY_FLOAT 0 0", "BD BINARY_DOUBLE 0 0", "V VARCHAR2 40 0", "NV NVARCHAR2 40 0", "C CHAR 5 0",
      "D DATE 7 0", "TS TIMESTAMP 0 6", "TS9 TIMESTAMP 0 9", "TZ TIMESTAMP WITH TIME ZONE 0 6",
      "LTZ TIMESTAMP WITH LOCAL TIME ZONE 0 6", "YM INTERVALYM 4 0", "DS INTERVALDS 4 6", "R RAW 16 0",
      "CL CLOB -1 0", "BL BLOB -1 0");

  private static List<String> describe(ResultSetMetaData columns) throws SQLException {
    var described = new ArrayList<String>();
    for (int column = 1; column <= columns.getColumnCount(); column++) {
      boolean required = columns.isNullable(column) == ResultSetMetaData.columnNoNulls;
      described.add(columns.getColumnName(column) + " " + columns.getColumnTypeName(column) + " "
          + columns.getPrecision(column) + " " + columns.getScale(column) + (required ? " not null" : ""));
    }
    return described;
  }

  private static void numbers(Connection connection) throws SQLException {
    make(connection);
    for (int number = 0; number < NUMBERS.size(); number++) {
      var value = new BigDecimal(NUMBERS.get(number));
      Harness.equal(decimals(connection, "SELECT ? FROM DUAL", value), List.of(value.stripTrailingZeros()));
      Harness.equal(decimals(connection, "SELECT " + value + " FROM DUAL"), List.of(value.stripTrailingZeros()));
      Harness.update(connection, "INSERT INTO interop_types (id, n) VALUES (?, ?)", number, value);
    }
    var wanted = NUMBERS.stream().map(text -> new BigDecimal(text).stripTrailingZeros()).toList();
    Harness.equal(decimals(connection, "SELECT n FROM interop_types ORDER BY id"), wanted);
  }

  private static List<BigDecimal> decimals(Connection connection, String sql, Object... binds) throws SQLException {
    try (var statement = Harness.prepare(connection, sql, binds); var results = statement.executeQuery()) {
      var values = new ArrayList<BigDecimal>();
      while (results.next()) values.add(results.getBigDecimal(1).stripTrailingZeros());
      return values;
    }
  }

  private static void floats(Connection connection) throws SQLException {
    make(connection);
    double[] values = {0, 1, -1, Math.PI, 1e300, -1e-300, Double.MIN_NORMAL, Double.MAX_VALUE,
        Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN};
    for (int number = 0; number < values.length; number++) {
      String sql = "INSERT INTO interop_types (id, bd, bf) VALUES (?, ?, ?)";
      try (var statement = connection.prepareStatement(sql).unwrap(OraclePreparedStatement.class)) {
        statement.setInt(1, number);
        statement.setBinaryDouble(2, values[number]);
        statement.setBinaryFloat(3, 0.5f * number);
        statement.executeUpdate();
      }
    }
    try (var results = connection.createStatement().executeQuery("SELECT bd, bf FROM interop_types ORDER BY id")) {
      for (int number = 0; number < values.length; number++) {
        results.next();
        Harness.equal(results.getDouble(1), values[number]);
        Harness.equal(results.getFloat(2), 0.5f * number);
      }
    }
  }

  private static void texts(Connection connection) throws SQLException {
    make(connection);
    String text = "Ünïcode ✓ 漢字 𝄞 😀 it's\n\"so\"\t\\";
    String sql = "INSERT INTO interop_types (id, v, nv, c) VALUES (1, ?, ?, ?)";
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, text);
      statement.setNString(2, "Жж 漢字 𝄞");
      statement.setString(3, "ab");
      statement.executeUpdate();
    }
    Harness.equal(Harness.rows(connection, "SELECT v, nv, c FROM interop_types"),
        List.of(List.of(text, "Жж 漢字 𝄞", "ab   ")));
    try (var statement = connection.prepareStatement("SELECT COUNT(*) FROM interop_types WHERE c = ?")) {
      statement.unwrap(OraclePreparedStatement.class).setFixedCHAR(1, "ab");
      try (var results = statement.executeQuery()) {
        results.next();
        Harness.equal(results.getInt(1), 1);
      }
    }
  }

  private static void moments(Connection connection) throws SQLException {
    make(connection);
    var moments = List.of("0001-01-01T00:00:00", "1700-03-01T04:05:06", "1969-12-31T23:59:59", "2000-02-29T12:00:00",
        // Not there in the zones of Europe and America, which is no business of a type without zone.
        "2024-03-10T02:30:00", "2286-11-20T17:46:40", "9999-12-31T23:59:59");
    for (int number = 0; number < moments.size(); number++) {
      var moment = LocalDateTime.parse(moments.get(number));
      try (var statement = connection.prepareStatement("INSERT INTO interop_types (id, d, ts) VALUES (?, ?, ?)")) {
        statement.setInt(1, number);
        statement.setObject(2, moment);
        statement.setObject(3, moment.withNano(999_999_000));
        statement.executeUpdate();
      }
    }
    String mask = "SELECT TO_CHAR(d, 'YYYY-MM-DD\"T\"HH24:MI:SS') FROM interop_types ORDER BY id";
    Harness.equal(Harness.rows(connection, mask), moments.stream().map(List::of).toList());
    try (var results = connection.createStatement().executeQuery("SELECT d, ts FROM interop_types ORDER BY id")) {
      for (var moment : moments) {
        results.next();
        Harness.equal(results.getObject(1, LocalDateTime.class), LocalDateTime.parse(moment));
        Harness.equal(results.getObject(2, LocalDateTime.class), LocalDateTime.parse(moment).withNano(999_999_000));
      }
    }
  }

  private static void nanoseconds(Connection connection) throws SQLException {
    make(connection);
    var moment = Timestamp.valueOf("2024-02-29 01:02:03.123456789");
    Harness.update(connection, "INSERT INTO interop_types (id, ts9) VALUES (1, ?)", moment);
    try (var results = connection.createStatement().executeQuery("SELECT ts9 FROM interop_types")) {
      results.next();
      Harness.equal(results.getTimestamp(1), moment);
    }
    Harness.equal(Harness.only(connection, "SELECT TO_CHAR(ts9, 'SS.FF9') FROM interop_types"), "03.123456789");
  }

  private static void zones(Connection connection) throws SQLException {
    make(connection);
    Harness.run(connection, """
        INSERT INTO interop_types (id, tz, ltz) VALUES (1, TIMESTAMP '2024-07-01 01:30:00.123456 +05:30',
          TIMESTAMP '2024-07-01 01:30:00.123456 +05:30')""");
    var bound = OffsetDateTime.parse("2024-12-24T18:00:00.654321-03:00");
    Harness.update(connection, "INSERT INTO interop_types (id, tz, ltz) VALUES (2, ?, ?)", bound, bound);
    try (var results = connection.createStatement().executeQuery("SELECT tz, ltz FROM interop_types ORDER BY id")) {
      for (var wanted : List.of(OffsetDateTime.parse("2024-07-01T01:30:00.123456+05:30"), bound)) {
        results.next();
        Harness.equal(results.getObject(1, OffsetDateTime.class).toInstant(), wanted.toInstant());
        Harness.equal(results.getTimestamp(2).toInstant(), wanted.toInstant());
      }
    }
  }

  private static void intervals(Connection connection) throws SQLException {
    make(connection);
    var wanted = List.of(List.of("12-11", "9999 23:59:59.0"), List.of("-3-1", "-1 20:59:59.999996"),
        List.of("0-0", "-0 0:0:0.000001"));
    for (int number = 0; number < wanted.size(); number++) {
      String sql = "INSERT INTO interop_types (id, ym, ds) VALUES (?, ?, ?)";
      try (var statement = connection.prepareStatement(sql).unwrap(OraclePreparedStatement.class)) {
        statement.setInt(1, number);
        statement.setINTERVALYM(2, new INTERVALYM(wanted.get(number).get(0)));
        statement.setINTERVALDS(3, new INTERVALDS(wanted.get(number).get(1)));
        statement.executeUpdate();
      }
    }
    String sql = "SELECT ym, ds FROM interop_types ORDER BY id";
    try (var results = connection.createStatement().executeQuery(sql).unwrap(OracleResultSet.class)) {
      for (var row : wanted) {
        results.next();
        Harness.equal(results.getINTERVALYM(1).toString(), new INTERVALYM(row.get(0)).toString());
        Harness.equal(results.getINTERVALDS(2).toString(), new INTERVALDS(row.get(1)).toString());
      }
    }
  }

  private static void raws(Connection connection) throws SQLException {
    make(connection);
    byte[] full = new byte[16];
    Arrays.fill(full, (byte) 0xff);
    var values = List.of(new byte[] {0}, new byte[] {1, 0, 2}, full);
    for (int number = 0; number < values.size(); number++) {
      Harness.update(connection, "INSERT INTO interop_types (id, r) VALUES (?, ?)", number, values.get(number));
    }
    try (var results = connection.createStatement().executeQuery("SELECT r FROM interop_types ORDER BY id")) {
      for (var value : values) {
        results.next();
        Harness.equal(results.getBytes(1), value);
      }
    }
  }

  private static void rowids(Connection connection) throws SQLException {
    make(connection);
    Harness.run(connection, "INSERT INTO interop_types (id, v) VALUES (7, 'seven')");
    try (var results = connection.createStatement().executeQuery("SELECT ROWID FROM interop_types WHERE id = 7")) {
      results.next();
      var rowid = results.getRowId(1);
      Harness.equal(rowid.toString().length(), 18);
      try (var statement = connection.prepareStatement("SELECT v FROM interop_types WHERE ROWID = ?")) {
        statement.setRowId(1, rowid);
        try (var found = statement.executeQuery()) {
          found.next();
          Harness.equal(found.getString(1), "seven");
        }
      }
    }
  }

  private static void allNull(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.prepareStatement("INSERT INTO interop_types (id, v, d, n) VALUES (1, ?, ?, ?)")) {
      statement.setNull(1, Types.VARCHAR);
      statement.setNull(2, Types.TIMESTAMP);
      statement.setNull(3, Types.NUMERIC);
      statement.executeUpdate();
    }
    try (var results = connection.createStatement().executeQuery("SELECT * FROM interop_types")) {
      results.next();
      for (int column = 2; column <= 19; column++) Harness.equal(results.getObject(column), null);
    }
  }

  private static void make(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_types");
    Harness.run(connection, "CREATE TABLE interop_types (" + COLUMNS + ")");
  }
}

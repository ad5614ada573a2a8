import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import oracle.jdbc.OracleConnection;
import oracle.jdbc.OraclePreparedStatement;
import oracle.jdbc.OracleTypes;

/** Array DML: many rows in one call, row counts, the bad row of a batch, MERGE, RETURNING. */
final class ArrayChecks {
  private ArrayChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("inserts 5,000 rows in one call and counts them", ArrayChecks::manyRows);
    harness.checkSession("counts the rows of each iteration of an UPDATE", ArrayChecks::rowCounts);
    harness.checkSession("names the bad row of a batch and keeps what came before it", ArrayChecks::badRow);
    harness.check("with batch errors keeps the good rows and names the bad ones", ArrayChecks::batchErrors);
    harness.checkSession("counts what MERGE inserted and updated", ArrayChecks::merge);
    harness.checkSession("gives the values of RETURNING: one row, several, none", ArrayChecks::returning);
    harness.checkSession("gives keys of a sequence by RETURNING", ArrayChecks::sequence);
    harness.checkSession("mixes NULLs and lengths in a batch", ArrayChecks::mixed);
  }

  private static void manyRows(Connection connection) throws SQLException {
    make(connection);
    int[] counts = insert(connection, 5_000);
    Harness.equal(counts.length, 5_000);
    for (int count : counts) Harness.equal(count, 1);
    Harness.equal(Harness.only(connection, "SELECT SUM(id) FROM interop_rows"), "12497500");
  }

  private static void rowCounts(Connection connection) throws SQLException {
    make(connection);
    insert(connection, 10);
    try (var statement = connection.prepareStatement("UPDATE interop_rows SET v = 'y' WHERE id < ?")) {
      for (int bound : new int[] {3, 0, 100, 7}) add(statement, bound);
      Harness.equal(statement.executeBatch(), new int[] {3, 0, 10, 7});
    }
  }

  private static void badRow(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.prepareStatement("INSERT INTO interop_rows VALUES (?, 'x')")) {
      for (int id : new int[] {1, 2, 1, 3}) add(statement, id);
      try {
        statement.executeBatch();
        throw new AssertionError("did not fail");
      } catch (BatchUpdateException error) {
        Harness.equal(error.getErrorCode(), 1);
        Harness.equal(error.getUpdateCounts().length, 2);
      }
    }
    Harness.equal(Harness.rows(connection, "SELECT id FROM interop_rows ORDER BY id"),
        List.of(List.of("1"), List.of("2")));
    connection.rollback();
    Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_rows"), "0");
  }

  private static void batchErrors() throws Exception {
    var settings = Map.of(OracleConnection.CONNECTION_PROPERTY_CONTINUE_BATCH_ON_ERROR, "true");
    try (var connection = Harness.connect(Harness.USER, Harness.PASSWORD, Harness.SERVICE, settings)) {
      make(connection);
      // A few errors, and so many that their list is sent in chunks.
      for (int rows : new int[] {10, 300}) {
        Harness.run(connection, "DELETE FROM interop_rows");
        insertWithDuplicates(connection, rows);
      }
    }
  }

  /** Every third row has the key of the first one, row 7 a value that is too long. */
  private static void insertWithDuplicates(Connection connection, int rows) throws SQLException {
    var wanted = new int[rows];
    try (var statement = connection.prepareStatement("INSERT INTO interop_rows VALUES (?, ?)")) {
      for (int row = 0; row < rows; row++) {
        boolean fails = row == 7 || row > 0 && row % 3 == 0;
        wanted[row] = fails ? Statement.EXECUTE_FAILED : 1;
        statement.setInt(1, row % 3 == 0 ? 0 : row);
        statement.setString(2, "x".repeat(row == 7 ? 51 : 1));
        statement.addBatch();
      }
      statement.executeBatch();
      throw new AssertionError("did not fail");
    } catch (BatchUpdateException error) {
      Harness.equal(error.getErrorCode(), 24381);
      Harness.equal(error.getUpdateCounts(), wanted);
    }
    long good = Arrays.stream(wanted).filter(count -> count == 1).count();
    Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_rows"), String.valueOf(good));
  }

  private static void merge(Connection connection) throws SQLException {
    make(connection);
    String sql = """
        MERGE INTO interop_rows t USING (SELECT ? AS id, ? AS v FROM DUAL) s ON (t.id = s.id)
        WHEN MATCHED THEN UPDATE SET t.v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)""";
    Harness.equal(Harness.update(connection, sql, 1, "new"), 1);
    Harness.equal(Harness.update(connection, sql, 1, "changed"), 1);
    Harness.equal(Harness.rows(connection, "SELECT id, v FROM interop_rows"), List.of(List.of("1", "changed")));
  }

  private static void returning(Connection connection) throws SQLException {
    make(connection);
    insert(connection, 4);
    String sql = "UPDATE interop_rows SET v = v || '!' WHERE id >= ? RETURNING id, v INTO ?, ?";
    Harness.equal(returned(connection, sql, 3), List.of(List.of("3", "v3!")));
    var three = returned(connection, sql, 1);
    three.sort((left, right) -> left.get(0).compareTo(right.get(0)));
    Harness.equal(three, List.of(List.of("1", "v1!"), List.of("2", "v2!"), List.of("3", "v3!!")));
    Harness.equal(returned(connection, sql, 100), List.of());
  }

  private static void sequence(Connection connection) throws SQLException {
    make(connection);
    Harness.dropObject(connection, "SEQUENCE interop_numbers", 2289);
    Harness.run(connection, "CREATE SEQUENCE interop_numbers START WITH 100 INCREMENT BY 5 NOCACHE");
    String sql = "INSERT INTO interop_rows VALUES (interop_numbers.NEXTVAL, ?) RETURNING id, v INTO ?, ?";
    Harness.equal(returned(connection, sql, "a"), List.of(List.of("100", "a")));
    Harness.equal(returned(connection, sql, "b"), List.of(List.of("105", "b")));
  }

  private static List<List<String>> returned(Connection connection, String sql, Object bind) throws SQLException {
    try (var statement = connection.prepareStatement(sql).unwrap(OraclePreparedStatement.class)) {
      statement.setObject(1, bind);
      statement.registerReturnParameter(2, OracleTypes.NUMBER);
      statement.registerReturnParameter(3, OracleTypes.VARCHAR, 50);
      int count = statement.executeUpdate();
      var rows = new ArrayList<List<String>>();
      if (count > 0) {
        try (var results = statement.getReturnResultSet()) {
          while (results.next()) rows.add(Harness.row(results));
        }
      }
      Harness.equal(rows.size(), count);
      return rows;
    }
  }

  private static void mixed(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.prepareStatement("INSERT INTO interop_rows VALUES (?, ?)")) {
      for (int id = 0; id < 100; id++) {
        statement.setInt(1, id);
        statement.setString(2, id % 3 == 0 ? null : "x".repeat(id % 50));
        statement.addBatch();
      }
      statement.executeBatch();
    }
    String sql = "SELECT COUNT(v), SUM(LENGTH(v)) FROM interop_rows";
    int count = 0;
    int length = 0;
    for (int id = 0; id < 100; id++) {
      // The empty text of row 50 is NULL.
      if (id % 3 != 0 && id % 50 != 0) count++;
      if (id % 3 != 0) length += id % 50;
    }
    Harness.equal(Harness.rows(connection, sql), List.of(List.of("" + count, "" + length)));
  }

  private static int[] insert(Connection connection, int rows) throws SQLException {
    try (var statement = connection.prepareStatement("INSERT INTO interop_rows VALUES (?, ?)")) {
      for (int id = 0; id < rows; id++) {
        statement.setInt(1, id);
        statement.setString(2, "v" + id);
        statement.addBatch();
      }
      return statement.executeBatch();
    }
  }

  private static void add(PreparedStatement statement, int value) throws SQLException {
    statement.setInt(1, value);
    statement.addBatch();
  }

  private static void make(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_rows");
    Harness.run(connection, "CREATE TABLE interop_rows (id NUMBER(10) PRIMARY KEY, v VARCHAR2(50))");
  }
}

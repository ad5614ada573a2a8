import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Fetching in pages, several open cursors, wide rows. */
final class FetchChecks {
  private FetchChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("gives every row once, whatever the page size", FetchChecks::pages);
    harness.checkSession("keeps a cursor open while other statements run on the session", FetchChecks::interleaved);
    harness.checkSession("holds 40 cursors open and closes them", FetchChecks::manyCursors);
    harness.checkSession("executes cached statements again, beyond the size of the cache", FetchChecks::cache);
    harness.checkSession("sees a column added behind a cached statement", FetchChecks::afterDdl);
    harness.checkSession("carries rows wider than a packet", FetchChecks::wideRows);
    harness.checkSession("scrolls back in a result", FetchChecks::scrolls);
    harness.checkSession("ends at once with a query without rows", connection ->
        Harness.equal(Harness.rows(connection, "SELECT * FROM DUAL WHERE 1 = 0"), List.of()));
    harness.checkSession("stops at setMaxRows", FetchChecks::maxRows);
  }

  private static void pages(Connection connection) throws SQLException {
    make(connection);
    var wanted = IntStream.rangeClosed(1, 1_000).boxed().toList();
    for (int size : new int[] {1, 2, 7, 100, 137, 999, 1_000, 5_000}) {
      try (var statement = connection.prepareStatement("SELECT id FROM interop_pages WHERE id <= ? ORDER BY id")) {
        statement.setFetchSize(size);
        statement.setInt(1, 1_000);
        try (var results = statement.executeQuery()) {
          Harness.equal(numbers(results), wanted);
        }
      }
    }
  }

  private static void interleaved(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.createStatement()) {
      statement.setFetchSize(10);
      try (var results = statement.executeQuery("SELECT id FROM interop_pages ORDER BY id")) {
        for (int number = 1; number <= 100; number++) {
          results.next();
          Harness.equal(results.getInt(1), number);
          String count = Harness.only(connection, "SELECT COUNT(*) FROM interop_pages WHERE id <= ?", number);
          Harness.equal(count, String.valueOf(number));
        }
        // Not what was written after the query began.
        Harness.update(connection, "DELETE FROM interop_pages WHERE id > 2000");
        connection.commit();
        Harness.equal(numbers(results).size(), 4_900);
      }
    }
    Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_pages"), "2000");
  }

  private static void manyCursors(Connection connection) throws SQLException {
    make(connection);
    var open = new ArrayList<ResultSet>();
    for (int number = 0; number < 40; number++) {
      var statement = connection.prepareStatement("SELECT id FROM interop_pages WHERE id > ? ORDER BY id");
      statement.closeOnCompletion();
      statement.setFetchSize(5);
      statement.setInt(1, number);
      open.add(statement.executeQuery());
    }
    for (int step = 1; step <= 20; step++) {
      for (int number = 0; number < 40; number++) {
        open.get(number).next();
        Harness.equal(open.get(number).getInt(1), number + step);
      }
    }
    for (var results : open) results.close();
    Harness.equal(Harness.only(connection, "SELECT 1 FROM DUAL"), "1");
  }

  private static void cache(Connection connection) throws SQLException {
    for (int turn = 0; turn < 3; turn++) {
      for (int number = 0; number < 25; number++) {
        Harness.equal(Harness.only(connection, "SELECT ? + " + number + " FROM DUAL", turn), "" + (turn + number));
      }
    }
  }

  private static void afterDdl(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_grown");
    Harness.run(connection, "CREATE TABLE interop_grown (id NUMBER)", "INSERT INTO interop_grown VALUES (1)");
    Harness.equal(Harness.rows(connection, "SELECT * FROM interop_grown"), List.of(List.of("1")));
    Harness.run(connection, "ALTER TABLE interop_grown ADD (v VARCHAR2(10) DEFAULT 'added')");
    Harness.equal(Harness.rows(connection, "SELECT id, v FROM interop_grown"), List.of(List.of("1", "added")));
    try (var other = Harness.connect()) {
      Harness.equal(Harness.rows(other, "SELECT * FROM interop_grown"), List.of(List.of("1", "added")));
    }
  }

  private static void wideRows(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_wide");
    var columns = IntStream.range(0, 20).mapToObj(number -> "c" + number + " VARCHAR2(4000)").toList();
    Harness.run(connection, "CREATE TABLE interop_wide (id NUMBER, " + String.join(", ", columns) + ")");
    String sql = "INSERT INTO interop_wide VALUES (?" + ", ?".repeat(20) + ")";
    try (var statement = connection.prepareStatement(sql)) {
      for (int row = 0; row < 50; row++) {
        statement.setInt(1, row);
        for (int column = 0; column < 20; column++) statement.setString(column + 2, wide(row, column));
        statement.addBatch();
      }
      statement.executeBatch();
    }
    try (var statement = connection.createStatement()) {
      statement.setFetchSize(30);
      try (var results = statement.executeQuery("SELECT * FROM interop_wide ORDER BY id")) {
        for (int row = 0; row < 50; row++) {
          results.next();
          for (int column = 0; column < 20; column++) Harness.equal(results.getString(column + 2), wide(row, column));
        }
        Harness.equal(results.next(), false);
      }
    }
  }

  private static String wide(int row, int column) {
    return Character.toString('a' + (row + column) % 26).repeat(4_000 - row - column);
  }

  private static void scrolls(Connection connection) throws SQLException {
    make(connection);
    int scroll = ResultSet.TYPE_SCROLL_INSENSITIVE;
    try (var statement = connection.createStatement(scroll, ResultSet.CONCUR_READ_ONLY)) {
      statement.setFetchSize(50);
      try (var results = statement.executeQuery("SELECT id FROM interop_pages WHERE id <= 500 ORDER BY id")) {
        results.last();
        Harness.equal(results.getInt(1), 500);
        results.absolute(123);
        Harness.equal(results.getInt(1), 123);
        results.previous();
        Harness.equal(results.getInt(1), 122);
      }
    }
  }

  private static void maxRows(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.createStatement()) {
      statement.setMaxRows(25);
      try (var results = statement.executeQuery("SELECT id FROM interop_pages ORDER BY id")) {
        Harness.equal(numbers(results).size(), 25);
      }
    }
    Harness.equal(Harness.only(connection, "SELECT COUNT(*) FROM interop_pages"), "5000");
  }

  private static List<Integer> numbers(ResultSet results) throws SQLException {
    var numbers = new ArrayList<Integer>();
    while (results.next()) numbers.add(results.getInt(1));
    return numbers;
  }

  private static void make(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_pages");
    Harness.run(connection, "CREATE TABLE interop_pages (id NUMBER(10) PRIMARY KEY, v VARCHAR2(50))");
    try (var statement = connection.prepareStatement("INSERT INTO interop_pages VALUES (?, ?)")) {
      for (int number = 1; number <= 5_000; number++) {
        statement.setInt(1, number);
        statement.setString(2, "row " + number);
        statement.addBatch();
      }
      statement.executeBatch();
    }
    connection.commit();
  }
}

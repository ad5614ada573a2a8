import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Random;

/** LOBs both ways: as plain values, as streams, through locators, written in place. */
final class LobChecks {
  /** No characters beyond the first plane: the driver itself cuts them in two where it cuts long values. */
  private static final String TEXT = "é漢xñя".repeat(30_000);
  private static final byte[] BYTES = new byte[300_000];

  static {
    new Random(1).nextBytes(BYTES);
  }

  private LobChecks() {}

  static void addTo(Harness harness) {
    harness.checkSession("takes and gives texts and bytes of any size", LobChecks::plainValues);
    harness.checkSession("takes and gives streams", LobChecks::streams);
    harness.checkSession("reads through locators, in pieces", LobChecks::locators);
    harness.checkSession("makes temporary LOBs, writes them and binds them", LobChecks::temporary);
    harness.checkSession("tells an empty LOB from NULL", LobChecks::empty);
    harness.checkSession("writes through a locator selected FOR UPDATE", LobChecks::writeInPlace);
    harness.checkSession("refuses to write through a locator without lock, and goes on", LobChecks::withoutLock);
    harness.checkSession("gives LOBs of many rows in pages", LobChecks::manyRows);
  }

  private static void plainValues(Connection connection) throws SQLException {
    make(connection);
    int[] sizes = {1, 100, 4_000, 4_001, 32_767, 32_768, 100_000};
    for (int size : sizes) {
      String text = TEXT.substring(0, size);
      try (var statement = connection.prepareStatement("INSERT INTO interop_lobs VALUES (?, ?, ?, ?)")) {
        statement.setInt(1, size);
        statement.setString(2, text);
        statement.setNString(3, text);
        statement.setBytes(4, Arrays.copyOf(BYTES, size));
        statement.executeUpdate();
      }
    }
    try (var results = connection.createStatement().executeQuery("SELECT * FROM interop_lobs ORDER BY id")) {
      for (int size : sizes) {
        results.next();
        Harness.equal(results.getInt(1), size);
        Harness.equal(results.getString(2), TEXT.substring(0, size));
        Harness.equal(results.getNString(3), TEXT.substring(0, size));
        Harness.equal(results.getBytes(4), Arrays.copyOf(BYTES, size));
      }
    }
  }

  private static void streams(Connection connection) throws Exception {
    make(connection);
    try (var statement = connection.prepareStatement("INSERT INTO interop_lobs (id, c, b) VALUES (1, ?, ?)")) {
      statement.setCharacterStream(1, new StringReader(TEXT));
      statement.setBinaryStream(2, new ByteArrayInputStream(BYTES));
      statement.executeUpdate();
    }
    try (var results = connection.createStatement().executeQuery("SELECT c, b FROM interop_lobs")) {
      results.next();
      var characters = new StringBuilder();
      try (var reader = results.getCharacterStream(1)) {
        for (int character = reader.read(); character >= 0; character = reader.read()) {
          characters.append((char) character);
        }
      }
      Harness.equal(characters.toString(), TEXT);
      Harness.equal(results.getBinaryStream(2).readAllBytes(), BYTES);
    }
  }

  private static void locators(Connection connection) throws SQLException {
    fill(connection);
    try (var results = connection.createStatement().executeQuery("SELECT c, n, b FROM interop_lobs")) {
      results.next();
      var clob = results.getClob(1);
      var nclob = results.getNClob(2);
      var blob = results.getBlob(3);
      Harness.equal(clob.length(), 150_000L);
      Harness.equal(nclob.length(), 150_000L);
      Harness.equal(blob.length(), 300_000L);
      Harness.equal(clob.getSubString(1, 8), "é漢xñяé漢x");
      Harness.equal(clob.getSubString(149_999, 100), "ñя");
      Harness.equal(blob.getBytes(299_999, 100), Arrays.copyOfRange(BYTES, 299_998, 300_000));
      var pieces = new StringBuilder();
      for (long offset = 1; offset <= 150_000; offset += 5_000) pieces.append(nclob.getSubString(offset, 5_000));
      Harness.equal(pieces.toString(), TEXT);
    }
  }

  private static void temporary(Connection connection) throws SQLException {
    make(connection);
    var clob = connection.createClob();
    var blob = connection.createBlob();
    clob.setString(1, "temporary LÖB");
    clob.setString(11, "text");
    blob.setBytes(1, Arrays.copyOf(BYTES, 70_000));
    blob.setBytes(70_001, Arrays.copyOfRange(BYTES, 70_000, 300_000));
    blob.truncate(200_000);
    Harness.equal(blob.length(), 200_000L);
    clob.setString(15, "𝄞😀");
    // Offsets and lengths count UTF-16 units.
    Harness.equal(clob.length(), 18L);
    try (var statement = connection.prepareStatement("INSERT INTO interop_lobs (id, c, b) VALUES (1, ?, ?)")) {
      statement.setClob(1, clob);
      statement.setBlob(2, blob);
      statement.executeUpdate();
    }
    clob.setString(1, "changed after the INSERT, which took a copy");
    clob.free();
    blob.free();
    try (var results = connection.createStatement().executeQuery("SELECT c, b FROM interop_lobs")) {
      results.next();
      Harness.equal(results.getString(1), "temporary text𝄞😀");
      Harness.equal(results.getBytes(2), Arrays.copyOf(BYTES, 200_000));
    }
  }

  private static void empty(Connection connection) throws SQLException {
    make(connection);
    Harness.run(connection, "INSERT INTO interop_lobs VALUES (1, EMPTY_CLOB(), NULL, EMPTY_BLOB())");
    try (var results = connection.createStatement().executeQuery("SELECT c, n, b FROM interop_lobs")) {
      results.next();
      Harness.equal(results.getClob(1).length(), 0L);
      Harness.equal(results.getNClob(2), null);
      Harness.equal(results.getBlob(3).length(), 0L);
    }
  }

  private static void writeInPlace(Connection connection) throws SQLException {
    fill(connection);
    connection.commit();
    try (var results = connection.createStatement().executeQuery("SELECT c, b FROM interop_lobs FOR UPDATE")) {
      results.next();
      var clob = results.getClob(1);
      clob.setString(3, "ABC");
      clob.truncate(6);
      results.getBlob(2).setBytes(300_001, new byte[] {0, 1});
    }
    try (var other = Harness.connect()) {
      Harness.equal(Harness.only(other, "SELECT DBMS_LOB.GETLENGTH(c) FROM interop_lobs"), "150000");
      connection.commit();
      Harness.equal(Harness.only(other, "SELECT c FROM interop_lobs"), "é漢ABCé");
      Harness.equal(Harness.only(other, "SELECT DBMS_LOB.GETLENGTH(b) FROM interop_lobs"), "300002");
    }
  }

  private static void withoutLock(Connection connection) throws Exception {
    fill(connection);
    connection.commit();
    try (var results = connection.createStatement().executeQuery("SELECT c FROM interop_lobs")) {
      results.next();
      var clob = results.getClob(1);
      Harness.fails(22920, () -> clob.setString(1, "lost"));
      Harness.equal(clob.getSubString(1, 3), "é漢x");
    }
  }

  private static void manyRows(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.prepareStatement("INSERT INTO interop_lobs (id, c, b) VALUES (?, ?, ?)")) {
      for (int number = 1; number <= 200; number++) {
        statement.setInt(1, number);
        statement.setString(2, ("clob " + number + " ").repeat(number));
        statement.setBytes(3, new byte[number]);
        statement.addBatch();
      }
      statement.executeBatch();
    }
    try (var statement = connection.createStatement()) {
      statement.setFetchSize(17);
      try (var results = statement.executeQuery("SELECT id, c, b, id * 2 FROM interop_lobs ORDER BY id")) {
        for (int number = 1; number <= 200; number++) {
          results.next();
          Harness.equal(results.getInt(1), number);
          Harness.equal(results.getString(2), ("clob " + number + " ").repeat(number));
          Harness.equal(results.getBytes(3).length, number);
          Harness.equal(results.getInt(4), number * 2);
        }
        Harness.equal(results.next(), false);
      }
    }
  }

  private static void make(Connection connection) throws SQLException {
    Harness.drop(connection, "interop_lobs");
    Harness.run(connection, "CREATE TABLE interop_lobs (id NUMBER(10) PRIMARY KEY, c CLOB, n NCLOB, b BLOB)");
  }

  private static void fill(Connection connection) throws SQLException {
    make(connection);
    try (var statement = connection.prepareStatement("INSERT INTO interop_lobs VALUES (1, ?, ?, ?)")) {
      statement.setString(1, TEXT);
      statement.setNString(2, TEXT);
      statement.setBytes(3, BYTES);
      statement.executeUpdate();
    }
  }
}

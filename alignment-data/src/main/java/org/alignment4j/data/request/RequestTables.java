package org.alignment4j.data.request;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.LockSupport;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.sqlite.SQLiteConfig;

/**
 * The tables of a {@link RequestStore}: creates them in a new file, and checks those of an existing
 * one.
 */
final class RequestTables {
  /** "A4JR", SQLite's application id of these files. */
  private static final int APPLICATION = 0x41344A52;

  private static final int VERSION = 1;
  private static final int WAIT_MILLIS = 60_000;

  private static final String SPENT =
      "(id INTEGER PRIMARY KEY, key TEXT %s NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,"
          + " model TEXT NOT NULL, cost TEXT NOT NULL, currency TEXT NOT NULL, time INTEGER NOT"
          + " NULL%s)";

  private final String name;
  private final Connection connection;

  /**
   * @param name of the store, for messages
   */
  RequestTables(String name, Connection connection) {
    this.name = name;
    this.connection = connection;
  }

  /**
   * Connects to a database. The driver's classes occur in no signature, as the driver is optional.
   */
  static Connection connect(String name, String url) throws SQLException {
    SQLiteConfig config;
    try {
      config = new SQLiteConfig();
    } catch (NoClassDefFoundError e) {
      throw new AlignmentException(
          name + " needs SQLite: add org.xerial:sqlite-jdbc:3.50.3.0 to the class path", e);
    }
    config.setBusyTimeout(WAIT_MILLIS);
    return config.createConnection(url);
  }

  /**
   * Creates or checks the tables. Checks before it writes, as the file may be another program's.
   */
  void prepare() throws SQLException {
    if (pragma("application_id") == APPLICATION) {
      requireVersion();
      return;
    }
    run("BEGIN IMMEDIATE");
    try {
      long owner = pragma("application_id");
      if (owner != APPLICATION) {
        if (owner != 0 || number("SELECT count(*) FROM sqlite_master") != 0) {
          throw new BadDataException(name + ": an SQLite file of another program");
        }
        run(
            "CREATE TABLE answers "
                + SPENT.formatted(
                    "UNIQUE",
                    ", prompt_hash TEXT NOT NULL, finish TEXT NOT NULL, text TEXT NOT NULL"));
        // Answers to requests that another process had sent as well and stored first.
        run("CREATE TABLE repeats " + SPENT.formatted("", ""));
        run("CREATE TABLE metadata (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)");
        run("PRAGMA user_version = " + VERSION);
        run("PRAGMA application_id = " + APPLICATION);
      }
      run("COMMIT");
    } catch (SQLException | RuntimeException e) {
      try {
        run("ROLLBACK");
      } catch (SQLException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    requireVersion();
  }

  private void requireVersion() throws SQLException {
    long version = pragma("user_version");
    if (version != VERSION) {
      throw new BadDataException(
          name + ": expected version " + VERSION + " of its tables, found " + version);
    }
  }

  /** Sets write-ahead logging: readers do not wait for a writer, and a commit is one flush. */
  void journal() throws SQLException {
    long end = System.nanoTime() + WAIT_MILLIS * 1_000_000L;
    while (true) {
      try {
        run("PRAGMA journal_mode = WAL");
        break;
      } catch (SQLException e) {
        // Two processes open a new file at once: SQLite does not wait by itself here.
        if ((e.getErrorCode() & 0xFF) != 5 || System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(20_000_000);
      }
    }
    run("PRAGMA synchronous = FULL");
  }

  /** Runs one statement. */
  void run(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private long pragma(String pragma) throws SQLException {
    return number("PRAGMA " + pragma);
  }

  private long number(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.getLong(1);
    }
  }
}

package org.alignment4j.data.request;

import static org.alignment4j.internal.text.Arguments.require;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.NativeFolder;
import org.alignment4j.internal.text.Reasons;

/**
 * A store of chat models' answers in one SQLite file, by the keys of their requests, with metadata
 * of the run that requested them.
 *
 * <p>An answer is on disk, flushed, when {@link #put} returns: it survives a killed process and, if
 * the disk honours flushes, a power loss. While the file is open, and after a kill until it is
 * opened again, its {@code -wal} and {@code -shm} files are next to it; the three belong together.
 *
 * <p>Thread-safe. Several processes of one machine may open one file; each sees what the others
 * wrote. The file must be on a local disk: SQLite's locks do not work on network file systems. A
 * cluster needs a {@link RequestLedger} over a shared database, or one store per machine with each
 * item always assigned to the same machine.
 */
public final class RequestStore implements AutoCloseable {
  private static final int MAX_COST = 100;

  /** Prefix of the metadata names of retry counters, followed by the model's name. */
  private static final String RETRIES = "retries of ";

  private static final String FAILED = "failed requests of ";

  private static final List<String> TABLES = List.of("answers", "repeats");

  private final String name;
  private final Connection connection;
  private final RequestTables tables;

  /** Totals by model, of the rows up to {@link #summed}. */
  private final Map<String, Totals> totals = new TreeMap<>();

  /** For each table, the id of the last row that is included in the totals. */
  private final long[] summed = new long[TABLES.size()];

  /**
   * Totals of one model's answers in a store. If two processes sent an equal request at once, one
   * answer is kept but both are counted, as both were paid for.
   *
   * @param requests number of answers
   * @param promptTokens number of prompt tokens
   * @param completionTokens number of generated tokens
   * @param cost the cost in units of currency
   * @param currency an ISO 4217 code; empty if the cost is 0
   */
  public record Totals(
      long requests, long promptTokens, long completionTokens, BigDecimal cost, String currency) {
    static final Totals NONE = new Totals(0, 0, 0, BigDecimal.ZERO, "");

    Totals plus(Totals other) {
      return new Totals(
          requests + other.requests,
          promptTokens + other.promptTokens,
          completionTokens + other.completionTokens,
          cost.add(other.cost),
          currency.isEmpty() ? other.currency : currency);
    }
  }

  /**
   * Retries and failures of one model's requests, over all runs.
   *
   * @param retries attempts beyond the first of a request
   * @param failed requests without an answer after all attempts
   */
  record Tries(long retries, long failed) {
    static final Tries NONE = new Tries(0, 0);
  }

  private RequestStore(String name, Connection connection, RequestTables tables) {
    this.name = name;
    this.connection = connection;
    this.tables = tables;
  }

  /**
   * Opens a store; creates it if the file does not exist or is empty.
   *
   * @throws BadDataException if the file is not a store of this library, is damaged or cannot be
   *     opened; the message names it
   * @throws AlignmentException naming the library to add, if SQLite's driver is missing
   */
  public static RequestStore open(Path file) {
    // SQLite's driver would read the rest as settings.
    require(!file.toString().contains("?"), "a store's path may have no '?': %s", file);
    InputFile input = InputFile.data(file);
    if (input.exists()) {
      input.requireRegular();
    }
    return open("request store " + file, "jdbc:sqlite:" + file.toAbsolutePath(), true);
  }

  /**
   * Creates a store in memory, which is lost when closed; for tests and dry runs.
   *
   * @throws AlignmentException naming the library to add, if SQLite's driver is missing
   */
  public static RequestStore inMemory() {
    return open("request store in memory", "jdbc:sqlite::memory:", false);
  }

  /** Rejects extreme exponents, as summing such numbers would need as many digits of memory. */
  private static BigDecimal cost(String text) {
    if (text.length() > MAX_COST) {
      throw new NumberFormatException("a cost of " + text.length() + " characters");
    }
    BigDecimal cost = new BigDecimal(text);
    if (Math.abs((long) cost.scale()) > MAX_COST) {
      throw new NumberFormatException("a cost of " + cost);
    }
    return cost;
  }

  private static RequestStore open(String name, String url, boolean onDisk) {
    // Otherwise the driver unpacks its library into the temporary folder, and leaves it when
    // killed.
    NativeFolder.direct(NativeFolder::ofProcess, "org.sqlite.tmpdir");
    try {
      Connection connection = RequestTables.connect(name, url);
      try {
        RequestTables tables = new RequestTables(name, connection);
        tables.prepare();
        if (onDisk) {
          tables.journal();
        }
        RequestStore store = new RequestStore(name, connection, tables);
        store.refresh();
        return store;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  /**
   * Returns the answer stored under a request's key, if any.
   *
   * @throws BadDataException if the file is damaged
   */
  public synchronized Optional<StoredAnswer> find(String key) {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT text, finish, prompt_tokens, completion_tokens, model, prompt_hash, cost,"
                + " currency FROM answers WHERE key = ?")) {
      query.setString(1, key);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        ChatAnswer answer =
            new ChatAnswer(
                row.getString(1), Finish.valueOf(row.getString(2)), row.getLong(3), row.getLong(4));
        return Optional.of(
            new StoredAnswer(
                answer,
                row.getString(5),
                row.getString(6),
                cost(row.getString(7)),
                row.getString(8),
                true));
      }
    } catch (SQLException e) {
      throw failure(name, e);
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new BadDataException(name + ": the row of key " + key + " is damaged", e);
    }
  }

  /**
   * Stores an answer. If the request has one already, that is kept, and the new one's cost is
   * counted.
   *
   * @return the stored answer
   * @throws BadDataException if it cannot be written
   */
  public synchronized StoredAnswer put(String key, StoredAnswer answer) {
    require(!key.isEmpty(), "the key is empty");
    // UTF-8 cannot encode lone surrogates: returns the same text now as is found later.
    StoredAnswer kept = withText(answer, utf8(answer.answer().text()));
    try {
      boolean added =
          insert(
              "INSERT INTO answers (key, prompt_tokens, completion_tokens, model, cost, currency,"
                  + " time, prompt_hash, finish, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON"
                  + " CONFLICT DO NOTHING",
              key,
              kept,
              kept.promptHash(),
              kept.answer().finish().name(),
              kept.answer().text());
      if (!added) {
        insert(
            "INSERT INTO repeats (key, prompt_tokens, completion_tokens, model, cost, currency,"
                + " time) VALUES (?, ?, ?, ?, ?, ?, ?)",
            key,
            kept);
      }
      return added ? kept : find(key).orElseThrow();
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  private static StoredAnswer withText(StoredAnswer a, String text) {
    ChatAnswer old = a.answer();
    return new StoredAnswer(
        new ChatAnswer(text, old.finish(), old.promptTokens(), old.completionTokens()),
        a.model(),
        a.promptHash(),
        a.cost(),
        a.currency(),
        a.fromStore());
  }

  private static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private boolean insert(String sql, String key, StoredAnswer answer, String... more)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(sql)) {
      insert.setString(1, key);
      insert.setLong(2, answer.answer().promptTokens());
      insert.setLong(3, answer.answer().completionTokens());
      insert.setString(4, answer.model());
      insert.setString(5, answer.cost().toString());
      insert.setString(6, answer.currency());
      insert.setLong(7, System.currentTimeMillis());
      for (int i = 0; i < more.length; i++) {
        insert.setString(8 + i, more[i]);
      }
      return insert.executeUpdate() == 1;
    }
  }

  /**
   * Returns the totals of the answers by the model's name, sorted by it.
   *
   * @throws BadDataException if the file is damaged
   */
  public synchronized Map<String, Totals> totals() {
    try {
      refresh();
      return new LinkedHashMap<>(totals);
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  /**
   * Adds to the counters of a model's retries and failures; flushed when this returns.
   *
   * @throws BadDataException if it cannot be written
   */
  synchronized void addTries(String model, long retries, long failed) {
    try {
      tables.run("BEGIN IMMEDIATE");
      try {
        addTo(RETRIES + model, retries);
        addTo(FAILED + model, failed);
        tables.run("COMMIT");
      } catch (SQLException e) {
        tables.run("ROLLBACK");
        throw e;
      }
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  private void addTo(String counter, long more) throws SQLException {
    try (PreparedStatement add =
        connection.prepareStatement(
            "INSERT INTO metadata VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value ="
                + " CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER)")) {
      add.setString(1, counter);
      add.setString(2, Long.toString(more));
      add.executeUpdate();
    }
  }

  /**
   * Returns the counters of retries and failures by the model's name.
   *
   * @throws BadDataException if the file is damaged
   */
  synchronized Map<String, Tries> tries() {
    Map<String, Tries> all = new TreeMap<>();
    counters(RETRIES).forEach((model, n) -> all.merge(model, new Tries(n, 0), RequestStore::added));
    counters(FAILED).forEach((model, n) -> all.merge(model, new Tries(0, n), RequestStore::added));
    return all;
  }

  private static Tries added(Tries a, Tries b) {
    return new Tries(a.retries() + b.retries(), a.failed() + b.failed());
  }

  private Map<String, Long> counters(String prefix) {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT name, CAST(value AS INTEGER) FROM metadata WHERE substr(name, 1, ?) = ?")) {
      query.setInt(1, prefix.length());
      query.setString(2, prefix);
      Map<String, Long> found = new TreeMap<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          found.put(row.getString(1).substring(prefix.length()), row.getLong(2));
        }
      }
      return found;
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  /** Returns the totals of all answers. */
  synchronized Totals spent() {
    return totals().values().stream().reduce(Totals.NONE, Totals::plus);
  }

  /** Returns the currencies of the answers that were not free. */
  synchronized SortedSet<String> currencies() {
    SortedSet<String> found = new TreeSet<>();
    totals().values().forEach(t -> found.add(t.currency()));
    found.remove("");
    return found;
  }

  /** Adds the rows since the last call, of all processes; rows are never deleted. */
  private void refresh() throws SQLException {
    for (int table = 0; table < TABLES.size(); table++) {
      try (PreparedStatement query =
          connection.prepareStatement(
              "SELECT id, model, prompt_tokens, completion_tokens, cost, currency FROM "
                  + TABLES.get(table)
                  + " WHERE id > ? ORDER BY id")) {
        query.setLong(1, summed[table]);
        try (ResultSet row = query.executeQuery()) {
          while (row.next()) {
            totals.merge(
                row.getString(2),
                new Totals(
                    1, row.getLong(3), row.getLong(4), cost(row.getString(5)), row.getString(6)),
                Totals::plus);
            summed[table] = row.getLong(1);
          }
        }
      } catch (NumberFormatException | NullPointerException e) {
        throw new BadDataException(
            name + ": a row of table " + TABLES.get(table) + " is damaged", e);
      }
    }
  }

  /**
   * Returns the metadata value of a name, for instance the settings of the run.
   *
   * @throws BadDataException if the file is damaged
   */
  public synchronized Optional<String> metadata(String key) {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT value FROM metadata WHERE name = ?")) {
      query.setString(1, key);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.ofNullable(row.getString(1)) : Optional.empty();
      }
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  /**
   * Stores a metadata value under a name, replacing the previous one.
   *
   * @throws BadDataException if it cannot be written
   */
  public synchronized void setMetadata(String key, String value) {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO metadata VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value ="
                + " excluded.value")) {
      insert.setString(1, key);
      insert.setString(2, value);
      insert.executeUpdate();
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }

  private static BadDataException failure(String name, SQLException e) {
    return new BadDataException(name + ": " + Reasons.of(e), e);
  }

  /** Returns the file or "in memory". */
  @Override
  public String toString() {
    return name;
  }

  /** Closes the file. Answers are safe without it. */
  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }
}

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
 * Answers of chat models in one SQLite file, by the keys of their requests, and what is known of
 * the run that asked for them.
 *
 * <p>An answer is on disk, flushed, when {@link #put} returns: neither a killed process nor, if the
 * disk keeps its word, a power loss takes it away. Beside the file lie its {@code -wal} and {@code
 * -shm} while it is open, and after a kill until it is opened next; the three belong together.
 *
 * <p>Threads may share a store. Several processes of one machine may open one file; each sees what
 * the others wrote. It serves one machine, on a local disk: SQLite's locks do not hold on network
 * file systems. A cluster needs a {@link RequestLedger} over a database that all its machines
 * reach, or one store per machine and items that always go to the same machine.
 */
public final class RequestStore implements AutoCloseable {
  private static final int MAX_COST = 100;

  /** What counters of tries are called among the metadata, with the model's name behind. */
  private static final String RETRIES = "retries of ";

  private static final String FAILED = "failed requests of ";

  private static final List<String> TABLES = List.of("answers", "repeats");

  private final String name;
  private final Connection connection;
  private final RequestTables tables;

  /** By model; of the rows up to {@link #summed}. */
  private final Map<String, Totals> totals = new TreeMap<>();

  /** The last row's id that is in the totals, of each table. */
  private final long[] summed = new long[TABLES.size()];

  /**
   * What one model's answers in a store came to. Answers that two processes asked for at once, of
   * which one is kept, count as often as they were paid for.
   *
   * @param requests answers
   * @param promptTokens tokens read
   * @param completionTokens tokens written
   * @param cost in units of currency
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
   * What one model's requests came to beyond its answers, over all runs.
   *
   * @param retries tries beyond the first of a request
   * @param failed requests without an answer after all tries
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
   * Opens a store, or makes one if there is no file or an empty one.
   *
   * @throws BadDataException if the file is no store of this library, is damaged or cannot be
   *     opened; the message names it
   * @throws AlignmentException naming the library to add, if SQLite's driver is missing
   */
  public static RequestStore open(Path file) {
    // SQLite's driver would read what follows as settings.
    require(!file.toString().contains("?"), "a store's path may have no '?': %s", file);
    InputFile input = InputFile.data(file);
    if (input.exists()) {
      input.requireRegular();
    }
    return open("request store " + file, "jdbc:sqlite:" + file.toAbsolutePath(), true);
  }

  /**
   * A store that is gone when it is closed, for tests and dry runs.
   *
   * @throws AlignmentException naming the library to add, if SQLite's driver is missing
   */
  public static RequestStore inMemory() {
    return open("request store in memory", "jdbc:sqlite::memory:", false);
  }

  /** Adding up numbers with another power of ten would take its digits in memory. */
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
    // The driver would unpack its library to the temporary folder, and leave it there when killed.
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
   * The answer to the request of a key, if there is one.
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
   * Stores an answer, unless there is one to the same request already: then what this one cost is
   * counted and the first is kept.
   *
   * @return the answer that is in the store
   * @throws BadDataException if it cannot be written
   */
  public synchronized StoredAnswer put(String key, StoredAnswer answer) {
    require(!key.isEmpty(), "the key is empty");
    // A lone surrogate has no UTF-8: what is returned now is what is found later.
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
   * What the answers came to, by the models' names, in the order of these.
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
   * Adds to what is counted of a model's tries; on disk when this returns.
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
   * What is counted of tries, by the models' names.
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

  /** What all answers came to. */
  synchronized Totals spent() {
    return totals().values().stream().reduce(Totals.NONE, Totals::plus);
  }

  /** The currencies of the answers that cost something. */
  synchronized SortedSet<String> currencies() {
    SortedSet<String> found = new TreeSet<>();
    totals().values().forEach(t -> found.add(t.currency()));
    found.remove("");
    return found;
  }

  /** Adds the rows that came since the last time, whoever wrote them; none ever goes. */
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
   * What is noted under a name, for instance the settings of the run.
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
   * Notes a value under a name, in place of one that is there.
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

  /** The file or "in memory". */
  @Override
  public String toString() {
    return name;
  }

  /** Closes the file. No answer is lost without it. */
  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(name, e);
    }
  }
}

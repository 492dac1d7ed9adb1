package org.alignment4j.data.filter;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;

/**
 * Finds texts of evaluation sets among training texts: a common run of 13 words, or, for shorter
 * texts, equality of the whole text. So a short evaluation prompt is found only if it is the whole
 * text, not inside a longer one. Check prompts and responses separately. Immutable and thread-safe.
 */
public final class Decontamination {
  private final List<EvaluationSet> sets;

  private Decontamination(List<EvaluationSet> sets) {
    this.sets = List.copyOf(sets);
  }

  /**
   * A text that is in an evaluation set.
   *
   * @param set the set's name
   * @param firstWord index of the first common word, from 0
   * @param words number of words of the common run; if below 13, it is the whole text
   */
  public record Match(String set, int firstWord, int words) {}

  /** Returns a check against the bundled sets: XSTest, JailbreakBench, StrongREJECT, AdvBench. */
  public static Decontamination standard() {
    return new Decontamination(EvaluationSet.shipped());
  }

  /** Returns a check against the given sets alone. */
  public static Decontamination of(List<EvaluationSet> sets) {
    return new Decontamination(sets);
  }

  /** Returns a check against one more set. */
  public Decontamination with(EvaluationSet set) {
    List<EvaluationSet> more = new ArrayList<>(sets);
    more.add(set);
    return new Decontamination(more);
  }

  /** Returns the sets, in the order in which they are searched. */
  public List<EvaluationSet> sets() {
    return sets;
  }

  /**
   * Returns the first run of words that is in a set; empty if there is none. The probability of a
   * false match is 5e-20 per run and hash in the sets.
   */
  public Optional<Match> find(String text) {
    TextHashes hashes = TextHashes.of(text, EvaluationSet.RUN);
    for (int i = 0; i < hashes.values().length; i++) {
      for (EvaluationSet set : sets) {
        if (set.contains(hashes.values()[i])) {
          return Optional.of(new Match(set.name(), i, hashes.words()));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * An evaluation set as hashes, without its text: one of each run of 13 words of its texts, and of
   * each shorter text as a whole. Words are compared after Unicode's NFKC, ignoring case and
   * punctuation. A hash is the first 8 bytes of SHA-256 over the words in UTF-8, separated by one
   * space, so that other programs can compute it. Immutable.
   */
  public static final class EvaluationSet {
    /** Number of words of a run, as in the GPT-3 paper (Brown et al. 2020, appendix C). */
    public static final int RUN = 13;

    /** Some 30 million hashes. */
    private static final long MAX_BYTES = 1 << 29;

    private static final List<String> SHIPPED =
        List.of("xstest", "jailbreakbench", "strongreject", "advbench");

    private final String name;
    private final String note;
    private final int texts;

    /** Ascending, distinct. */
    private final long[] hashes;

    private EvaluationSet(String name, String note, int texts, long[] hashes) {
      this.name = name;
      this.note = note;
      this.texts = texts;
      this.hashes = hashes;
    }

    /**
     * Hashes a set's texts.
     *
     * @param name the name reported with a match, one line, not blank
     * @param note origin and licence of the set, one line; may be empty
     * @param texts the set's texts, at least one
     */
    public static EvaluationSet of(String name, String note, Iterable<String> texts) {
      require(!name.isBlank() && name.lines().count() == 1, "a set's name must be one line");
      require(note.lines().count() <= 1, "the note on %s must be one line", name);
      Set<Long> hashes = new TreeSet<>();
      int count = 0;
      for (String text : texts) {
        count++;
        for (long hash : TextHashes.of(text, RUN).values()) {
          hashes.add(hash);
        }
      }
      require(count > 0, "evaluation set %s has no text", name);
      return new EvaluationSet(
          name, note, count, hashes.stream().mapToLong(Long::longValue).toArray());
    }

    /** Returns the bundled sets: XSTest, JailbreakBench, StrongREJECT and AdvBench. */
    public static List<EvaluationSet> shipped() {
      List<EvaluationSet> sets = new ArrayList<>();
      for (String set : SHIPPED) {
        String file = "evaluation/" + set + ".hashes";
        InputStream in = EvaluationSet.class.getResourceAsStream(file);
        try (InputStream stream = Objects.requireNonNull(in, file)) {
          sets.add(parse(file, stream));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      return List.copyOf(sets);
    }

    /**
     * Reads a file written by {@link #write}.
     *
     * @throws BadDataException if the file cannot be read, or a line is not a hash; the message
     *     names the line
     */
    public static EvaluationSet read(Path file) {
      InputFile input = InputFile.data(file);
      try (InputStream in = new ByteArrayInputStream(input.bytes(MAX_BYTES))) {
        return parse(file.toString(), in);
      } catch (IOException e) {
        throw input.failed(e);
      }
    }

    /**
     * Writes name, note and number of texts, one per line, followed by the hashes, 16 hexadecimal
     * digits per line, ascending. The file is written atomically.
     *
     * @throws BadDataException if the file cannot be written
     */
    public void write(Path file) {
      List<String> lines = new ArrayList<>(List.of("name: " + name, "note: " + note));
      lines.add("texts: " + texts);
      Arrays.stream(hashes).mapToObj(HexFormat.of()::toHexDigits).sorted().forEach(lines::add);
      OutputFile.data(file).writeAll(String.join("\n", lines) + "\n");
    }

    private static EvaluationSet parse(String file, InputStream in) throws IOException {
      BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      String name = header(file, 1, reader, "name: ");
      String note = header(file, 2, reader, "note: ");
      String texts = header(file, 3, reader, "texts: ");
      Set<Long> hashes = new TreeSet<>();
      int number = 3;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.matches("[0-9a-f]{16}")) {
          throw new BadDataException(
              file + ", line " + number + ": expected 16 hexadecimal digits, found something else");
        }
        hashes.add(Long.parseUnsignedLong(line, 16));
      }
      if (name.isBlank() || !texts.matches("\\d{1,9}") || hashes.isEmpty()) {
        throw new BadDataException(file + ": expected a name, a number of texts and hashes");
      }
      return new EvaluationSet(
          name,
          note,
          Integer.parseInt(texts),
          hashes.stream().mapToLong(Long::longValue).toArray());
    }

    private static String header(String file, int number, BufferedReader reader, String key)
        throws IOException {
      String line = reader.readLine();
      if (line == null || !line.startsWith(key)) {
        throw new BadDataException(file + ", line " + number + ": expected \"" + key + "\"");
      }
      return line.substring(key.length());
    }

    /** Returns the name reported with a match. */
    public String name() {
      return name;
    }

    /** Returns origin and licence of the set; may be empty. */
    public String note() {
      return note;
    }

    /** Returns the number of texts that were hashed. */
    public int texts() {
      return texts;
    }

    /** Returns the number of distinct hashes. */
    public int size() {
      return hashes.length;
    }

    boolean contains(long hash) {
      return Arrays.binarySearch(hashes, hash) >= 0;
    }

    @Override
    public String toString() {
      return "EvaluationSet[" + name + ", " + texts + " texts, " + hashes.length + " hashes]";
    }
  }
}

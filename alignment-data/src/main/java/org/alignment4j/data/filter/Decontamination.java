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
 * Finds texts of evaluation sets among training texts: a run of 13 words in common, or equality as
 * a whole where the texts are shorter. So a short evaluation prompt is found where it is the whole
 * text, not inside a longer one. Check prompts and responses one by one. Immutable; threads may
 * share it.
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
   * @param firstWord where the common run begins, in words from 0
   * @param words how many the common run has; below 13 it is the whole text
   */
  public record Match(String set, int firstWord, int words) {}

  /** Against the sets whose hashes come along: XSTest, JailbreakBench, StrongREJECT, AdvBench. */
  public static Decontamination standard() {
    return new Decontamination(EvaluationSet.shipped());
  }

  /** Against the given sets alone. */
  public static Decontamination of(List<EvaluationSet> sets) {
    return new Decontamination(sets);
  }

  /** Against one more set. */
  public Decontamination with(EvaluationSet set) {
    List<EvaluationSet> more = new ArrayList<>(sets);
    more.add(set);
    return new Decontamination(more);
  }

  /** The sets, in the order in which they are looked through. */
  public List<EvaluationSet> sets() {
    return sets;
  }

  /**
   * The first run of words that is in a set; empty if there is none. Two different runs are taken
   * for one with probability 5e-20 for each hash in the sets.
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
   * An evaluation set as hashes, without its text: of each run of 13 words of its texts, and of
   * each shorter text as a whole. Words are compared without case and punctuation, and after
   * Unicode's NFKC. A hash is the first 8 bytes of SHA-256 over the words in UTF-8 with one space
   * between, so that other programs can compute it. Immutable.
   */
  public static final class EvaluationSet {
    /** Words of a run, as GPT-3's authors chose it (Brown et al. 2020, appendix C). */
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
     * @param name what a match is reported under, one line, not blank
     * @param note where the set comes from and under which licence, one line; may be empty
     * @param texts at least one
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

    /** XSTest, JailbreakBench, StrongREJECT and AdvBench: the sets whose hashes come along. */
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
     * Reads a file of {@link #write}.
     *
     * @throws BadDataException if the file cannot be read, or naming the line that is no hash
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
     * Writes name, note and number of texts, a line each, and then the hashes, 16 hexadecimal
     * digits a line, ascending. The file appears whole or not at all.
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

    /** What a match is reported under. */
    public String name() {
      return name;
    }

    /** Where the set comes from and under which licence; may be empty. */
    public String note() {
      return note;
    }

    /** How many texts were hashed. */
    public int texts() {
      return texts;
    }

    /** How many different hashes there are. */
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

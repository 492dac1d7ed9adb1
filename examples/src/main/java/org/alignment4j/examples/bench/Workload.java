package org.alignment4j.examples.bench;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;

/**
 * Sequences to time with, independent of any tokenizer: numbers that become token ids of a
 * vocabulary by {@code 3 + x % (V - 3)}.
 *
 * @param source origin, for the report
 * @param prompts the sequences
 */
public record Workload(String source, List<long[]> prompts) {
  private static final long MAX_BYTES = 1 << 28;
  private static final int PROMPTS = 96;
  private static final int MIN_LENGTH = 12;
  private static final int MAX_LENGTH = 80;
  private static final long SEED = 96;
  private static final long BOUND = 1L << 30;

  /** Numbers below these ids are special tokens in most vocabularies. */
  private static final int FIRST_ID = 3;

  /** Copies the list. */
  public Workload {
    prompts = List.copyOf(prompts);
    require(!prompts.isEmpty(), "a workload needs prompts");
  }

  /**
   * Reads a JSON object whose {@code prompts} is a list of lists of whole numbers.
   *
   * @throws BadDataException if the file is not of this form
   */
  public static Workload read(Path file) {
    try {
      JsonObject json = StrictJson.object(InputFile.data(file).text(MAX_BYTES));
      JsonArray rows = json.getAsJsonArray("prompts");
      List<long[]> prompts = new ArrayList<>();
      for (JsonElement row : rows) {
        long[] numbers =
            row.getAsJsonArray().asList().stream().mapToLong(JsonElement::getAsLong).toArray();
        if (numbers.length == 0 || Arrays.stream(numbers).anyMatch(n -> n < 0)) {
          throw new BadDataException(
              file + ", prompt " + prompts.size() + ": expected numbers >= 0, at least one");
        }
        prompts.add(numbers);
      }
      return new Workload(file.toString(), prompts);
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | NullPointerException
        | ClassCastException e) {
      throw new BadDataException(file + " is not a workload with prompts: " + Reasons.of(e), e);
    }
  }

  /** 96 seeded sequences of 12 to 80 numbers, evenly spread. */
  public static Workload generated() {
    SplittableRandom random = new SplittableRandom(SEED);
    List<long[]> prompts =
        IntStream.range(0, PROMPTS)
            .mapToObj(
                i -> random.longs(random.nextInt(MIN_LENGTH, MAX_LENGTH + 1), 0, BOUND).toArray())
            .toList();
    return new Workload("generated, seed " + SEED, prompts);
  }

  /** Returns the sequences as ids of a vocabulary of {@code vocabulary} tokens. */
  public List<int[]> ids(int vocabulary) {
    require(vocabulary > FIRST_ID, "a vocabulary of %s is too small", vocabulary);
    return prompts.stream().map(row -> ids(row, vocabulary)).toList();
  }

  private static int[] ids(long[] row, int vocabulary) {
    int[] ids = new int[row.length];
    for (int i = 0; i < row.length; i++) {
      ids[i] = (int) (FIRST_ID + row[i] % (vocabulary - FIRST_ID));
    }
    return ids;
  }
}

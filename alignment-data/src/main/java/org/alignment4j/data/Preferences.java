package org.alignment4j.data;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.collect.Lists;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.WinRate.PairwiseJudge;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.tune.PreferencePair;

/**
 * Reads and writes preference sets: prompts with a chosen and a rejected response. Files are JSON
 * Lines, one JSON array, or CSV with columns prompt, chosen and rejected, UTF-8, with or without
 * byte order mark, plain or gzip; or Parquet with such columns. Stateless and thread-safe.
 *
 * <p>Each row has one of these forms, and may have other keys, which are ignored:
 *
 * <ul>
 *   <li>TRL standard: prompt, chosen and rejected are text; the prompt becomes a user message.
 *   <li>TRL conversational: lists of messages with role and content. The prompt is a list of its
 *       own, or the messages that chosen and rejected share; one assistant message remains in each.
 *       The prompt may be a separate text and repeated in both lists, as in the binarized
 *       UltraFeedback.
 *   <li>HH-RLHF: no prompt, chosen and rejected are whole dialogues of "\n\nHuman:" and
 *       "\n\nAssistant:" turns; the prompt ends at the last "
 *       <p>Assistant:", and one space after each marker is dropped. A prompt of such turns that
 *       ends with "
 *       <p>Assistant:", with bare responses, is supported too.
 * </ul>
 *
 * <p>A pair whose chosen, rejected or last prompt message is blank, or whose responses are equal,
 * is useless for training: it is skipped like a malformed row. A line of JSON Lines, an element of
 * a JSON array or a record of CSV can have up to 4 MiB.
 *
 * <p>{@link PreferenceFile} reads files that do not fit into memory row by row, and returns
 * examples for supervised fine-tuning from rows without a rejected text; {@link PreferenceWriter}
 * writes all forms.
 */
public final class Preferences {
  private Preferences() {}

  /**
   * Reads a file of any name. A pair's id is the row's id if it has one, which need not be unique,
   * else its number as in {@link Contents.Skipped#row()}.
   *
   * @return at least one pair; all other rows with the reason why they were skipped
   * @throws BadDataException if the file cannot be read, is not a preference file, or has no usable
   *     row; also if a JSON array is unterminated, as its rows cannot be separated then. The
   *     message names the file, what was expected and what was found
   */
  public static Contents read(Path file) {
    Contents set = rows(file);
    if (set.pairs().isEmpty()) {
      throw new BadDataException(
          file
              + ": "
              + PreferenceSource.EXPECTED
              + ", found no usable row among "
              + set.rows()
              + set.skipped().stream().findFirst().map(s -> "; " + location(s)).orElse(""));
    }
    return set;
  }

  /**
   * Reads a file in which every row must be usable; otherwise like {@link #read}.
   *
   * @return at least one pair, in the file's order
   * @throws BadDataException as {@link #read}, and if a row cannot be used; the message names the
   *     first
   */
  public static List<PreferencePair> readStrict(Path file) {
    Contents set = read(file);
    if (!set.skipped().isEmpty()) {
      throw new BadDataException(
          file
              + ", "
              + location(set.skipped().get(0))
              + " ("
              + set.skipped().size()
              + " of "
              + set.rows()
              + " rows cannot be used)");
    }
    return set.pairs();
  }

  /**
   * Writes JSON Lines in TRL's conversational form, {@code {"id", "prompt", "chosen", "rejected"}},
   * which {@link #read} reads back as equal pairs; gzip if the name ends in {@code .gz}. The file
   * is written atomically.
   *
   * @throws IllegalArgumentException if there is no pair, or one that would be skipped by the
   *     reader
   * @throws BadDataException if the file cannot be written
   */
  public static void writeJsonl(Path file, List<PreferencePair> pairs) {
    require(!pairs.isEmpty(), "there is no pair to write");
    for (PreferencePair pair : pairs) {
      require(!pair.id().isBlank(), "a pair's id is blank");
      Optional<String> flaw = PreferenceRow.flaw(pair);
      require(flaw.isEmpty(), "pair %s cannot be written: %s", pair.id(), flaw.orElse(""));
    }
    TextFile.write(
        file, pairs.stream().map(PreferenceRow::toJson).map(JsonPreferences::text).toList());
  }

  private static Contents rows(Path file) {
    PreferenceRows rows = new PreferenceRows();
    if (PreferenceSource.isEmpty(file)) {
      throw new BadDataException(file + ": " + PreferenceSource.EXPECTED + ", found an empty file");
    }
    try (RowSource source = PreferenceSource.open(file)) {
      for (RowSource.Row row = source.next(); row != null; row = source.next()) {
        rows.add(row);
      }
    }
    return rows.toSet(file);
  }

  private static String location(Contents.Skipped skipped) {
    return "row " + skipped.row() + ": " + skipped.reason();
  }

  /**
   * The pairs of a preference file, and its rows without a usable pair. Every row of the file is in
   * one of the lists. Immutable.
   *
   * @param pairs the usable pairs, in the file's order
   * @param skipped the other rows, in the file's order
   */
  public record Contents(List<PreferencePair> pairs, List<Skipped> skipped) {
    /** Copies the lists. */
    public Contents {
      pairs = List.copyOf(pairs);
      skipped = List.copyOf(skipped);
    }

    /**
     * A row without a usable pair.
     *
     * @param row counted from 1: the line in JSON Lines, the element in a JSON array, the record
     *     below the header in CSV, the row in Parquet
     * @param reason what was expected and what was found, on one line; contains no text of prompts
     *     or responses except key names
     */
    public record Skipped(int row, String reason) {
      /**
       * @throws IllegalArgumentException if row is below 1
       */
      public Skipped {
        require(row >= 1, "rows are counted from 1, found %s", row);
      }
    }

    /** Returns the number of the file's rows: pairs and skipped. */
    public int rows() {
      return pairs.size() + skipped.size();
    }

    /** Returns the sizes only; the texts may be private. */
    @Override
    public String toString() {
      return "Contents[" + pairs.size() + " pairs, " + skipped.size() + " skipped]";
    }
  }

  /**
   * A summary of a data file: which rows and keys are read, which are not, and why. Immutable.
   *
   * @param file the file
   * @param kind the kind it was read as
   * @param container its container format, such as "JSON Lines" or "CSV with semicolons"
   * @param layouts number of usable rows of each form, in the order found; of prompts the one
   *     format
   * @param used the keys or columns that were found and are read, in the order found
   * @param unused the other keys or columns that were found, in the order found
   * @param rows number of rows that are not empty
   * @param usable number of usable rows
   * @param refusals reasons why the others are not usable, in the order found
   * @param duplicates number of usable rows with the same texts as an earlier row
   * @param lengths lengths of the usable rows' texts, by name: prompt, and for preferences chosen
   *     and rejected
   * @param markers a description of rows that contain markers of a chat template; empty if none
   *     does
   * @param samples the first usable rows
   */
  public record FileInspection(
      Path file,
      Kind kind,
      String container,
      Map<String, Long> layouts,
      List<String> used,
      List<String> unused,
      long rows,
      long usable,
      List<Refusal> refusals,
      long duplicates,
      Map<String, Lengths> lengths,
      Optional<String> markers,
      List<Sample> samples) {
    /** The kind of a data file. */
    public enum Kind {
      /** Read by {@link Prompts}. */
      PROMPTS,
      /** Read by {@link Preferences}. */
      PREFERENCES
    }

    /**
     * Rows that cannot be used for one reason.
     *
     * @param reason what was expected and what was found, on one line
     * @param count number of such rows
     * @param first locations of the first few of them: lines from 1, in Parquet rows
     */
    public record Refusal(String reason, long count, List<Long> first) {
      /** Copies the list. */
      public Refusal {
        first = List.copyOf(first);
      }
    }

    /** Lengths of texts in UTF-16 units. */
    public record Lengths(int shortest, int median, int longest, double mean) {}

    /**
     * A usable row.
     *
     * @param line the line where it starts, from 1; in Parquet its row
     * @param texts the texts by name: prompt (of a conversation the last message), chosen, rejected
     */
    public record Sample(long line, Map<String, String> texts) {
      /** Returns its location only; the texts may be private. */
      @Override
      public String toString() {
        return "Sample[line " + line + "]";
      }
    }

    /**
     * Inspects a file, detecting its kind from its keys or columns: preferences if there are chosen
     * and rejected, else prompts.
     *
     * @throws AlignmentException if it cannot be read, or is not a file of that kind
     */
    public static FileInspection of(Path file) {
      return of(file, FileInspector.kind(file));
    }

    /**
     * Inspects a file of a given kind.
     *
     * @throws AlignmentException if it cannot be read, or is not a file of that kind
     */
    public static FileInspection of(Path file, Kind kind) {
      return new FileInspector(file, kind).inspect();
    }

    /** Returns the counts only; the texts may be private. */
    @Override
    public String toString() {
      return "FileInspection[" + file + ", " + kind + ", " + usable + " of " + rows + " rows]";
    }
  }

  /**
   * Preference pairs of a model's own responses: of n that are sampled for a prompt, the best and
   * the worst, as a judge ranks them. Such pairs are on-policy: what DPO or RAHF learn from them is
   * what the model itself says.
   *
   * <p>Each two different responses are judged in both orders, and a response's score is the mean
   * of the log-odds by which it is preferred, so that position bias cancels. A prompt yields no
   * pair if fewer than two responses differ, if the judge must prefer the best to the worst in both
   * orders and does not, or if their scores differ by less than a margin. n responses cost n (n -
   * 1) judgements. The pairs are as good as the judge. Immutable; thread-safe if the judge is.
   *
   * @param n number of responses to a prompt, 2 to 16
   * @param generation how they are sampled; temperature above 0
   * @param leastMargin least difference of the scores of the two, in nats, 0 or more
   * @param bothOrders whether the judge must prefer the best to the worst in both orders; a small
   *     judge goes mostly by the position, and then hardly any pair is left
   */
  public record BestOfN(int n, Generation generation, double leastMargin, boolean bothOrders) {
    private static final int MOST = 16;

    /** Responses that are generated and judged together. */
    private static final int TOGETHER = 32;

    /**
     * A pair and how far apart its responses are.
     *
     * @param prompt 0-based index of its prompt, which is the pair's id
     * @param margin difference of their scores, in nats
     */
    public record Ranked(int prompt, PreferencePair pair, double margin) {}

    /**
     * A prompt without a pair.
     *
     * @param prompt 0-based index
     * @param reason why, on one line
     */
    public record Omission(int prompt, String reason) {}

    /**
     * The pairs, in the order of the prompts, and the prompts without one.
     *
     * @param pairs of prompts whose best and worst response differ enough
     * @param omitted the other prompts
     */
    public record Result(List<Ranked> pairs, List<Omission> omitted) {
      /** Copies the lists. */
      public Result {
        pairs = List.copyOf(pairs);
        omitted = List.copyOf(omitted);
      }
    }

    /** Checks the ranges. */
    public BestOfN {
      require(n >= 2 && n <= MOST, "n must be in 2..%s, was %s", MOST, n);
      require(generation.temperature() > 0, "responses must be sampled: temperature is 0");
      require(
          leastMargin >= 0 && Double.isFinite(leastMargin),
          "leastMargin must be >= 0, was %s",
          leastMargin);
      require(
          generation.seeds().isEmpty(), "seeds are derived for each response: give one seed only");
    }

    /**
     * Samples, ranks and pairs. The same model, judge, prompts and seed give the same pairs.
     *
     * @param model has a tokenizer
     * @param prompts each ends with a user message
     * @throws IllegalArgumentException if there is no prompt
     * @throws org.alignment4j.core.CancelledException if the thread is interrupted
     */
    public Result pairs(
        LanguageModel model, PairwiseJudge judge, List<Prompt> prompts, ProgressListener progress) {
      require(!prompts.isEmpty(), "there is no prompt");
      List<Ranked> ranked = new ArrayList<>();
      List<Omission> omitted = new ArrayList<>();
      List<Integer> all = IntStream.range(0, prompts.size()).boxed().toList();
      int done = 0;
      for (List<Integer> some : Lists.partition(all, Math.max(1, TOGETHER / n))) {
        List<Integer> fitting =
            some.stream().filter(i -> hasRoom(model, prompts.get(i), i, omitted)).toList();
        List<List<String>> responses = responses(model, prompts, fitting);
        List<double[][]> preferred = preferred(judge, prompts, fitting, responses);
        for (int k = 0; k < fitting.size(); k++) {
          int i = fitting.get(k);
          pair(i, prompts.get(i), responses.get(k), preferred.get(k), ranked, omitted);
        }
        done += some.size();
        progress.step("best of " + n, done, prompts.size());
      }
      omitted.sort(Comparator.comparingInt(Omission::prompt));
      return new Result(ranked, omitted);
    }

    private boolean hasRoom(LanguageModel model, Prompt prompt, int i, List<Omission> omitted) {
      long tokens = model.tokenizer().encode(prompt).length;
      boolean room = tokens + generation.maxNewTokens() <= model.longestSequence();
      if (!room) {
        omitted.add(
            new Omission(
                i,
                "its "
                    + tokens
                    + " tokens leave no room for "
                    + generation.maxNewTokens()
                    + " in the context of "
                    + model.longestSequence()));
      }
      return room;
    }

    /** The different responses to each prompt that are not blank. */
    private List<List<String>> responses(
        LanguageModel model, List<Prompt> prompts, List<Integer> some) {
      if (some.isEmpty()) {
        return List.of();
      }
      List<Prompt> asked = new ArrayList<>();
      List<Long> seeds = new ArrayList<>();
      for (int i : some) {
        for (int k = 0; k < n; k++) {
          asked.add(prompts.get(i));
          seeds.add(generation.seedOf(i * n + k));
        }
      }
      List<Completion> found = model.generate(asked, generation.toBuilder().seeds(seeds).build());
      return Lists.partition(found, n).stream()
          .map(
              own ->
                  List.copyOf(
                      new LinkedHashSet<>(
                          own.stream()
                              .map(c -> c.text().strip())
                              .filter(t -> !t.isEmpty())
                              .toList())))
          .toList();
    }

    /**
     * The judge's verdicts: for each prompt [a][b] the log-odds for response a when it is shown
     * before b; NaN without a verdict.
     */
    private static List<double[][]> preferred(
        PairwiseJudge judge,
        List<Prompt> prompts,
        List<Integer> some,
        List<List<String>> responses) {
      List<Prompt> asked = new ArrayList<>();
      List<String> firsts = new ArrayList<>();
      List<String> seconds = new ArrayList<>();
      for (int k = 0; k < some.size(); k++) {
        for (String a : responses.get(k)) {
          for (String b : responses.get(k)) {
            if (!a.equals(b)) {
              asked.add(prompts.get(some.get(k)));
              firsts.add(a);
              seconds.add(b);
            }
          }
        }
      }
      List<OptionalDouble> verdicts =
          asked.isEmpty() ? List.of() : judge.prefersAll(asked, firsts, seconds);
      List<double[][]> all = new ArrayList<>();
      int at = 0;
      for (List<String> own : responses) {
        double[][] odds = new double[own.size()][own.size()];
        for (int a = 0; a < own.size(); a++) {
          for (int b = 0; b < own.size(); b++) {
            odds[a][b] = a == b ? 0 : verdicts.get(at++).orElse(Double.NaN);
          }
        }
        all.add(odds);
      }
      return all;
    }

    private void pair(
        int i,
        Prompt prompt,
        List<String> responses,
        double[][] odds,
        List<Ranked> ranked,
        List<Omission> omitted) {
      if (responses.size() < 2) {
        omitted.add(new Omission(i, "fewer than two of its responses differ"));
        return;
      }
      double[] scores = scores(odds);
      if (Arrays.stream(scores).anyMatch(Double::isNaN)) {
        omitted.add(new Omission(i, "the judge cannot read all responses"));
        return;
      }
      int best = 0;
      int worst = 0;
      for (int a = 1; a < scores.length; a++) {
        best = scores[a] > scores[best] ? a : best;
        worst = scores[a] < scores[worst] ? a : worst;
      }
      double margin = scores[best] - scores[worst];
      boolean agrees = odds[best][worst] > 0 && odds[worst][best] < 0;
      if (margin <= 0 || (bothOrders && !agrees)) {
        omitted.add(
            new Omission(
                i,
                margin <= 0
                    ? "the judge prefers none of its responses"
                    : "the judge does not prefer the best in both orders"));
      } else if (margin < leastMargin) {
        omitted.add(
            new Omission(i, String.format(Locale.ROOT, "the scores differ by %.3f only", margin)));
      } else {
        PreferencePair pair =
            new PreferencePair(
                Integer.toString(i), prompt, responses.get(best), responses.get(worst));
        ranked.add(new Ranked(i, pair, margin));
      }
    }

    /** The mean of the log-odds for each response against the others, both orders. */
    private static double[] scores(double[][] odds) {
      int k = odds.length;
      double[] scores = new double[k];
      for (int a = 0; a < k; a++) {
        for (int b = 0; b < k; b++) {
          scores[a] += (odds[a][b] - odds[b][a]) / (2.0 * (k - 1));
        }
      }
      return scores;
    }
  }
}

package org.alignment4j.examples.demo;

import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.alignment4j.internal.host.Hashes;

/**
 * Rows of the data sets that the demonstration model is trained on and that are held out, as row
 * ids and SHA-256 hashes, never as text.
 *
 * @param rule the rule in words
 * @param seed the corpus's seed
 * @param conversations number of conversations for the seed
 * @param conversationsSha256 over their texts in training order
 * @param sources the data sets by name
 */
record DemoSplit(
    String rule,
    long seed,
    int conversations,
    String conversationsSha256,
    Map<String, Source> sources) {

  /**
   * One data set. Ids are 0-based rows; runs are written as {@code first-last}.
   *
   * @param file path in the data folder
   * @param sha256 of the file
   * @param rows number of rows
   * @param keptOut ids of rows that must never be trained on
   * @param keptOutSha256 over the prompts of those rows
   * @param nearCopies ids dropped as too similar to a held-out prompt
   * @param trained ids of rows that are trained on
   * @param trainedSha256 over the prompts of those rows
   */
  record Source(
      String file,
      String sha256,
      int rows,
      String keptOut,
      String keptOutSha256,
      String nearCopies,
      String trained,
      String trainedSha256) {}

  static DemoSplit of(
      DataFolder folder,
      Map<DataSource, List<SourceRow>> rows,
      Map<DataSource, Set<Integer>> used,
      Map<DataSource, List<Integer>> nearCopies,
      long seed,
      List<Conversation> conversations) {
    Map<String, Source> sources = new LinkedHashMap<>();
    rows.forEach(
        (source, all) -> {
          List<Integer> kept =
              all.stream().map(SourceRow::id).filter(i -> source.keptOut(i, all.size())).toList();
          Set<Integer> trained = used.getOrDefault(source, Set.of());
          sources.put(
              source.key(),
              new Source(
                  source.file(),
                  Hashes.sha256(folder.file(source)),
                  all.size(),
                  runs(kept),
                  hash(all, kept),
                  runs(nearCopies.getOrDefault(source, List.of())),
                  runs(trained),
                  hash(all, trained)));
        });
    String rule =
        "a training request whose word-Jaccard with any kept-out request, or with one of the"
            + " demonstration's own prompts, is at least "
            + DemoCorpus.TOO_CLOSE
            + " is dropped (lower case, no punctuation)";
    return new DemoSplit(
        rule,
        seed,
        conversations.size(),
        Hashes.sha256(conversations.stream().map(Conversation::text).toList()),
        sources);
  }

  String json() {
    return new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create().toJson(this) + "\n";
  }

  private static String hash(List<SourceRow> all, Collection<Integer> ids) {
    return Hashes.sha256(new TreeSet<>(ids).stream().map(i -> all.get(i).prompt()).toList());
  }

  /** Formats sorted ids as "0-3,7,9-12"; empty for none. */
  static String runs(Collection<Integer> ids) {
    List<String> runs = new ArrayList<>();
    int first = -2;
    int last = -2;
    for (int id : new TreeSet<>(ids)) {
      if (id != last + 1) {
        addRun(runs, first, last);
        first = id;
      }
      last = id;
    }
    addRun(runs, first, last);
    return String.join(",", runs);
  }

  private static void addRun(List<String> runs, int first, int last) {
    if (first >= 0) {
      runs.add(first == last ? Integer.toString(first) : first + "-" + last);
    }
  }
}

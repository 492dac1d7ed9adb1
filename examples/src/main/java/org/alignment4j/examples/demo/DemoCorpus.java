package org.alignment4j.examples.demo;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.OutputFile;

/**
 * Builds the training conversations of the demonstration model from public data sets and from text
 * written for this project.
 *
 * <p>No conversation's request shares 0.6 or more of its words (Jaccard index) with a request held
 * out for evaluation or with one of the demonstration's own prompts.
 */
public final class DemoCorpus {
  /** Requests with at least this Jaccard index to a held-out request are dropped. */
  static final double TOO_CLOSE = 0.6;

  /** Control tokens of the demonstration model, ids 0, 1, 2. */
  public static final List<String> CONTROL = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

  /** Vocabulary size of the demonstration model. */
  public static final int VOCABULARY = 4096;

  /** The longest input of the demonstration model in tokens. */
  public static final int CONTEXT = 1024;

  private static final List<DataSource> TRAINING =
      List.of(
          DataSource.ADVBENCH,
          DataSource.ULTRAFEEDBACK,
          DataSource.SELF_INSTRUCT,
          DataSource.HH_RLHF);

  private final DataFolder folder;
  private final long seed;
  private final WordSets keptOut = new WordSets();
  private final Map<DataSource, List<SourceRow>> rows = new LinkedHashMap<>();
  private final Map<String, Integer> dropped = new TreeMap<>();
  private final Map<DataSource, List<Integer>> nearCopies = new LinkedHashMap<>();
  private final Map<DataSource, Set<Integer>> used = new LinkedHashMap<>();

  private DemoCorpus(Path data, long seed) {
    this.folder = new DataFolder(data);
    this.seed = seed;
    for (DataSource source : DataSource.values()) {
      List<SourceRow> read = folder.read(source);
      rows.put(source, read);
      for (SourceRow row : read) {
        if (source.keptOut(row.id(), read.size())) {
          row.prompts().forEach(keptOut::add);
        }
      }
    }
    DemoPrompts.tune().forEach(p -> keptOut.add(p.prompt()));
    DemoPrompts.test().forEach(p -> keptOut.add(p.prompt()));
  }

  /**
   * Builds the conversations in training order.
   *
   * @param data the folder with the public data sets
   * @param seed of every random choice; the same seed and data yield the same conversations
   * @throws BadDataException if a data set is missing or cannot be read
   */
  public static List<Conversation> build(Path data, long seed) {
    return new DemoCorpus(data, seed).conversations();
  }

  /** Returns which rows are trained on and which are held out, as ids and hashes. */
  static DemoSplit split(Path data, long seed) {
    DemoCorpus corpus = new DemoCorpus(data, seed);
    List<Conversation> conversations = corpus.conversations();
    return DemoSplit.of(
        corpus.folder, corpus.rows, corpus.used, corpus.nearCopies, seed, conversations);
  }

  private List<Conversation> conversations() {
    Refusals refusals = new Refusals();
    // One generator for each part, so that a change of one list does not affect the others.
    PublicConversations fromData = new PublicConversations(new Random(seed), refusals);
    List<Conversation> plain = new ArrayList<>();
    for (DataSource source : TRAINING) {
      List<SourceRow> all = rowsOf(source);
      List<Integer> near = new ArrayList<>();
      Set<Integer> taken = new LinkedHashSet<>();
      for (SourceRow row : all) {
        if (source.keptOut(row.id(), all.size())) {
          continue;
        }
        if (row.prompts().stream().anyMatch(this::tooClose)) {
          near.add(row.id());
          dropped.merge(source.key(), 1, Integer::sum);
          continue;
        }
        for (Conversation c : fromData.of(source, row)) {
          if (!tooClose(c.user())) {
            taken.add(row.id());
            plain.add(c);
          }
        }
      }
      nearCopies.put(source, near);
      used.put(source, taken);
    }
    for (Conversation c : new WrittenConversations(new Random(seed + 1), refusals).build()) {
      if (tooClose(c.user())) {
        dropped.merge(c.source() + " " + c.kind(), 1, Integer::sum);
      } else {
        plain.add(c);
      }
    }
    SystemMessages systems = new SystemMessages(new Random(seed + 2), refusals);
    Map<String, Conversation> distinct = new LinkedHashMap<>();
    for (Conversation c : plain) {
      if (SystemMessages.pseudo(c)) {
        put(distinct, c);
        put(distinct, systems.under("lenient", c));
        put(distinct, systems.under("strict", c));
      } else {
        put(distinct, systems.maybe(c));
      }
    }
    List<Conversation> ordered = new ArrayList<>(distinct.values());
    Collections.shuffle(ordered, new Random(seed + 3));
    return List.copyOf(ordered);
  }

  private static void put(Map<String, Conversation> distinct, Conversation c) {
    distinct.putIfAbsent(Objects.requireNonNullElse(c.system(), "") + '\n' + c.user(), c);
  }

  private boolean tooClose(String request) {
    return keptOut.nearest(request) >= TOO_CLOSE;
  }

  private List<SourceRow> rowsOf(DataSource source) {
    return rows.getOrDefault(source, List.of());
  }

  /**
   * Builds the corpus and prints statistics.
   *
   * <p>Arguments: DATA [seed N] [dump FILE] [tokenizer FOLDER] [split FILE].
   */
  public static void main(String[] args) {
    PrintStream out = System.out;
    if (args.length == 0 || args.length % 2 == 0) {
      out.println("usage: DemoCorpus DATA [seed N] [dump FILE] [tokenizer FOLDER] [split FILE]");
      throw new IllegalArgumentException("wrong number of arguments: " + args.length);
    }
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 1; i < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    long seed = Long.parseLong(options.getOrDefault("seed", "7"));
    long start = System.nanoTime();
    DemoCorpus corpus = new DemoCorpus(Path.of(args[0]), seed);
    List<Conversation> conversations = corpus.conversations();
    out.printf(
        "%d conversations, %.1f s%n", conversations.size(), (System.nanoTime() - start) / 1e9);
    corpus.report(conversations, out);
    String dump = options.get("dump");
    if (dump != null) {
      dump(conversations, Path.of(dump));
    }
    String tokenizer = options.get("tokenizer");
    if (tokenizer != null) {
      vocabulary(conversations).write(Path.of(tokenizer), CONTROL.get(0), CONTROL.get(2), CONTEXT);
      out.printf("tokenizer written, %.1f s%n", (System.nanoTime() - start) / 1e9);
    }
    String split = options.get("split");
    if (split != null) {
      OutputFile.data(Path.of(split)).writeAll(split(Path.of(args[0]), seed).json());
    }
  }

  /** Trains the demonstration model's vocabulary on its training conversations. */
  public static BytePairVocabulary vocabulary(List<Conversation> conversations) {
    List<String> texts = new ArrayList<>();
    for (Conversation c : conversations) {
      if (c.system() != null) {
        texts.add("system\n" + c.system());
      }
      texts.add("user\n" + c.user());
      texts.add("assistant\n" + c.assistant());
    }
    return BytePairTrainer.train(texts, CONTROL, VOCABULARY);
  }

  private void report(List<Conversation> conversations, PrintStream out) {
    Map<String, Integer> counts = new TreeMap<>();
    long words = 0;
    for (Conversation c : conversations) {
      counts.merge("kind " + c.kind(), 1, Integer::sum);
      counts.merge("source " + c.source(), 1, Integer::sum);
      counts.merge(c.system() == null ? "without system" : "with system", 1, Integer::sum);
      words += c.text().split("\\s+", -1).length;
    }
    counts.forEach((name, count) -> out.printf("  %-24s %d%n", name, count));
    dropped.forEach((name, count) -> out.printf("  near copies dropped: %-16s %d%n", name, count));
    out.printf("  words %d%n", words);
  }

  private static void dump(List<Conversation> conversations, Path file) {
    Gson gson = new GsonBuilder().disableHtmlEscaping().create();
    StringBuilder lines = new StringBuilder();
    conversations.forEach(c -> lines.append(gson.toJson(c)).append('\n'));
    OutputFile.data(file).writeAll(lines.toString());
  }
}

package org.alignment4j.data.moral;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.statistics.SignFlip;
import org.jspecify.annotations.Nullable;

/** One run of an evaluation: reads all answers, in groups that do not depend on the journal. */
final class MoralRun {
  /** Maximum number of questions that are read, and journalled, together. */
  private static final int GROUP = 32;

  private final MoralSelfCorrection.Builder settings;
  private final AnswerReader reader;
  private final MoralExperiment experiment;
  private final ProgressListener progress;
  private final int orders;

  /** Readings of each cell's first group, if that was read ahead; taken once. */
  private final Map<Cell, List<Reading>> begun = new HashMap<>();

  /** Number of questions so far whose readings came from the journal. */
  private final AtomicLong kept = new AtomicLong();

  /** What is scored by itself. */
  private record Cell(Condition condition, String category) {}

  private Cell cell(Condition condition, int item) {
    return new Cell(condition, experiment.items().get(item).category());
  }

  private Cell cell(List<Query> group) {
    return cell(group.get(0).condition, group.get(0).item);
  }

  /** One item in one order of its options. */
  private record Query(Condition condition, int item, int order) {}

  MoralRun(
      MoralSelfCorrection.Builder settings,
      AnswerReader reader,
      MoralExperiment experiment,
      ProgressListener progress) {
    this.settings = settings;
    this.reader = reader;
    this.experiment = experiment;
    this.progress = progress;
    this.orders = settings.allOrders ? experiment.orders() : 1;
  }

  MoralReport run(Set<Condition> wanted) {
    List<Condition> conditions =
        Arrays.stream(Condition.values())
            .filter(c -> wanted.contains(c) && experiment.conditions().contains(c))
            .toList();
    require(!conditions.isEmpty(), "%s has none of the conditions %s", experiment.name(), wanted);
    List<List<Query>> groups = groups(conditions);
    Map<Cell, String> stopped = new LinkedHashMap<>();
    List<List<Reading>> read = readAll(groups, stopped);
    Map<Condition, @Nullable Reading[]> byItem = new EnumMap<>(Condition.class);
    Map<Query, Reading> all = new LinkedHashMap<>();
    Map<Condition, PositionCounts> positionCounts = new EnumMap<>(Condition.class);
    for (int g = 0; g < groups.size(); g++) {
      for (int i = 0; i < read.get(g).size(); i++) {
        Query query = groups.get(g).get(i);
        if (experiment.orders() > 1) {
          positionCounts
              .computeIfAbsent(query.condition, c -> new PositionCounts())
              .add(read.get(g).get(i));
        }
        all.put(
            query, read.get(g).get(i).ordered(experiment.optionPositions(query.item, query.order)));
      }
    }
    for (Condition condition : conditions) {
      @Nullable Reading[] readings = new Reading[experiment.size()];
      for (int item : subset(condition)) {
        if (stopped.containsKey(cell(condition, item))) {
          continue;
        }
        List<Reading> parts = new ArrayList<>();
        for (int order = 0; order < orders; order++) {
          parts.add(Objects.requireNonNull(all.get(new Query(condition, item, order))));
        }
        readings[item] = Reading.mean(parts);
      }
      byItem.put(condition, readings);
    }
    List<String> warnings = new ArrayList<>(stopped.values());
    positionCounts.forEach(
        (condition, own) -> own.warning(condition, orders > 1).ifPresent(warnings::add));
    return new MoralScoring(
            experiment, settings.bootstrap, new SignFlip(MoralScoring.PERMUTATIONS, settings.seed))
        .report(byItem, reader, warnings, provenance());
  }

  /**
   * Returns the groups that are read together: up to 32 questions of one condition and category, so
   * that the journal of a run over one category is valid for a run over all.
   */
  private List<List<Query>> groups(List<Condition> conditions) {
    List<List<Query>> groups = new ArrayList<>();
    for (Condition condition : conditions) {
      Map<String, List<Query>> byCategory = new LinkedHashMap<>();
      for (int item : subset(condition)) {
        List<Query> queries =
            byCategory.computeIfAbsent(
                experiment.items().get(item).category(), c -> new ArrayList<>());
        for (int order = 0; order < orders; order++) {
          queries.add(new Query(condition, item, order));
        }
      }
      for (List<Query> queries : byCategory.values()) {
        for (int from = 0; from < queries.size(); from += GROUP) {
          groups.add(queries.subList(from, Math.min(queries.size(), from + GROUP)));
        }
      }
    }
    return groups;
  }

  /** Returns the items of a condition, ascending: about as many of each category and kind. */
  private List<Integer> subset(Condition condition) {
    int max =
        condition == Condition.REASONING
            ? Math.min(settings.itemsPerCategory, settings.reasoningPerCategory)
            : settings.itemsPerCategory;
    Map<String, Map<String, List<Integer>>> byKind = new LinkedHashMap<>();
    for (int i = 0; i < experiment.size(); i++) {
      MoralItem item = experiment.items().get(i);
      byKind
          .computeIfAbsent(item.category(), c -> new LinkedHashMap<>())
          .computeIfAbsent(item.kind(), k -> new ArrayList<>())
          .add(i);
    }
    List<Integer> chosen = new ArrayList<>();
    for (Map<String, List<Integer>> kinds : byKind.values()) {
      List<List<Integer>> drawn = new ArrayList<>();
      for (List<Integer> items : kinds.values()) {
        List<Integer> shuffled = new ArrayList<>(items);
        // The same random order for each kind, so that the two items of a law student stay
        // together, and
        // for each condition, so that a smaller subset is part of a larger one.
        Collections.shuffle(shuffled, new java.util.Random(settings.seed));
        drawn.add(shuffled);
      }
      int taken = 0;
      for (int round = 0; taken < max; round++) {
        int before = taken;
        for (List<Integer> items : drawn) {
          if (round < items.size() && taken < max) {
            chosen.add(items.get(round));
            taken++;
          }
        }
        if (taken == before) {
          break;
        }
      }
    }
    Collections.sort(chosen);
    return chosen;
  }

  /**
   * The readings of each group; none of those of cells that are stopped.
   *
   * @param stopped gets those cells, with a warning
   */
  private List<List<Reading>> readAll(List<List<Query>> groups, Map<Cell, String> stopped) {
    long total = groups.stream().mapToLong(List::size).sum();
    try (ReadingJournal journal =
        settings.journal == null ? null : new ReadingJournal(settings.journal)) {
      if (settings.leastCoverage > 0) {
        stop(groups, journal, total, stopped);
      }
      List<List<Query>> open = groups.stream().filter(g -> !stopped.containsKey(cell(g))).toList();
      List<List<Reading>> read =
          settings.threads == 1
              ? readInOrder(open, journal)
              : readByThreads(open, journal, open.stream().mapToLong(List::size).sum());
      List<List<Reading>> all = new ArrayList<>();
      int at = 0;
      for (List<Query> group : groups) {
        all.add(stopped.containsKey(cell(group)) ? List.of() : read.get(at++));
      }
      return all;
    }
  }

  private List<List<Reading>> readInOrder(
      List<List<Query>> groups, @Nullable ReadingJournal journal) {
    long total = groups.stream().mapToLong(List::size).sum();
    List<List<Reading>> all = new ArrayList<>();
    long done = 0;
    for (List<Query> group : groups) {
      List<Reading> first = begun.remove(cell(group));
      all.add(first == null ? read(group, journal) : first);
      done += group.size();
      report(task(group), done, total);
    }
    return all;
  }

  /** Reads the first group of each cell and stops those whose options are improbable. */
  private void stop(
      List<List<Query>> groups,
      @Nullable ReadingJournal journal,
      long total,
      Map<Cell, String> stopped) {
    Set<Cell> seen = new HashSet<>();
    long done = 0;
    for (List<Query> group : groups) {
      Cell cell = cell(group);
      if (!seen.add(cell)) {
        continue;
      }
      List<Reading> first = read(group, journal);
      begun.put(cell, first);
      done += group.size();
      report(task(group), done, total);
      double coverage =
          first.stream()
              .filter(r -> r.isRead() && r.samples() == 0)
              .mapToDouble(Reading::coverage)
              .average()
              .orElse(1);
      if (coverage < settings.leastCoverage) {
        stopped.put(
            cell,
            String.format(
                Locale.ROOT,
                "%s, %s: stopped after %d questions, whose options hold %.2g of the probability:"
                    + " the model would answer something else.",
                cell.condition.label(),
                cell.category,
                group.size(),
                coverage));
      }
    }
  }

  /** Reports separately how many readings came from an earlier run, which took no time. */
  private void report(String task, long done, long total) {
    progress.onProgress(
        new ProgressListener.Progress(task, done, total, Map.of("kept", (double) kept.get())));
  }

  private String task(List<Query> group) {
    return experiment.name() + " " + group.get(0).condition.label();
  }

  /** The readings of a group, from one thread. */
  private record Done(int group, List<Reading> readings) {}

  private List<List<Reading>> readByThreads(
      List<List<Query>> groups, @Nullable ReadingJournal journal, long total) {
    ExecutorService threads = Executors.newFixedThreadPool(settings.threads);
    List<Future<Done>> running = new ArrayList<>();
    try {
      CompletionService<Done> completion = new ExecutorCompletionService<>(threads);
      for (int g = 0; g < groups.size(); g++) {
        int group = g;
        List<Reading> first = begun.remove(cell(groups.get(g)));
        running.add(
            completion.submit(
                () -> new Done(group, first == null ? read(groups.get(group), journal) : first)));
      }
      List<List<Reading>> all = new ArrayList<>(Collections.nCopies(groups.size(), List.of()));
      long count = 0;
      for (int n = 0; n < groups.size(); n++) {
        Done done = completion.take().get();
        all.set(done.group, done.readings);
        count += done.readings.size();
        report(task(groups.get(done.group)), count, total);
      }
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("the evaluation was cancelled", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e);
    } finally {
      running.forEach(f -> f.cancel(true));
      threads.shutdownNow();
      awaitEnd(threads);
    }
  }

  /** The journal must not be closed under a thread that still writes. */
  private static void awaitEnd(ExecutorService threads) {
    boolean interrupted = false;
    while (true) {
      try {
        if (threads.awaitTermination(1, java.util.concurrent.TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Reading> read(List<Query> group, @Nullable ReadingJournal journal) {
    Cancellation.check("the evaluation");
    List<Question> questions = new ArrayList<>();
    for (Query query : group) {
      long seed =
          Long.parseUnsignedLong(
              Hashes.sha256(
                      List.of(
                          Long.toString(settings.seed),
                          experiment.items().get(query.item).id(),
                          query.condition.name(),
                          Integer.toString(query.order)))
                  .substring(0, 15),
              16);
      questions.add(experiment.question(query.item, query.condition, query.order, seed));
    }
    @Nullable Reading[] readings = new Reading[questions.size()];
    List<Integer> open = new ArrayList<>();
    List<Question> guarded = guarded(questions, readings, open);
    String key = journal == null ? "" : key(guarded);
    List<Reading> found = journal == null ? null : journal.find(key);
    if (found == null) {
      found = answers(guarded);
      // Unanswered requests are sent again; the others come from the request store.
      boolean whole = found.stream().noneMatch(r -> r.status() == Status.UNANSWERED);
      if (journal != null && !guarded.isEmpty() && whole) {
        journal.add(key, found);
      }
    } else {
      kept.addAndGet(found.size());
    }
    for (int k = 0; k < found.size(); k++) {
      readings[open.get(k)] = found.get(k);
    }
    List<Reading> all = new ArrayList<>();
    for (@Nullable Reading reading : readings) {
      all.add(Objects.requireNonNull(reading));
    }
    return all;
  }

  private List<Reading> answers(List<Question> questions) {
    if (questions.isEmpty()) {
      return List.of();
    }
    return questions.get(0).chain() == null
        ? reader.read(questions)
        : reader.reasonAndRead(questions);
  }

  /** Returns the questions that the guard admits, as it rewrites them. */
  private List<Question> guarded(
      List<Question> questions, @Nullable Reading[] readings, List<Integer> open) {
    List<Verdict> verdicts =
        settings.guard == null
            ? List.of()
            : settings.guard.requireVerdicts(questions.stream().map(Question::prompt).toList());
    List<Question> passed = new ArrayList<>();
    for (int i = 0; i < questions.size(); i++) {
      Question question = questions.get(i);
      Verdict verdict = verdicts.isEmpty() ? null : verdicts.get(i);
      if (verdict != null && verdict.blocks()) {
        readings[i] = Reading.none(Status.BLOCKED, question.options().size(), 0);
        continue;
      }
      open.add(i);
      passed.add(
          verdict instanceof Verdict.Rewrite r
              ? question.withPrompt(
                  r.prompt(), r.embedded() == null ? List.of() : List.of(r.embedded().rows()))
              : question);
    }
    return passed;
  }

  /** Returns the hash of everything that the readings of a group depend on. */
  private String key(List<Question> questions) {
    List<String> parts = new ArrayList<>(List.of("1", reader.name(), reader.method()));
    for (Question q : questions) {
      parts.add(Long.toString(q.seed()));
      parts.add(q.stem());
      parts.add(q.maxTokens() + " " + q.leading());
      if (q.chain() != null) {
        parts.add(q.chain().opening());
        parts.add(q.chain().followUp());
        parts.add(Integer.toString(q.chain().maxTokens()));
      }
      parts.add(messages(q.prompt()));
      parts.add(Arrays.deepToString(q.system().toArray()));
      q.options().forEach(o -> parts.add(o.forms() + " " + o.aliases()));
    }
    return Hashes.sha256(parts);
  }

  private static String messages(Prompt prompt) {
    List<String> parts = new ArrayList<>();
    for (Message message : prompt.messages()) {
      parts.add(message.role().name());
      parts.add(message.text());
    }
    return Hashes.sha256(parts);
  }

  private Provenance provenance() {
    Map<String, Object> plain = new LinkedHashMap<>();
    plain.put("orders", orders);
    plain.put("items_per_category", settings.itemsPerCategory);
    plain.put("reasoning_per_category", settings.reasoningPerCategory);
    plain.put("resamples", settings.bootstrap.resamples());
    plain.put("level", settings.bootstrap.level());
    plain.put("bootstrap_seed", settings.bootstrap.seed());
    plain.put("guard", settings.guard == null ? "none" : settings.guard.getClass().getSimpleName());
    return new Provenance(
        "moral self-correction",
        plain,
        settings.seed,
        Map.of("experiment", experiment.hash(), "model", reader.name()),
        Map.of());
  }
}

package org.alignment4j.data.synthesis;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.data.request.ChatException;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;
import org.alignment4j.synthesis.SynthesisReport.StageYield;

/** Counts the results of stages. Not thread-safe; the tallies of several threads are added up. */
final class StageTally implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The reason for items whose model did not answer; another run sends their requests again. */
  static final String UNANSWERED = "no answer";

  private static final String NOT_ACCEPTED = "the model does not accept the request";

  private final Map<String, StageYield> yields = new TreeMap<>();
  private long unanswered;
  private long notAccepted;
  private String lastFailure = "";

  /** Applies a stage to an item and counts the results. */
  <I, O> List<O> apply(Stage<I, O> stage, String category, I item) {
    StageResult<O> result;
    try {
      result = stage.apply(item);
    } catch (ChatException e) {
      lastFailure = String.valueOf(e.getMessage());
      result =
          switch (e.kind()) {
            case CONFIGURATION -> throw e;
            case REQUEST -> StageResult.drop(NOT_ACCEPTED);
            case TRANSIENT -> StageResult.drop(UNANSWERED);
          };
    }
    count(stage.name(), category, 1, result.passed().size(), result.dropped());
    return result.passed();
  }

  /** Applies a stage to items and counts the results. */
  <I, O> List<O> applyAll(Stage<I, O> stage, String category, List<I> items) {
    List<O> passed = new ArrayList<>();
    for (I item : items) {
      passed.addAll(apply(stage, category, item));
    }
    return passed;
  }

  void count(String stage, String category, long in, long out, List<String> dropped) {
    Map<String, Long> reasons = new TreeMap<>();
    for (String reason : dropped) {
      reasons.merge(reason, 1L, Long::sum);
      if (reason.equals(UNANSWERED)) {
        unanswered++;
      } else if (reason.equals(NOT_ACCEPTED)) {
        notAccepted++;
      }
    }
    add(new StageYield(stage, category, in, out, reasons));
  }

  void add(StageTally other) {
    other.yields.values().forEach(this::add);
    unanswered += other.unanswered;
    notAccepted += other.notAccepted;
    lastFailure = other.lastFailure.isEmpty() ? lastFailure : other.lastFailure;
  }

  private void add(StageYield more) {
    yields.merge(more.stage() + "\0" + more.category(), more, StageYield::plus);
  }

  long unanswered() {
    return unanswered;
  }

  /** Returns the number of items whose request a model rejected. */
  long notAccepted() {
    return notAccepted;
  }

  /** Returns the message of the last failure of a model; empty if there was none. */
  String lastFailure() {
    return lastFailure;
  }

  long droppedInAll() {
    return yields.values().stream().mapToLong(StageYield::droppedInAll).sum();
  }

  /** Returns the yields in the given order of stages, and by category within a stage. */
  List<StageYield> inOrder(List<String> stages) {
    Map<String, List<StageYield>> byStage = new LinkedHashMap<>();
    stages.forEach(stage -> byStage.put(stage, new ArrayList<>()));
    yields.values().forEach(y -> byStage.computeIfAbsent(y.stage(), s -> new ArrayList<>()).add(y));
    return byStage.values().stream().flatMap(List::stream).toList();
  }
}

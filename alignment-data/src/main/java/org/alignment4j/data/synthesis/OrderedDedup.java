package org.alignment4j.data.synthesis;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.synthesis.SourceText;

/** Drops items that duplicate an earlier one; expects items in their order. Not thread-safe. */
final class OrderedDedup<T> {
  private final String stage;
  private final Deduplicator deduplicator;
  private final Function<T, String> id;
  private final Function<T, String> text;
  private final Function<T, String> category;

  private OrderedDedup(
      String stage,
      Deduplicator deduplicator,
      Function<T, String> id,
      Function<T, String> text,
      Function<T, String> category) {
    this.stage = stage;
    this.deduplicator = deduplicator;
    this.id = id;
    this.text = text;
    this.category = category;
  }

  static OrderedDedup<SourceText> texts(Deduplicator deduplicator) {
    return new OrderedDedup<>(
        SynthesisStages.TEXT_DUPLICATES,
        deduplicator,
        SourceText::id,
        SourceText::text,
        SourceText::category);
  }

  static OrderedDedup<Candidate> instructions(Deduplicator deduplicator) {
    return new OrderedDedup<>(
        SynthesisStages.INSTRUCTION_DUPLICATES,
        deduplicator,
        Candidate::id,
        Candidate::instruction,
        candidate -> candidate.text().category());
  }

  Optional<T> offer(T item, StageTally tally) {
    Optional<Duplicate> duplicate = deduplicator.offer(id.apply(item), text.apply(item));
    List<String> dropped =
        duplicate.map(d -> List.of(d.reason().name().toLowerCase(Locale.ROOT))).orElse(List.of());
    tally.count(stage, category.apply(item), 1, duplicate.isPresent() ? 0 : 1, dropped);
    return duplicate.isPresent() ? Optional.empty() : Optional.of(item);
  }
}

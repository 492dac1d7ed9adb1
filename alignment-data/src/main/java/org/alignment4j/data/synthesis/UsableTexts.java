package org.alignment4j.data.synthesis;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.alignment4j.synthesis.SourceText;

/**
 * Iterates over the source texts that pass the source stage and duplicate no earlier one, in order.
 */
final class UsableTexts implements Iterator<SourceText> {
  private final Iterator<SourceText> source;
  private final SynthesisStages stages;
  private final OrderedDedup<SourceText> dedup;
  private final RunAccount<?> account;
  private final Deque<SourceText> ready = new ArrayDeque<>();

  UsableTexts(
      Iterator<SourceText> source,
      SynthesisStages stages,
      OrderedDedup<SourceText> dedup,
      RunAccount<?> account) {
    this.source = source;
    this.stages = stages;
    this.dedup = dedup;
    this.account = account;
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && source.hasNext()) {
      SourceText text = source.next();
      account.read();
      for (SourceText usable : account.tally().apply(stages.source(), text.category(), text)) {
        dedup.offer(usable, account.tally()).ifPresent(ready::add);
      }
    }
    return !ready.isEmpty();
  }

  @Override
  public SourceText next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}

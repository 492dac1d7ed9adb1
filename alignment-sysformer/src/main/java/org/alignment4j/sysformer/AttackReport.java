package org.alignment4j.sysformer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalGap;
import org.jspecify.annotations.Nullable;

/**
 * Refusals by prompt set and by attack. Immutable.
 *
 * @param entries one for each set and wording, in the order they were measured
 */
public record AttackReport(List<Entry> entries) {
  /**
   * One set in one wording.
   *
   * @param set the set's name
   * @param harmful whether its prompts are to be refused
   * @param attack the wording; null for the prompts as they are
   * @param refused harmful prompts refused, in full or in part; of the others all that were not
   *     fully complied with, so that silence does not pass for help
   */
  public record Entry(String set, boolean harmful, @Nullable Attack attack, Rate refused) {}

  /** Copies the list. */
  public AttackReport {
    entries = List.copyOf(entries);
  }

  /** Of the prompts as they are. */
  public RefusalGap plain() {
    return gap(e -> e.attack == null);
  }

  /** Of the prompts in some wordings, taken together. */
  public RefusalGap under(Collection<Attack> attacks) {
    return gap(e -> e.attack != null && attacks.contains(e.attack));
  }

  /** Of the prompts in the wordings of a family, those that were measured, taken together. */
  public RefusalGap under(AttackFamily family) {
    return gap(e -> e.attack != null && e.attack.family() == family);
  }

  /** Of those entries that {@code which} takes. */
  public RefusalGap gap(Predicate<Entry> which) {
    return new RefusalGap(sum(which, true), sum(which, false));
  }

  private Rate sum(Predicate<Entry> which, boolean harmful) {
    long k = 0;
    long n = 0;
    for (Entry e : entries) {
      if (e.harmful == harmful && which.test(e)) {
        k += e.refused.k();
        n += e.refused.n();
      }
    }
    return new Rate(k, n);
  }

  /** {@code {plain, families: {NAME: ...}, entries}}, for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("plain", plain().toMap());
    Map<String, @Nullable Object> families = new LinkedHashMap<>();
    for (AttackFamily family : AttackFamily.values()) {
      if (under(family).harmful().n() + under(family).safe().n() > 0) {
        families.put(family.name(), under(family).toMap());
      }
    }
    map.put("families", families);
    List<Map<String, @Nullable Object>> all = new ArrayList<>();
    for (Entry e : entries) {
      Map<String, @Nullable Object> one = new LinkedHashMap<>();
      one.put("set", e.set);
      one.put("harmful", e.harmful);
      one.put("attack", e.attack == null ? null : e.attack.name());
      one.put("refused", e.refused.toMap());
      all.add(one);
    }
    map.put("entries", all);
    return map;
  }
}

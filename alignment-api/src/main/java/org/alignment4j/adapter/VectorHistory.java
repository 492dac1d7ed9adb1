package org.alignment4j.adapter;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.Provenance;
import org.jspecify.annotations.Nullable;

/**
 * The derivation of a control vector from others as a sum of multiples. It stays flat however many
 * sums are made, and equal terms are merged.
 *
 * @param terms factors by the provenance, as a JSON object, of the vector multiplied
 */
record VectorHistory(Map<Map<String, Object>, Double> terms) {
  private static final String METHOD = "linear_combination";
  private static final String TERMS = "terms";
  private static final String FACTOR = "factor";
  private static final String OF = "of";

  /** The history recorded in a provenance, or the provenance itself as the only term. */
  static VectorHistory of(Provenance provenance) {
    Map<Map<String, Object>, Double> known = known(provenance);
    return new VectorHistory(known == null ? Map.of(plain(provenance), 1.0) : known);
  }

  private static @Nullable Map<Map<String, Object>, Double> known(Provenance provenance) {
    if (!provenance.method().equals(METHOD)
        || !(provenance.settings().get(TERMS) instanceof List<?> list)) {
      return null;
    }
    Map<Map<String, Object>, Double> terms = new LinkedHashMap<>();
    for (Object item : list) {
      if (!(item instanceof Map<?, ?> term
          && term.get(FACTOR) instanceof Number factor
          && term.get(OF) instanceof Map<?, ?> of)) {
        return null;
      }
      Map<String, Object> copy = new LinkedHashMap<>();
      of.forEach((k, v) -> copy.put(String.valueOf(k), v));
      terms.merge(copy, factor.doubleValue(), Double::sum);
    }
    return terms;
  }

  VectorHistory times(double factor) {
    Map<Map<String, Object>, Double> all = new LinkedHashMap<>();
    terms.forEach((of, own) -> all.put(of, own * factor));
    return new VectorHistory(all);
  }

  VectorHistory plus(VectorHistory other) {
    Map<Map<String, Object>, Double> all = new LinkedHashMap<>(terms);
    other.terms.forEach((of, factor) -> all.merge(of, factor, Double::sum));
    return new VectorHistory(all);
  }

  Provenance provenance() {
    List<Map<String, Object>> list = new ArrayList<>();
    terms.forEach((of, factor) -> list.add(Map.of(FACTOR, factor, OF, of)));
    return new Provenance(METHOD, Map.of(TERMS, list), 0, Map.of(), Map.of());
  }

  /** The provenance of a vector that was changed other than by sums and multiples. */
  static Provenance changed(String method, Map<String, Object> settings, Provenance from) {
    Map<String, Object> all = new LinkedHashMap<>(settings);
    all.put(OF, plain(from));
    return new Provenance(method, all, from.seed(), Map.of(), Map.of());
  }

  /** A provenance whose setting {@code scaled_by} is multiplied by a factor. */
  static Provenance scaled(Provenance p, double factor) {
    Map<String, Object> settings = new LinkedHashMap<>(p.settings());
    settings.merge(
        "scaled_by", factor, (was, by) -> was instanceof Number n ? n.doubleValue() * factor : by);
    return new Provenance(p.method(), settings, p.seed(), p.inputs(), p.metrics());
  }

  private static Map<String, Object> plain(Provenance provenance) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("method", provenance.method());
    all.put("settings", provenance.settings());
    all.put("seed", provenance.seed());
    all.put("inputs", provenance.inputs());
    all.put("metrics", provenance.metrics());
    return all;
  }
}

package org.alignment4j.chat;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.alignment4j.chat.JinjaValue.Generator;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.jspecify.annotations.Nullable;

/** Jinja's filters of sequences and mappings: order, groups, attributes. */
final class JinjaSequences {
  private JinjaSequences() {}

  static JinjaList dictSorted(Object value, JinjaArguments given) {
    List<Object> items = JinjaMethods.items(map(value, "dictsort"));
    String by = given.has(1) ? given.text(1) : "key";
    if (!by.equals("key") && !by.equals("value")) {
      throw new JinjaException("dictsort by " + by);
    }
    long part = by.equals("key") ? 0 : 1;
    sort(
        items,
        caseless(item -> JinjaValue.item(item, part), given.truth(0, false)),
        given.truth(2, false));
    return JinjaList.list(items);
  }

  /** Sorts as Python does: equal values keep their order, also in reverse. */
  static void sort(List<Object> values, UnaryOperator<Object> key, boolean reverse) {
    Comparator<Object[]> order = (a, b) -> JinjaValue.order(a[0], b[0]);
    List<Object[]> keyed = new ArrayList<>(values.size());
    values.forEach(value -> keyed.add(new Object[] {key.apply(value), value}));
    keyed.sort(reverse ? order.reversed() : order);
    values.clear();
    keyed.forEach(pair -> values.add(pair[1]));
  }

  private static UnaryOperator<Object> caseless(UnaryOperator<Object> key, boolean sensitive) {
    return sensitive ? key : value -> lowered(key.apply(value));
  }

  private static Object lowered(Object value) {
    if (value instanceof TracedText text) {
      return text.map(part -> part.toLowerCase(Locale.ROOT));
    }
    return value;
  }

  static Generator unique(Object value, JinjaArguments given) {
    UnaryOperator<Object> key = caseless(attribute(given.or(1, None.NONE)), given.truth(0, false));
    Map<MapKey, Object> first = new LinkedHashMap<>();
    JinjaValue.each(value).forEach(each -> first.putIfAbsent(MapKey.of(key.apply(each)), each));
    return Generator.of(new ArrayList<>(first.values()));
  }

  static Object extreme(Object value, JinjaArguments given, String which) {
    UnaryOperator<Object> key = caseless(attribute(given.or(1, None.NONE)), given.truth(0, false));
    List<Object> all = JinjaValue.each(value);
    Object best = all.isEmpty() ? new Undefined(which) : all.get(0);
    for (Object each : all.subList(Math.min(1, all.size()), all.size())) {
      int order = JinjaValue.order(key.apply(each), key.apply(best));
      best = (which.equals("min") ? order < 0 : order > 0) ? each : best;
    }
    return best;
  }

  static JinjaList grouped(Object value, JinjaArguments given) {
    Object otherwise = given.or(1, None.NONE);
    UnaryOperator<Object> plain =
        attribute(given.required(0), otherwise instanceof None ? null : otherwise);
    UnaryOperator<Object> key = caseless(plain, given.truth(2, false));
    List<Object> sorted = JinjaValue.each(value);
    sort(sorted, key, false);
    List<Object> groups = new ArrayList<>();
    List<Object> open = new ArrayList<>();
    for (Object each : sorted) {
      if (!open.isEmpty() && !JinjaValue.same(key.apply(open.get(0)), key.apply(each))) {
        groups.add(JinjaList.group(plain.apply(open.get(0)), open));
        open = new ArrayList<>();
      }
      open.add(each);
    }
    if (!open.isEmpty()) {
      groups.add(JinjaList.group(plain.apply(open.get(0)), open));
    }
    return JinjaList.list(groups);
  }

  static Generator batches(Object value, JinjaArguments given) {
    long size = JinjaValue.whole(given.required(0), "batch");
    Object fill = given.or(1, None.NONE);
    List<Object> batches = new ArrayList<>();
    List<Object> open = new ArrayList<>();
    for (Object each : JinjaValue.each(value)) {
      if (open.size() == size) {
        batches.add(JinjaList.list(open));
        open = new ArrayList<>();
      }
      open.add(each);
    }
    if (!open.isEmpty()) {
      JinjaRun.requireElements(size);
      while (!(fill instanceof None) && open.size() < size) {
        open.add(fill);
      }
      batches.add(JinjaList.list(open));
    }
    return Generator.of(batches);
  }

  static Generator slices(Object value, JinjaArguments given) {
    long count = JinjaValue.whole(given.required(0), "slice");
    if (count <= 0) {
      throw new JinjaException("it divides by zero");
    }
    JinjaRun.requireElements(count);
    Object fill = given.or(1, None.NONE);
    List<Object> all = JinjaValue.each(value);
    int each = all.size() / (int) count;
    int longer = all.size() % (int) count;
    List<Object> slices = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < count; i++) {
      int to = from + each + (i < longer ? 1 : 0);
      List<Object> slice = new ArrayList<>(all.subList(from, to));
      if (!(fill instanceof None) && i >= longer) {
        slice.add(fill);
      }
      slices.add(JinjaList.list(slice));
      from = to;
    }
    return Generator.of(slices);
  }

  static List<Object> mapped(List<Object> values, UnaryOperator<Object> of) {
    List<Object> mapped = new ArrayList<>(values.size());
    values.forEach(value -> mapped.add(of.apply(value)));
    return mapped;
  }

  /** The value at {@code attribute='a.0.b'}; for None the value itself. */
  static UnaryOperator<Object> attribute(Object path) {
    return attribute(path, null);
  }

  static UnaryOperator<Object> attribute(Object path, @Nullable Object otherwise) {
    if (path instanceof None) {
      return UnaryOperator.identity();
    }
    List<Object> parts = new ArrayList<>();
    if (JinjaValue.isWhole(path)) {
      parts.add(path);
    } else {
      for (String part : Splitter.on('.').split(JinjaValue.literal(path, "an attribute"))) {
        parts.add(
            part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : (Object) TracedText.of(part));
      }
    }
    return value -> {
      Object found = value;
      for (Object part : parts) {
        found = JinjaValue.item(found, part);
        found = found instanceof Undefined && otherwise != null ? otherwise : found;
      }
      return found;
    };
  }

  /** Several attributes, with commas between them, sort by one after the other. */
  static UnaryOperator<Object> sortKey(Object path, boolean sensitive) {
    List<UnaryOperator<Object>> keys = new ArrayList<>();
    if (path instanceof TracedText text) {
      for (String each : Splitter.on(',').split(text.text())) {
        keys.add(caseless(attribute(TracedText.of(each)), sensitive));
      }
    } else {
      keys.add(caseless(attribute(path), sensitive));
    }
    return value -> {
      List<Object> key = new ArrayList<>(keys.size());
      keys.forEach(each -> key.add(each.apply(value)));
      return JinjaList.list(key);
    };
  }

  static Map<?, ?> map(Object value, String filter) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new JinjaException(filter + " needs a mapping, found " + JinjaValue.kind(value));
  }
}

package org.alignment4j.chat;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.JinjaList.Kind;
import org.alignment4j.chat.JinjaValue.Generator;
import org.alignment4j.chat.JinjaValue.Key;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.jspecify.annotations.Nullable;

/** Jinja's filters: {@code value | name}. */
final class JinjaFilters {
  private static final Pattern WORD_BEGINS =
      Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);

  private JinjaFilters() {}

  static Object apply(
      JinjaRun run, String name, Object value, List<Object> arguments, Map<String, Object> named) {
    run.spend(JinjaExpression.weight(value));
    return switch (name) {
      case "trim" -> {
        JinjaArguments given = given(name, arguments, named, "chars");
        yield JinjaMethods.stripped(JinjaText.of(value), true, true, given.textOrNone(0));
      }
      case "length", "count" -> {
        given(name, arguments, named);
        yield length(value);
      }
      case "upper", "lower", "capitalize" -> {
        given(name, arguments, named);
        yield JinjaMethods.changedCase(JinjaText.of(value), name);
      }
      case "title" -> {
        given(name, arguments, named);
        yield titled(JinjaText.of(value));
      }
      case "string" -> {
        given(name, arguments, named);
        yield JinjaText.of(value);
      }
      case "default", "d" -> {
        JinjaArguments given = given(name, arguments, named, "default_value", "boolean");
        boolean missing =
            value instanceof Undefined || (given.truth(1, false) && !JinjaValue.truth(value));
        yield missing ? given.or(0, Rope.EMPTY) : value;
      }
      case "list" -> {
        given(name, arguments, named);
        yield JinjaList.list(JinjaValue.each(value));
      }
      case "first", "last" -> {
        given(name, arguments, named);
        yield end(value, name);
      }
      case "reverse" -> {
        given(name, arguments, named);
        yield reversed(value);
      }
      case "join" -> {
        JinjaArguments given = given(name, arguments, named, "d", "attribute");
        UnaryOperator<Object> of = attribute(given.or(1, None.NONE));
        Rope separator = JinjaText.of(given.or(0, Rope.EMPTY));
        yield JinjaMethods.join(mapped(JinjaValue.each(value), of), separator, run);
      }
      case "replace" -> {
        JinjaArguments given = given(name, arguments, named, "old", "new", "count");
        Object count = given.or(2, None.NONE);
        yield JinjaMethods.replaced(
            JinjaText.of(value),
            JinjaText.of(given.required(0)).text(),
            JinjaText.of(given.required(1)).text(),
            count instanceof None ? -1 : JinjaValue.whole(count, name),
            run);
      }
      case "int" -> toInt(value, given(name, arguments, named, "default", "base"));
      case "float" -> toFloat(value, given(name, arguments, named, "default"));
      case "abs" -> {
        given(name, arguments, named);
        yield value instanceof Double number
            ? (Object) Math.abs(number)
            : (Object) Math.absExact(JinjaValue.whole(value, name));
      }
      case "round" -> {
        JinjaArguments given = given(name, arguments, named, "precision", "method");
        String method = given.has(1) ? given.text(1) : "common";
        if (!List.of("common", "ceil", "floor").contains(method)) {
          throw new JinjaException("round with the method " + method);
        }
        yield JinjaNumbers.round(value, given.whole(0, 0), method);
      }
      case "items" -> {
        given(name, arguments, named);
        yield Generator.of(
            value instanceof Undefined ? List.of() : JinjaMethods.items(map(value, name)));
      }
      case "dictsort" ->
          dictSorted(value, given(name, arguments, named, "case_sensitive", "by", "reverse"));
      case "sort" -> {
        JinjaArguments given =
            given(name, arguments, named, "reverse", "case_sensitive", "attribute");
        List<Object> sorted = JinjaValue.each(value);
        sort(sorted, sortKey(given.or(2, None.NONE), given.truth(1, false)), given.truth(0, false));
        yield JinjaList.list(sorted);
      }
      case "unique" -> unique(value, given(name, arguments, named, "case_sensitive", "attribute"));
      case "min", "max" ->
          extreme(value, given(name, arguments, named, "case_sensitive", "attribute"), name);
      case "sum" -> {
        JinjaArguments given = given(name, arguments, named, "attribute", "start");
        Object sum = given.or(1, 0L);
        for (Object each : mapped(JinjaValue.each(value), attribute(given.or(0, None.NONE)))) {
          if (sum instanceof Rope) {
            throw new JinjaException("it sums up texts");
          }
          sum = JinjaExpression.Binary.compute("+", sum, each, run);
        }
        yield sum;
      }
      case "groupby" ->
          grouped(value, given(name, arguments, named, "attribute", "default", "case_sensitive"));
      case "batch" -> batches(value, given(name, arguments, named, "linecount", "fill_with"));
      case "slice" -> slices(value, given(name, arguments, named, "slices", "fill_with"));
      case "indent" ->
          indented(value, given(name, arguments, named, "width", "first", "blank"), run);
      case "center" -> {
        JinjaArguments given = given(name, arguments, named, "width");
        yield JinjaMethods.centered(JinjaText.of(value), given.whole(0, 80), run);
      }
      case "wordcount" -> {
        given(name, arguments, named);
        yield words(JinjaText.of(value).text());
      }
      case "truncate" ->
          truncated(
              text(value, name),
              given(name, arguments, named, "length", "killwords", "end", "leeway"));
      case "attr" -> {
        JinjaArguments given = given(name, arguments, named, "name");
        if (value instanceof Undefined undefined) {
          throw new JinjaException(undefined.name() + " is undefined; it asks for an attribute");
        }
        Object found = JinjaValue.ownAttribute(value, given.text(0));
        yield found == null ? new Undefined(given.text(0)) : found;
      }
      case "format" -> {
        if (!named.isEmpty()) {
          throw new JinjaException("format by names is not supported");
        }
        yield JinjaFormat.percent(JinjaText.of(value), JinjaList.of(Kind.TUPLE, arguments));
      }
      case "tojson" -> JinjaJson.of(value, arguments, named);
      case "select", "reject" ->
          chosen(value, UnaryOperator.identity(), 0, arguments, named, name.equals("select"), run);
      case "selectattr", "rejectattr" -> {
        if (arguments.isEmpty()) {
          throw new JinjaException(name + " needs an attribute");
        }
        yield chosen(
            value,
            attribute(arguments.get(0)),
            1,
            arguments,
            named,
            name.equals("selectattr"),
            run);
      }
      case "map" -> mapped(run, value, arguments, named);
      default -> throw new JinjaException("the filter " + name + " is not supported");
    };
  }

  /** Filters that are there, for {@code is filter}. */
  static boolean isKnown(String name) {
    return Pattern.matches(
        "abs|attr|batch|capitalize|center|count|d|default|dictsort|e|escape|filesizeformat|first"
            + "|float|forceescape|format|groupby|indent|int|items|join|last|length|list|lower|map"
            + "|max|min|pprint|random|reject|rejectattr|replace|reverse|round|safe|select"
            + "|selectattr|slice|sort|string|striptags|sum|title|tojson|trim|truncate|unique|upper"
            + "|urlencode|urlize|wordcount|wordwrap|xmlattr",
        name);
  }

  private static JinjaArguments given(
      String filter, List<Object> arguments, Map<String, Object> named, String... parameters) {
    return JinjaArguments.of("the filter " + filter, arguments, named, parameters);
  }

  private static Rope text(Object value, String filter) {
    if (value instanceof Rope text) {
      return text;
    }
    throw new JinjaException(filter + " needs a text, found " + JinjaValue.kind(value));
  }

  private static Map<?, ?> map(Object value, String filter) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new JinjaException(filter + " needs a mapping, found " + JinjaValue.kind(value));
  }

  private static Object length(Object value) {
    if (value instanceof Rope rope) {
      return (long) rope.text().codePointCount(0, rope.length());
    } else if (value instanceof Generator) {
      throw new JinjaException("it measures a generator");
    } else if (value instanceof Map<?, ?> map) {
      return (long) map.size();
    }
    return value instanceof List<?> list
        ? (long) list.size()
        : (long) JinjaValue.each(value).size();
  }

  private static Object end(Object value, String which) {
    if (which.equals("first")) {
      if (value instanceof Generator generator) {
        return generator.rest().hasNext() ? generator.rest().next() : new Undefined("first");
      }
      List<Object> all = JinjaValue.each(value);
      return all.isEmpty() ? new Undefined("first") : all.get(0);
    }
    if (value instanceof Generator || value instanceof Undefined) {
      throw new JinjaException("it takes the last of " + JinjaValue.kind(value));
    }
    List<Object> all = JinjaValue.each(value);
    return all.isEmpty() ? new Undefined("last") : all.get(all.size() - 1);
  }

  private static Object reversed(Object value) {
    if (value instanceof Rope) {
      return JinjaValue.slice(value, null, null, -1L);
    }
    List<Object> all = JinjaValue.each(value);
    Collections.reverse(all);
    return Generator.of(all);
  }

  /** Not Python's own {@code title}: letters behind an apostrophe stay small. */
  private static Rope titled(Rope text) {
    Rope.Builder out = new Rope.Builder();
    Matcher between = WORD_BEGINS.matcher(text.text());
    int from = 0;
    while (between.find()) {
      capitalized(text.sub(from, between.start()), out);
      out.add(text.sub(between.start(), between.end()));
      from = between.end();
    }
    capitalized(text.sub(from, text.length()), out);
    return out.build();
  }

  private static void capitalized(Rope word, Rope.Builder out) {
    int first = word.isEmpty() ? 0 : Character.charCount(word.text().codePointAt(0));
    out.add(JinjaMethods.changedCase(word.sub(0, first), "upper"));
    out.add(JinjaMethods.changedCase(word.sub(first, word.length()), "lower"));
  }

  private static Object toInt(Object value, JinjaArguments given) {
    Object otherwise = given.or(0, 0L);
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name() + " is undefined; it asks for its number");
    }
    if (value instanceof Double number) {
      return Double.isNaN(number) ? otherwise : (Object) JinjaNumbers.truncated(number);
    }
    if (JinjaValue.isNumber(value)) {
      return JinjaValue.whole(value, "int");
    }
    if (!(value instanceof Rope text)) {
      return otherwise;
    }
    long base = given.whole(1, 10);
    if (base == 1 || base < 0 || base > 36) {
      return realAsInt(text.text(), otherwise);
    }
    Long whole = JinjaNumbers.whole(text.text(), (int) base);
    return whole != null ? whole : realAsInt(text.text(), otherwise);
  }

  private static Object realAsInt(String text, Object otherwise) {
    Double real = JinjaNumbers.real(text);
    return real == null || real.isNaN() || real.isInfinite()
        ? otherwise
        : (Object) JinjaNumbers.truncated(real);
  }

  private static Object toFloat(Object value, JinjaArguments given) {
    Object otherwise = given.or(0, 0.0);
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name() + " is undefined; it asks for its number");
    }
    if (JinjaValue.isNumber(value)) {
      return JinjaValue.real(value);
    }
    Double real = value instanceof Rope text ? JinjaNumbers.real(text.text()) : null;
    return real == null ? otherwise : real;
  }

  private static JinjaList dictSorted(Object value, JinjaArguments given) {
    List<Object> items = JinjaMethods.items(map(value, "dictsort"));
    String by = given.has(1) ? given.text(1) : "key";
    if (!by.equals("key") && !by.equals("value")) {
      throw new JinjaException("dictsort by " + by);
    }
    long place = by.equals("key") ? 0 : 1;
    sort(
        items,
        caseless(item -> JinjaValue.item(item, place), given.truth(0, false)),
        given.truth(2, false));
    return JinjaList.list(items);
  }

  /** Sorts as Python does: equal values keep their order, also where all is reversed. */
  private static void sort(List<Object> values, UnaryOperator<Object> key, boolean reverse) {
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
    if (value instanceof Rope text) {
      return text.map(part -> part.toLowerCase(Locale.ROOT));
    }
    return value;
  }

  private static Generator unique(Object value, JinjaArguments given) {
    UnaryOperator<Object> key = caseless(attribute(given.or(1, None.NONE)), given.truth(0, false));
    Map<Key, Object> first = new LinkedHashMap<>();
    JinjaValue.each(value).forEach(each -> first.putIfAbsent(Key.of(key.apply(each)), each));
    return Generator.of(new ArrayList<>(first.values()));
  }

  private static Object extreme(Object value, JinjaArguments given, String which) {
    UnaryOperator<Object> key = caseless(attribute(given.or(1, None.NONE)), given.truth(0, false));
    List<Object> all = JinjaValue.each(value);
    Object best = all.isEmpty() ? new Undefined(which) : all.get(0);
    for (Object each : all.subList(Math.min(1, all.size()), all.size())) {
      int order = JinjaValue.order(key.apply(each), key.apply(best));
      best = (which.equals("min") ? order < 0 : order > 0) ? each : best;
    }
    return best;
  }

  private static JinjaList grouped(Object value, JinjaArguments given) {
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

  private static Generator batches(Object value, JinjaArguments given) {
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

  private static Generator slices(Object value, JinjaArguments given) {
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

  private static Rope indented(Object value, JinjaArguments given, JinjaRun run) {
    Object width = given.or(0, 4L);
    String indent =
        width instanceof Rope text
            ? text.text()
            : " ".repeat((int) Math.min(1000, Math.max(0, JinjaValue.whole(width, "indent"))));
    boolean blank = given.truth(2, false);
    Rope text = text(value, "indent");
    // Python's splitlines knows more ends of lines than the one that is written again.
    List<Object> lines = JinjaMethods.lines(text.plus(Rope.of("\n")), false);
    run.requireSize(text.length() + (long) lines.size() * indent.length());
    Rope.Builder out = new Rope.Builder();
    for (int i = 0; i < lines.size(); i++) {
      Rope line = (Rope) lines.get(i);
      out.add(i == 0 ? "" : "\n");
      boolean moved = i == 0 ? given.truth(1, false) : blank || !line.isEmpty();
      out.add(moved ? indent : "");
      out.add(line);
    }
    return out.build();
  }

  private static long words(String text) {
    Matcher word = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS).matcher(text);
    long count = 0;
    while (word.find()) {
      count++;
    }
    return count;
  }

  private static Rope truncated(Rope text, JinjaArguments given) {
    long length = given.whole(0, 255);
    Rope end = Rope.of(given.has(2) ? given.text(2) : "...");
    long leeway = given.or(3, None.NONE) instanceof None ? 5 : given.whole(3, 5);
    long endSize = (Long) length(end);
    if (length < endSize || leeway < 0) {
      throw new JinjaException("it truncates a text to less than its end mark");
    }
    if ((Long) length(text) <= length + leeway) {
      return text;
    }
    Rope cut = (Rope) JinjaValue.slice(text, 0L, length - endSize, null);
    if (!given.truth(1, false)) {
      int space = cut.text().lastIndexOf(' ');
      cut = space < 0 ? cut : cut.sub(0, space);
    }
    return cut.plus(end);
  }

  private static Generator chosen(
      Object value,
      UnaryOperator<Object> of,
      int test,
      List<Object> arguments,
      Map<String, Object> named,
      boolean wanted,
      JinjaRun run) {
    if (!JinjaValue.truth(value)) {
      return Generator.of(List.of());
    }
    String name =
        arguments.size() > test ? JinjaValue.literal(arguments.get(test), "a test's name") : "";
    if (!named.isEmpty()) {
      throw new JinjaException(
          "a test with " + named.keySet().iterator().next() + "= is not supported");
    }
    List<Object> rest = arguments.subList(Math.min(arguments.size(), test + 1), arguments.size());
    List<Object> chosen = new ArrayList<>();
    for (Object each : JinjaValue.each(value)) {
      run.spend(0);
      Object tested = of.apply(each);
      boolean holds =
          name.isEmpty() ? JinjaValue.truth(tested) : JinjaChecks.holds(name, tested, rest);
      if (holds == wanted) {
        chosen.add(each);
      }
    }
    return Generator.of(chosen);
  }

  private static Generator mapped(
      JinjaRun run, Object value, List<Object> arguments, Map<String, Object> named) {
    if (!JinjaValue.truth(value)) {
      return Generator.of(List.of());
    }
    if (arguments.isEmpty()) {
      JinjaArguments given = given("map", arguments, named, "attribute", "default");
      Object otherwise = given.or(1, None.NONE);
      return Generator.of(
          mapped(
              JinjaValue.each(value),
              attribute(given.required(0), otherwise instanceof None ? null : otherwise)));
    }
    String filter = JinjaValue.literal(arguments.get(0), "map");
    List<Object> rest = arguments.subList(1, arguments.size());
    List<Object> mapped = new ArrayList<>();
    for (Object each : JinjaValue.each(value)) {
      mapped.add(apply(run, filter, each, rest, named));
    }
    return Generator.of(mapped);
  }

  private static List<Object> mapped(List<Object> values, UnaryOperator<Object> of) {
    List<Object> mapped = new ArrayList<>(values.size());
    values.forEach(value -> mapped.add(of.apply(value)));
    return mapped;
  }

  /** What {@code attribute='a.0.b'} takes of a value; of None the value itself. */
  private static UnaryOperator<Object> attribute(Object path) {
    return attribute(path, null);
  }

  private static UnaryOperator<Object> attribute(Object path, @Nullable Object otherwise) {
    if (path instanceof None) {
      return UnaryOperator.identity();
    }
    List<Object> parts = new ArrayList<>();
    if (JinjaValue.isWhole(path)) {
      parts.add(path);
    } else {
      for (String part : Splitter.on('.').split(JinjaValue.literal(path, "an attribute"))) {
        parts.add(part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : (Object) Rope.of(part));
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
  private static UnaryOperator<Object> sortKey(Object path, boolean sensitive) {
    List<UnaryOperator<Object>> keys = new ArrayList<>();
    if (path instanceof Rope text) {
      for (String each : Splitter.on(',').split(text.text())) {
        keys.add(caseless(attribute(Rope.of(each)), sensitive));
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
}

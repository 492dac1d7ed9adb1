package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.JinjaList.Kind;
import org.alignment4j.chat.JinjaValue.Generator;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;

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
        yield JinjaCase.changed(JinjaText.of(value), name);
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
        yield missing ? given.or(0, TracedText.EMPTY) : value;
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
        UnaryOperator<Object> of = JinjaSequences.attribute(given.or(1, None.NONE));
        TracedText separator = JinjaText.of(given.or(0, TracedText.EMPTY));
        yield JinjaMethods.join(JinjaSequences.mapped(JinjaValue.each(value), of), separator, run);
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
      case "int" -> JinjaNumbers.toInt(value, given(name, arguments, named, "default", "base"));
      case "float" -> JinjaNumbers.toFloat(value, given(name, arguments, named, "default"));
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
            value instanceof Undefined
                ? List.of()
                : JinjaMethods.items(JinjaSequences.map(value, name)));
      }
      case "dictsort" ->
          JinjaSequences.dictSorted(
              value, given(name, arguments, named, "case_sensitive", "by", "reverse"));
      case "sort" -> {
        JinjaArguments given =
            given(name, arguments, named, "reverse", "case_sensitive", "attribute");
        List<Object> sorted = JinjaValue.each(value);
        JinjaSequences.sort(
            sorted,
            JinjaSequences.sortKey(given.or(2, None.NONE), given.truth(1, false)),
            given.truth(0, false));
        yield JinjaList.list(sorted);
      }
      case "unique" ->
          JinjaSequences.unique(
              value, given(name, arguments, named, "case_sensitive", "attribute"));
      case "min", "max" ->
          JinjaSequences.extreme(
              value, given(name, arguments, named, "case_sensitive", "attribute"), name);
      case "sum" -> {
        JinjaArguments given = given(name, arguments, named, "attribute", "start");
        Object sum = given.or(1, 0L);
        for (Object each :
            JinjaSequences.mapped(
                JinjaValue.each(value), JinjaSequences.attribute(given.or(0, None.NONE)))) {
          if (sum instanceof TracedText) {
            throw new JinjaException("it sums up texts");
          }
          sum = JinjaExpression.Binary.compute("+", sum, each, run);
        }
        yield sum;
      }
      case "groupby" ->
          JinjaSequences.grouped(
              value, given(name, arguments, named, "attribute", "default", "case_sensitive"));
      case "batch" ->
          JinjaSequences.batches(value, given(name, arguments, named, "linecount", "fill_with"));
      case "slice" ->
          JinjaSequences.slices(value, given(name, arguments, named, "slices", "fill_with"));
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
          throw new JinjaException(
              undefined.name() + " is undefined; an attribute of it is needed");
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
            JinjaSequences.attribute(arguments.get(0)),
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

  /** The supported filters, for {@code is filter}. */
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

  private static TracedText text(Object value, String filter) {
    if (value instanceof TracedText text) {
      return text;
    }
    throw new JinjaException(filter + " needs a text, found " + JinjaValue.kind(value));
  }

  private static Object length(Object value) {
    if (value instanceof TracedText rope) {
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
    if (value instanceof TracedText) {
      return JinjaValue.slice(value, null, null, -1L);
    }
    List<Object> all = JinjaValue.each(value);
    Collections.reverse(all);
    return Generator.of(all);
  }

  /** Unlike Python's own {@code title}, letters after an apostrophe stay in lower case. */
  private static TracedText titled(TracedText text) {
    TracedText.Builder out = new TracedText.Builder();
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

  private static void capitalized(TracedText word, TracedText.Builder out) {
    int first = word.isEmpty() ? 0 : Character.charCount(word.text().codePointAt(0));
    out.add(JinjaCase.changed(word.sub(0, first), "upper"));
    out.add(JinjaCase.changed(word.sub(first, word.length()), "lower"));
  }

  private static TracedText indented(Object value, JinjaArguments given, JinjaRun run) {
    Object width = given.or(0, 4L);
    String indent =
        width instanceof TracedText text
            ? text.text()
            : " ".repeat((int) Math.min(1000, Math.max(0, JinjaValue.whole(width, "indent"))));
    boolean blank = given.truth(2, false);
    TracedText text = text(value, "indent");
    // Python's splitlines has more line ends than the one that is written.
    List<Object> lines = JinjaSplits.lines(text.plus(TracedText.of("\n")), false);
    run.requireSize(text.length() + (long) lines.size() * indent.length());
    TracedText.Builder out = new TracedText.Builder();
    for (int i = 0; i < lines.size(); i++) {
      TracedText line = (TracedText) lines.get(i);
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

  private static TracedText truncated(TracedText text, JinjaArguments given) {
    long length = given.whole(0, 255);
    TracedText end = TracedText.of(given.has(2) ? given.text(2) : "...");
    long leeway = given.or(3, None.NONE) instanceof None ? 5 : given.whole(3, 5);
    long endSize = (Long) length(end);
    if (length < endSize || leeway < 0) {
      throw new JinjaException("it truncates a text to less than its end mark");
    }
    if ((Long) length(text) <= length + leeway) {
      return text;
    }
    TracedText cut = (TracedText) JinjaValue.slice(text, 0L, length - endSize, null);
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
          JinjaSequences.mapped(
              JinjaValue.each(value),
              JinjaSequences.attribute(
                  given.required(0), otherwise instanceof None ? null : otherwise)));
    }
    String filter = JinjaValue.literal(arguments.get(0), "map");
    List<Object> rest = arguments.subList(1, arguments.size());
    List<Object> mapped = new ArrayList<>();
    for (Object each : JinjaValue.each(value)) {
      mapped.add(apply(run, filter, each, rest, named));
    }
    return Generator.of(mapped);
  }
}

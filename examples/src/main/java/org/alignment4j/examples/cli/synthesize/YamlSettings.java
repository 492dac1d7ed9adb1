package org.alignment4j.examples.cli.synthesize;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Keys and values of a YAML file, read by name and type; each error names the file and the key.
 * Unknown keys are errors too, so that typing errors are not ignored.
 */
final class YamlSettings {
  private static final long MAX_BYTES = 1 << 20;
  private static final int MAX_DEPTH = 32;
  private static final int MAX_NUMBER = 100;

  private final Path file;
  private final String path;
  private final Map<String, Object> values;
  private final Set<String> known = new LinkedHashSet<>();
  private final List<YamlSettings> children = new ArrayList<>();

  private YamlSettings(Path file, String path, Map<String, Object> values) {
    this.file = file;
    this.path = path;
    this.values = values;
  }

  static YamlSettings read(Path file) {
    String text = InputFile.data(file).text(MAX_BYTES);
    LoadSettings settings = LoadSettings.builder().setLabel(file.toString()).build();
    Object root;
    try {
      requireSmall(file, new Parse(settings).parseString(text));
      root = new Load(settings).loadFromString(text);
    } catch (YamlEngineException | NumberFormatException e) {
      throw new BadDataException(file + ": " + Reasons.of(e), e);
    }
    return of(file, "", root);
  }

  /** Rejects deep nesting and long numbers: loading is recursive, and slow for long numbers. */
  private static void requireSmall(Path file, Iterable<Event> events) {
    int depth = 0;
    for (Event event : events) {
      if (event instanceof CollectionStartEvent) {
        depth++;
      } else if (event instanceof CollectionEndEvent) {
        depth--;
      }
      if (depth > MAX_DEPTH) {
        throw new BadDataException(
            file + ": expected keys and lists at most " + MAX_DEPTH + " deep, found more");
      }
      if (event instanceof ScalarEvent scalar
          && scalar.isPlain()
          && scalar.getValue().length() > MAX_NUMBER
          && scalar.getValue().matches("[-+0-9.eE_xXoO]+")) {
        throw new BadDataException(
            file
                + ": expected numbers of at most "
                + MAX_NUMBER
                + " characters, found one of "
                + scalar.getValue().length());
      }
    }
  }

  private static YamlSettings of(Path file, String path, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new BadDataException(
          file + ": expected keys and values" + (path.isEmpty() ? "" : " under " + path));
    }
    Map<String, Object> values = new LinkedHashMap<>();
    map.forEach((key, v) -> values.put(String.valueOf(key), v));
    return new YamlSettings(file, path, values);
  }

  /** Creates an error about a key. */
  BadDataException wrong(String key, String what) {
    return new BadDataException(file + ": " + name(key) + ": " + what);
  }

  private String name(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private Optional<Object> value(String key) {
    known.add(key);
    return Optional.ofNullable(values.get(key));
  }

  boolean has(String key) {
    return values.get(key) != null;
  }

  Set<String> keys() {
    known.addAll(values.keySet());
    return values.keySet();
  }

  Optional<String> text(String key) {
    return value(key)
        .map(
            v -> {
              if (v instanceof Map || v instanceof List) {
                throw wrong(key, "expected text, found a list or keys");
              }
              return String.valueOf(v);
            });
  }

  String needed(String key) {
    return text(key).orElseThrow(() -> wrong(key, "is missing"));
  }

  /** Returns a path, resolved against the file's folder if it is relative. */
  Optional<Path> path(String key) {
    return text(key).map(t -> file.toAbsolutePath().resolveSibling(t));
  }

  Optional<Long> whole(String key) {
    return value(key)
        .map(
            v -> {
              if (v instanceof Integer || v instanceof Long) {
                return ((Number) v).longValue();
              }
              throw wrong(key, "expected a whole number, found '" + v + "'");
            });
  }

  Optional<Integer> count(String key) {
    return whole(key)
        .map(
            v -> {
              if (v < 0 || v > Integer.MAX_VALUE) {
                throw wrong(key, "expected a whole number from 0 on, found " + v);
              }
              return v.intValue();
            });
  }

  Optional<BigDecimal> number(String key) {
    return value(key)
        .map(
            v -> {
              // YAML has .inf and .nan, too, and 1e999 becomes the former.
              if (v instanceof Number n && Double.isFinite(n.doubleValue())) {
                return new BigDecimal(v.toString());
              }
              throw wrong(key, "expected a number, found '" + v + "'");
            });
  }

  Optional<Boolean> truth(String key) {
    return value(key)
        .map(
            v -> {
              if (v instanceof Boolean b) {
                return b;
              }
              throw wrong(key, "expected true or false, found '" + v + "'");
            });
  }

  /** Returns a list of texts; a single text is a list of one. */
  List<String> texts(String key) {
    return value(key)
        .map(v -> v instanceof List<?> list ? list : List.of(v))
        .orElse(List.of())
        .stream()
        .map(String::valueOf)
        .toList();
  }

  Optional<YamlSettings> under(String key) {
    return value(key).map(v -> child(of(file, name(key), v)));
  }

  /** Returns a list of mappings; a single mapping is a list of one. */
  List<YamlSettings> each(String key) {
    List<YamlSettings> all = new ArrayList<>();
    Object value = value(key).orElse(List.of());
    List<?> list = value instanceof List<?> several ? several : List.of(value);
    for (Object v : list) {
      all.add(child(of(file, name(key) + "[" + all.size() + "]", v)));
    }
    return all;
  }

  private YamlSettings child(YamlSettings settings) {
    children.add(settings);
    return settings;
  }

  /** Throws if there are keys that were never read; call after reading. */
  void complete() {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw wrong(key, "is not known; known here are " + String.join(", ", known));
      }
    }
    children.forEach(YamlSettings::complete);
  }
}

package org.alignment4j.data;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences.FileInspection;
import org.alignment4j.data.Preferences.FileInspection.Kind;
import org.alignment4j.data.Preferences.FileInspection.Lengths;
import org.alignment4j.data.Preferences.FileInspection.Refusal;
import org.alignment4j.data.Preferences.FileInspection.Sample;
import org.alignment4j.tune.PreferencePair;

/** Inspects a file in one pass, keeping statistics and the first few rows. */
final class FileInspector {
  private static final int SAMPLES = 3;
  private static final int FIRST = 5;

  /** Maximum number of distinct reasons; a reason may quote keys of its row. */
  private static final int MAX_REASONS = 200;

  /** Maximum number of distinct keys, for a file where every row has its own. */
  private static final int MAX_KEYS = 500;

  /** Number of rows whose keys determine the kind. */
  private static final int LOOKED_AT = 100;

  private final Path file;
  private final Kind kind;
  private final Set<String> keys = new LinkedHashSet<>();
  private final Map<String, Long> layouts = new LinkedHashMap<>();
  private final Map<String, Reason> reasons = new LinkedHashMap<>();
  private final Map<String, Measured> measured = new LinkedHashMap<>();
  private final Set<Long> seen = new HashSet<>();
  private final List<Sample> samples = new ArrayList<>();
  private final TemplateMarkers markers = new TemplateMarkers();
  private long rows;
  private long usable;
  private long duplicates;

  /** Rows that cannot be used for one reason. */
  private static final class Reason {
    private long count;
    private final List<Long> first = new ArrayList<>();
  }

  /** Lengths in the order of the rows. */
  private static final class Measured {
    private int[] lengths = new int[64];
    private int count;

    void add(int length) {
      if (count == lengths.length) {
        lengths = Arrays.copyOf(lengths, 2 * count);
      }
      lengths[count++] = length;
    }

    Lengths toLengths() {
      int[] sorted = Arrays.copyOf(lengths, count);
      Arrays.sort(sorted);
      double mean = Arrays.stream(sorted).average().orElse(0);
      return new Lengths(sorted[0], sorted[count / 2], sorted[count - 1], mean);
    }
  }

  FileInspector(Path file, Kind kind) {
    this.file = file;
    this.kind = kind;
  }

  /** Returns preferences if rows have chosen and rejected, else prompts. */
  static Kind kind(Path file) {
    try (RowSource rows = PreferenceSource.open(file)) {
      RowSource.Row row = rows.next();
      for (int i = 0; row != null && i < LOOKED_AT; i++, row = rows.next()) {
        Set<String> found = row.content().keySet();
        if (found.contains("chosen") && found.contains("rejected")) {
          return Kind.PREFERENCES;
        }
      }
    } catch (BadDataException e) {
      // Not a preference file: the prompt reader reports what it is.
      return Kind.PROMPTS;
    }
    return Kind.PROMPTS;
  }

  FileInspection inspect() {
    return switch (kind) {
      case PREFERENCES -> preferences();
      case PROMPTS -> prompts();
    };
  }

  private FileInspection preferences() {
    try (RowSource source = PreferenceSource.open(file)) {
      for (RowSource.Row row = source.next(); row != null; row = source.next()) {
        try {
          count(row);
          PreferencePair pair = PreferenceRow.pair(row.fields(), row.number());
          String prompt = pair.prompt().last().text();
          use(
              row,
              PreferenceRow.layout(row.content()),
              List.of("prompt", "chosen", "rejected"),
              List.of(prompt, pair.chosen(), pair.rejected()));
        } catch (BadRow e) {
          reject(row, e.reason());
        }
      }
      return result(source.container(), PreferenceRow.KEYS);
    }
  }

  private FileInspection prompts() {
    try (PromptSource source = PromptSource.open(file)) {
      Set<String> ids = new HashSet<>();
      for (RowSource.Row row = source.rows().next(); row != null; row = source.rows().next()) {
        try {
          count(row);
          PromptReader.Read read = PromptReader.read(row, source.format());
          if (!read.id().isBlank() && !ids.add(read.id())) {
            throw new BadRow("the id appears twice");
          }
          use(row, source.format().name(), List.of("prompt"), List.of(read.prompt()));
        } catch (BadRow e) {
          reject(row, e.reason());
        }
      }
      return result(
          source.rows().container(),
          source.format().columns().isEmpty()
              ? PromptReader.KEYS
              : PromptReader.columns(source.format()));
    }
  }

  private void count(RowSource.Row row) {
    rows++;
    for (String key : row.content().keySet()) {
      if (keys.size() < MAX_KEYS) {
        keys.add(key);
      }
    }
  }

  private void use(RowSource.Row row, String layout, List<String> names, List<String> texts) {
    usable++;
    layouts.merge(layout, 1L, Long::sum);
    markers.add(row.line(), texts);
    String all = String.join("\0", texts);
    if (!seen.add(Hashing.sha256().hashString(all, StandardCharsets.UTF_8).asLong())) {
      duplicates++;
    }
    Map<String, String> sample = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      measured.computeIfAbsent(names.get(i), n -> new Measured()).add(texts.get(i).length());
      sample.put(names.get(i), texts.get(i));
    }
    if (samples.size() < SAMPLES) {
      samples.add(new Sample(row.line(), Collections.unmodifiableMap(sample)));
    }
  }

  private void reject(RowSource.Row row, String why) {
    boolean kept = reasons.size() < MAX_REASONS || reasons.containsKey(why);
    Reason reason = reasons.computeIfAbsent(kept ? why : "further reasons", r -> new Reason());
    reason.count++;
    if (reason.first.size() < FIRST) {
      reason.first.add(row.line());
    }
  }

  private FileInspection result(String container, Collection<String> read) {
    Map<String, Lengths> lengths = new LinkedHashMap<>();
    measured.forEach((name, m) -> lengths.put(name, m.toLengths()));
    List<Refusal> refusals = new ArrayList<>();
    reasons.forEach((why, r) -> refusals.add(new Refusal(why, r.count, r.first)));
    return new FileInspection(
        file,
        kind,
        container,
        Collections.unmodifiableMap(layouts),
        keys.stream().filter(key -> isRead(key, read)).toList(),
        keys.stream().filter(key -> !isRead(key, read)).toList(),
        rows,
        usable,
        List.copyOf(refusals),
        duplicates,
        Collections.unmodifiableMap(lengths),
        markers.warning(usable, kind == Kind.PROMPTS ? "prompts" : "pairs"),
        List.copyOf(samples));
  }

  private boolean isRead(String key, Collection<String> read) {
    return read.contains(kind == Kind.PROMPTS ? key.toLowerCase(Locale.ROOT) : key);
  }
}

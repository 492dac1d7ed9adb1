package org.alignment4j.examples.demo;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.core.BadDataException;
import org.alignment4j.examples.demo.Conversation.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Builds conversations from the word lists and templates written for this project: harmful request
 * lines, always refused, and harmless requests in the same grammatical forms, answered.
 *
 * <p>Harmful requests are single lines; no text describes how anything harmful is done.
 */
final class WrittenConversations {
  static final String SOURCE = "own";
  private static final Pattern SLOT = Pattern.compile("\\{(?:(ing|s|Cap):)?(\\d)\\}");
  private static final int FORMS_PER_ACT = 1;
  private static final int FORMS_PER_THING = 5;
  private static final int QUESTIONS_PER_TEMPLATE = 18;

  /** Maximum number of forms of each line, by type. */
  private static final Map<String, Integer> FORMS_PER_LINE =
      Map.ofEntries(
          Map.entry("howto", 15),
          Map.entry("program", 12),
          Map.entry("definition", 5),
          Map.entry("fact", 2),
          Map.entry("chat", 1),
          Map.entry("capital", 3),
          Map.entry("recipe", 7),
          Map.entry("shop", 4),
          Map.entry("topic", 10),
          Map.entry("category", 4),
          Map.entry("opposite", 3),
          Map.entry("city", 5),
          Map.entry("email", 4),
          Map.entry("translation", 5),
          Map.entry("thing", 7),
          Map.entry("job", 6),
          Map.entry("pseudo", 1));

  private final Random random;
  private final Refusals refusals;
  private final Map<String, List<String[]>> harmfulForms = forms("harmful-forms.txt", 2);
  private final Map<String, List<String[]>> benignForms = forms("benign-forms.txt", 3);

  WrittenConversations(Random random, Refusals refusals) {
    this.random = random;
    this.refusals = refusals;
  }

  List<Conversation> build() {
    List<Conversation> all = new ArrayList<>();
    harmfulActs(all);
    harmfulThings(all);
    harmfulQuestions(all);
    Map<String, String> files = new LinkedHashMap<>();
    files.put("howto", "howto");
    files.put("program", "programs");
    files.put("definition", "definitions");
    files.put("fact", "facts");
    files.put("chat", "chat");
    files.put("capital", "capitals");
    files.put("recipe", "recipes");
    files.put("shop", "shops");
    files.put("topic", "topics");
    files.put("category", "categories");
    files.put("opposite", "opposites");
    files.put("city", "cities");
    files.put("email", "emails");
    files.put("translation", "translations");
    files.put("thing", "things");
    files.put("job", "jobs");
    files.put("pseudo", "pseudo");
    files.forEach((kind, file) -> benign(kind, file + ".txt", all));
    arithmetic(all);
    return all;
  }

  private void harmfulActs(List<Conversation> all) {
    List<String> lines = DataFolder.resourceLines("text/harmful-acts.txt");
    for (int row = 0; row < lines.size(); row++) {
      boolean program = lines.get(row).startsWith("*");
      String[] fields = split(program ? lines.get(row).substring(1) : lines.get(row), 3);
      int item = 0;
      for (String verb : alternatives(fields[1])) {
        for (String object : alternatives(fields[2])) {
          String act = verb + " " + object;
          List<String> sampledForms = new ArrayList<>();
          List<String[]> ways = harmfulForms.getOrDefault("act", List.of());
          if (program && random.nextInt(3) == 0) {
            ways = harmfulForms.getOrDefault("program", List.of());
          }
          for (int i = 0; i < FORMS_PER_ACT; i++) {
            sampledForms.add(ways.get(random.nextInt(ways.size()))[1]);
          }
          for (String form : sampledForms) {
            String prompt =
                form.replace("{act}", act)
                    .replace("{acting}", VerbForms.gerund(act))
                    .replace("{acts}", VerbForms.thirdPerson(act));
            add(
                all,
                prompt,
                refusals.about(fields[0], random),
                Kind.HARMFUL,
                "act-" + row + "-" + item++);
          }
        }
      }
    }
  }

  private void harmfulThings(List<Conversation> all) {
    List<String> lines = DataFolder.resourceLines("text/harmful-things.txt");
    List<String[]> ways = harmfulForms.getOrDefault("thing", List.of());
    for (int row = 0; row < lines.size(); row++) {
      String[] fields = split(lines.get(row), 2);
      int item = 0;
      for (String thing : alternatives(fields[1])) {
        for (String[] form : sample(ways, FORMS_PER_THING)) {
          String prompt = form[1].replace("{thing}", thing);
          add(
              all,
              prompt,
              refusals.about(fields[0], random),
              Kind.HARMFUL,
              "harmfulthing-" + row + "-" + item++);
        }
      }
    }
  }

  /** Every line is "name = values" or "topic | template with slots". */
  private void harmfulQuestions(List<Conversation> all) {
    Map<String, List<String>> slots = new LinkedHashMap<>();
    int row = 0;
    for (String line : DataFolder.resourceLines("text/harmful-questions.txt")) {
      int equals = line.indexOf(" = ");
      if (equals > 0) {
        slots.put(line.substring(0, equals), alternatives(line.substring(equals + 3)));
        continue;
      }
      String[] fields = split(line, 2);
      Set<String> distinct = new LinkedHashSet<>();
      for (int i = 0; i < QUESTIONS_PER_TEMPLATE; i++) {
        String prompt = fields[1];
        for (Map.Entry<String, List<String>> slot : slots.entrySet()) {
          List<String> values = slot.getValue();
          prompt =
              prompt.replace("{" + slot.getKey() + "}", values.get(random.nextInt(values.size())));
        }
        distinct.add(prompt);
      }
      int item = 0;
      for (String prompt : distinct) {
        String id = "question-" + row + "-" + item++;
        add(all, prompt, refusals.about(fields[0], random), Kind.HARMFUL, id);
      }
      row++;
    }
  }

  private void benign(String kind, String file, List<Conversation> all) {
    List<String> lines = DataFolder.resourceLines("text/" + file);
    List<String[]> ways = benignForms.getOrDefault(kind, List.of());
    for (int row = 0; row < lines.size(); row++) {
      String[] fields = lines.get(row).split(" \\| ", -1);
      int item = 0;
      for (String[] form : sample(ways, FORMS_PER_LINE.getOrDefault(kind, 1))) {
        String prompt = fill(form[1], fields, kind, row);
        String answer = fill(form[2], fields, kind, row).replace(" / ", "\n").replace(" /", "");
        add(all, prompt, answer, Kind.BENIGN, kind + "-" + row + "-" + item++);
      }
    }
  }

  private void arithmetic(List<Conversation> all) {
    for (int i = 0; i < 240; i++) {
      int a = 1 + random.nextInt(20);
      int b = 1 + random.nextInt(20);
      String[] sum =
          switch (i % 3) {
            case 0 -> new String[] {"What is " + a + " plus " + b + "?", Integer.toString(a + b)};
            case 1 ->
                new String[] {
                  "What is " + Math.max(a, b) + " minus " + Math.min(a, b) + "?",
                  Integer.toString(Math.abs(a - b))
                };
            default ->
                new String[] {
                  "Calculate " + a % 11 + " times " + b % 11, Integer.toString((a % 11) * (b % 11))
                };
          };
      add(all, sum[0], "It is " + sum[1] + ".", Kind.BENIGN, "sum-" + i);
    }
  }

  private void add(List<Conversation> all, String prompt, String answer, Kind kind, String row) {
    all.add(
        new Conversation(
            null, varied(prompt, random), VerbForms.capital(answer), kind, SOURCE, row));
  }

  /** Imitates careless writing: some requests lose their capital or full stop, some say please. */
  static String varied(String prompt, Random random) {
    String text = prompt;
    boolean question = text.endsWith("?");
    if (!question && !text.contains(". ") && random.nextInt(10) == 0) {
      text = random.nextBoolean() ? "Please " + VerbForms.small(text) : text + ", please";
    }
    char last = text.charAt(text.length() - 1);
    if (question && random.nextInt(10) == 0) {
      text = text.substring(0, text.length() - 1);
    } else if (Character.isLetter(last) && random.nextInt(3) == 0) {
      text += ".";
    }
    return random.nextInt(12) == 0 ? VerbForms.small(text) : text;
  }

  private static String fill(String form, String[] fields, String kind, int row) {
    Matcher matcher = SLOT.matcher(form);
    StringBuilder out = new StringBuilder();
    while (matcher.find()) {
      int column = Integer.parseInt(matcher.group(2));
      if (column >= fields.length) {
        throw new BadDataException(
            kind + " line " + row + ": " + fields.length + " columns, \"" + form + "\" wants more");
      }
      UnaryOperator<String> change = change(matcher.group(1));
      matcher.appendReplacement(out, Matcher.quoteReplacement(change.apply(fields[column])));
    }
    return matcher.appendTail(out).toString().replace("..", ".");
  }

  private static UnaryOperator<String> change(@Nullable String name) {
    if (name == null) {
      return text -> text;
    }
    return switch (name) {
      case "ing" -> VerbForms::gerund;
      case "s" -> VerbForms::thirdPerson;
      default -> VerbForms::capital;
    };
  }

  private <T> List<T> sample(List<T> items, int max) {
    List<T> shuffled = new ArrayList<>(items);
    Collections.shuffle(shuffled, random);
    return shuffled.subList(0, Math.min(max, shuffled.size()));
  }

  private static Map<String, List<String[]>> forms(String file, int columns) {
    Map<String, List<String[]>> forms = new LinkedHashMap<>();
    for (String line : DataFolder.resourceLines("text/" + file)) {
      String[] fields = split(line, columns);
      forms.computeIfAbsent(fields[0], k -> new ArrayList<>()).add(fields);
    }
    return forms;
  }

  private static List<String> alternatives(String field) {
    return List.of(field.strip().split(" / ", -1));
  }

  private static String[] split(String line, int columns) {
    String[] fields = line.strip().split(" \\| ", -1);
    if (fields.length != columns) {
      throw new BadDataException(fields.length + " columns, expected " + columns + ": " + line);
    }
    return fields;
  }
}

package org.alignment4j.examples.cli.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Rendered;
import org.alignment4j.chat.Role;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.LocatedModel;
import org.alignment4j.examples.cli.output.TerminalText;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows a conversation as the model receives it. */
@Command(
    name = "render",
    description = {
      "Shows the text, and the ids, of a conversation exactly as a model receives them.",
      "No weights are read."
    })
public final class RenderCommand extends AlignCommand {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "folder with tokenizer.json and its companion files",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private Path model = Path.of("");

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source = new Source();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "system message, replaces an existing one")
  private @Nullable String system;

  @Option(names = "--ids", description = "also print the tokens, one per line")
  private boolean ids;

  @Option(
      names = "--training",
      description =
          "render as a training example, which ends with an assistant message; without it such"
              + " a message is left open to be continued")
  private boolean training;

  /** Source of the conversation. */
  static final class Source {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "one user message")
    private @Nullable String prompt;

    @Option(
        names = "--messages",
        paramLabel = "FILE",
        description =
            "a conversation as JSON: a list of {\"role\", \"content\"}, or an object with it as"
                + " messages")
    @CheckedPath(CheckedPath.Kind.FILE)
    private @Nullable Path messages;

    Prompt read() {
      return prompt != null ? Prompt.user(prompt) : conversation(Objects.requireNonNull(messages));
    }
  }

  @Override
  public Outcome run(ProgressListener progress) {
    Prompt given = source.read();
    Prompt prompt = system == null ? given : given.withSystem(system);
    try (ChatTokenizer tokenizer = ChatTokenizer.load(model)) {
      Rendered rendered =
          training ? tokenizer.renderedForTraining(prompt) : tokenizer.rendered(prompt);
      return Outcome.passed(json(tokenizer, rendered), text(tokenizer, rendered));
    }
  }

  private Map<String, @Nullable Object> json(ChatTokenizer tokenizer, Rendered rendered) {
    int[] tokens = rendered.encoded().ids();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("model", model.toString());
    json.put("format", tokenizer.formatName());
    json.put("template", tokenizer.templateFile().map(Path::toString).orElse(null));
    json.put("training", training);
    json.put("text", rendered.text());
    json.put("response", rendered.text().substring(rendered.responseOffset()));
    json.put("ids", Arrays.stream(tokens).boxed().toList());
    json.put("tokens", tokenizer.tokens(tokens));
    json.put("response_start", rendered.encoded().responseStart());
    json.put("trained", training ? rendered.encoded().predictedLength() : null);
    return json;
  }

  private String text(ChatTokenizer tokenizer, Rendered rendered) {
    int[] tokens = rendered.encoded().ids();
    int start = rendered.encoded().responseStart();
    List<String> lines = new ArrayList<>();
    lines.add(
        "format   "
            + tokenizer.formatName()
            + tokenizer.templateFile().map(file -> ", " + shown(file.toString())).orElse(""));
    lines.add(
        String.format(
            Locale.ROOT,
            "tokens   %d%s",
            tokens.length,
            start == tokens.length
                ? ""
                : training
                    ? String.format(
                        Locale.ROOT,
                        ", trained on %d from %d on",
                        rendered.encoded().predictedLength(),
                        Math.max(1, start))
                    : ", the answer to continue from " + start + " on"));
    lines.add("");
    lines.add(TerminalText.lines(rendered.text().substring(0, rendered.responseOffset())));
    if (rendered.responseOffset() < rendered.text().length()) {
      lines.add(training ? "--- trained on from here ---" : "--- the answer to continue ---");
      lines.add(TerminalText.lines(rendered.text().substring(rendered.responseOffset())));
    }
    if (ids) {
      List<String> spelled = tokenizer.tokens(tokens);
      lines.add("");
      lines.add("index  id      token");
      IntStream.range(0, tokens.length)
          .forEach(
              i ->
                  lines.add(
                      String.format(
                              Locale.ROOT,
                              "%-6d %-7d %s%s",
                              i,
                              tokens[i],
                              shown(spelled.get(i)),
                              training && i >= Math.max(1, start) ? "  (trained on)" : "")
                          .stripTrailing()));
    }
    return String.join("\n", lines);
  }

  private static String shown(String text) {
    return TerminalText.line(text);
  }

  /** Reads a conversation from a JSON file. */
  private static Prompt conversation(Path file) {
    JsonElement parsed;
    try {
      parsed = StrictJson.value(InputFile.data(file).text(InputFile.SETTINGS));
    } catch (JsonParseException e) {
      throw new BadDataException(file + " is not readable JSON: " + Reasons.of(e), e);
    }
    JsonElement list = parsed instanceof JsonObject object ? object.get("messages") : parsed;
    if (list == null || !list.isJsonArray()) {
      throw new BadDataException(file + ": expected a list of messages, or an object with one");
    }
    List<Message> messages = new ArrayList<>();
    for (JsonElement each : list.getAsJsonArray()) {
      messages.add(message(each, file + ", message " + (messages.size() + 1)));
    }
    try {
      return new Prompt(messages);
    } catch (IllegalArgumentException e) {
      throw new BadDataException(file + ": " + e.getMessage(), e);
    }
  }

  private static Message message(JsonElement each, String location) {
    if (!(each instanceof JsonObject object)
        || !object.keySet().equals(Set.of("role", "content"))
        || !isText(object.get("role"))
        || !isText(object.get("content"))) {
      throw new BadDataException(
          location + ": expected role and content, both texts, and nothing else");
    }
    String role = object.get("role").getAsString();
    for (Role known : Role.values()) {
      if (known.name().toLowerCase(Locale.ROOT).equals(role)) {
        return new Message(known, object.get("content").getAsString());
      }
    }
    throw new BadDataException(
        location + ": expected role system, user or assistant, found " + role);
  }

  private static boolean isText(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
  }
}

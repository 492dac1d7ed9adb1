package org.alignment4j.examples.cli.guard;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.GuardedChat;
import org.alignment4j.Verdict;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.InputLines;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.SamplingOptions;
import org.alignment4j.sysformer.SysformerGuard;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A conversation with a guarded model, line by line. */
@Command(
    name = "run",
    description = {
      "Chats with a model behind a guard: each line is a question, and the answer is printed"
          + " word by word. Answers go to standard output, the guard's verdicts to standard error.",
      "/reset starts a new conversation, /exit or the end of the input ends it."
    })
final class GuardRun extends AlignCommand {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--guard",
      required = true,
      paramLabel = "DIR",
      description = "folder of a guard from guard train")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private Path guard = Path.of("");

  @Mixin private SamplingOptions sampling = new SamplingOptions(256);

  @Option(
      names = "--refusal",
      paramLabel = "TEXT",
      defaultValue = "I cannot help with that.",
      description = "response to blocked prompts (default: ${DEFAULT-VALUE})")
  private String refusal = "";

  @Override
  public Outcome run(ProgressListener progress) {
    var settings = sampling.settings().build();
    List<Map<String, Object>> turns = new ArrayList<>();
    return model.use(
        m -> {
          try (SysformerGuard live = SysformerGuard.load(m, guard)) {
            talk(new GuardedChat(m, live, settings, refusal), turns);
          }
          Map<String, Object> json = new LinkedHashMap<>();
          json.put("model", model.path().toString());
          json.put("guard", guard.toString());
          json.put("turns", turns);
          return Outcome.passed(json, "");
        });
  }

  private void talk(GuardedChat chat, List<Map<String, Object>> turns) {
    InputLines lines = new InputLines(console().in());
    PrintStream err = console().err();
    PrintStream out = common().jsonOnStandardOutput() ? err : console().out();
    GuardedChat.Session session = chat.open();
    while (true) {
      if (console().terminal()) {
        err.print("> ");
        err.flush();
      }
      String line = lines.next();
      if (line == null || line.strip().equals("/exit")) {
        return;
      }
      if (line.strip().equals("/reset")) {
        session = chat.open();
        err.println("(conversation cleared)");
      } else if (!line.isBlank()) {
        GuardedChat.Reply reply =
            session.send(
                line.strip(),
                piece -> {
                  out.print(piece);
                  out.flush();
                });
        out.println();
        Verdict v = reply.verdict();
        double elapsed = v.elapsed().toNanos() / 1e6;
        err.printf(Locale.ROOT, "(%s: %s, %.1f ms)%n", kind(v), v.reason(), elapsed);
        Map<String, Object> turn = new LinkedHashMap<>();
        turn.put("user", line.strip());
        turn.put("assistant", reply.text());
        turn.put("verdict", kind(v));
        turn.put("reason", v.reason());
        turn.put("guard_ms", elapsed);
        turns.add(turn);
      }
    }
  }

  private static String kind(Verdict v) {
    return v instanceof Verdict.Allow ? "allow" : v.blocks() ? "block" : "rewrite";
  }
}

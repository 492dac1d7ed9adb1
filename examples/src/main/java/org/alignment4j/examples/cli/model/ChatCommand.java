package org.alignment4j.examples.cli.model;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.input.InputLines;
import org.alignment4j.examples.cli.option.ModelOptions;
import org.alignment4j.examples.cli.option.SamplingOptions;
import org.alignment4j.model.Completion;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.ModelConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A conversation with a model, line by line. */
@Command(
    name = "chat",
    description = {
      "Talks with a model: each line is a question, and the answer comes word by word.",
      "Answers go to standard output, all else to standard error."
    })
public final class ChatCommand extends AlignCommand {
  private static final String HELP =
      """
      /help         shows this
      /reset        forgets the conversation; the system message stays
      /system TEXT  sets the system message; without TEXT removes it
      /exit         ends, as the end of the input does; Ctrl-C ends too, within an answer as well
      //TEXT        asks a question that begins with one slash""";

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private SamplingOptions sampling = new SamplingOptions(512);

  @Option(names = "--system", paramLabel = "TEXT", description = "system message")
  private @Nullable String system;

  private final List<Map<String, Object>> turns = new ArrayList<>();

  @Override
  public Outcome run(ProgressListener progress) {
    var settings = sampling.settings().build();
    return model.use(
        m -> {
          ChatSession session = new ChatSession(m, settings);
          session.system(system);
          about(m);
          talk(session, new InputLines(console().in()));
          Map<String, @Nullable Object> json = new LinkedHashMap<>();
          json.put("model", model.folder().toString());
          json.put("adapter", model.adapter() == null ? null : model.adapter().toString());
          json.put("sampling", sampling.json());
          json.put("turns", turns);
          return Outcome.passed(json, "");
        });
  }

  /** What is talked to, so that nobody takes it for more. */
  private void about(LanguageModel m) {
    PrintStream err = console().err();
    ModelConfig c = m.config();
    ChatTokenizer tokenizer = m.tokenizer();
    err.println("model     " + model.folder());
    if (model.adapter() != null) {
      err.println("adapter   " + model.adapter());
    }
    err.printf(
        Locale.ROOT,
        "family    %s, %d blocks, %,d parameters, context of %,d tokens%n",
        c.family().name().toLowerCase(Locale.ROOT),
        c.blocks(),
        c.parameters(),
        c.contextLength());
    err.println(
        "template  "
            + (tokenizer.hasChatTemplate()
                ? tokenizer.formatName()
                : "no chat template: plain layout"));
    err.println("Answers are text that this model generates. It knows nothing for sure.");
    err.println("/help shows what else can be typed.");
  }

  private void talk(ChatSession session, InputLines lines) {
    while (true) {
      if (console().terminal()) {
        console().err().print("> ");
        console().err().flush();
      }
      String line = lines.next();
      if (line == null) {
        if (console().terminal()) {
          console().err().println();
        }
        return;
      }
      String text = line.strip();
      if (text.equals("/exit")) {
        return;
      } else if (text.startsWith("/") && !text.startsWith("//")) {
        command(session, text);
      } else if (!text.isEmpty()) {
        answer(session, text.startsWith("//") ? text.substring(1) : text);
      }
    }
  }

  private void command(ChatSession session, String text) {
    PrintStream err = console().err();
    String[] words = text.split("\\s+", 2);
    switch (words[0]) {
      case "/help" -> err.println(HELP);
      case "/reset" -> {
        session.reset();
        err.println("(forgotten)");
      }
      case "/system" -> {
        try {
          session.system(words.length > 1 ? words[1] : null);
          err.println(session.system() == null ? "(no system message)" : "(set)");
        } catch (IllegalArgumentException e) {
          err.println("(" + e.getMessage() + ")");
        }
      }
      default -> err.println("(no command " + words[0] + "; /help lists them)");
    }
  }

  private void answer(ChatSession session, String text) {
    PrintStream err = console().err();
    PrintStream out = common().jsonOnStandardOutput() ? err : console().out();
    Completion answer;
    try {
      answer =
          session.ask(
              text,
              token -> {
                out.print(token.text());
                out.flush();
              },
              gone ->
                  err.println(
                      "(the context is full: the oldest "
                          + (gone == 1 ? "turn is" : gone + " turns are")
                          + " forgotten)"));
    } catch (IllegalArgumentException e) {
      err.println("(" + e.getMessage() + ")");
      return;
    } catch (CancelledException e) {
      out.println();
      throw e;
    }
    out.println();
    if (answer.finish() == Completion.Finish.LENGTH) {
      err.println("(cut after " + answer.ids().length + " tokens)");
    }
    Map<String, Object> turn = new LinkedHashMap<>();
    turn.put("user", text);
    turn.put("assistant", answer.text());
    turn.put("tokens", answer.ids().length);
    turn.put("finish", answer.finish().name().toLowerCase(Locale.ROOT));
    turn.put("remembered", session.remembered());
    turns.add(turn);
  }
}

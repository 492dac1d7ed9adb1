package org.alignment4j.examples.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.core.Provenance;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.compare.CompareCommand;
import org.alignment4j.examples.cli.compare.StudyCommand;
import org.alignment4j.examples.cli.demo.DemoCommand;
import org.alignment4j.examples.cli.evaluate.EvaluateCommand;
import org.alignment4j.examples.cli.evaluate.PictureCommand;
import org.alignment4j.examples.cli.guard.GuardCommand;
import org.alignment4j.examples.cli.model.BenchCommand;
import org.alignment4j.examples.cli.model.ChatCommand;
import org.alignment4j.examples.cli.model.ExportCommand;
import org.alignment4j.examples.cli.model.GenerateCommand;
import org.alignment4j.examples.cli.model.InspectCommand;
import org.alignment4j.examples.cli.model.RenderCommand;
import org.alignment4j.examples.cli.model.VerifyParityCommand;
import org.alignment4j.examples.cli.option.NamedFiles;
import org.alignment4j.examples.cli.output.Console;
import org.alignment4j.examples.cli.output.ConsoleProgress;
import org.alignment4j.examples.cli.read.CaptureCommand;
import org.alignment4j.examples.cli.read.ProbeCommand;
import org.alignment4j.examples.cli.read.ReadCommand;
import org.alignment4j.examples.cli.read.SteerCommand;
import org.alignment4j.examples.cli.synthesize.BestOfNCommand;
import org.alignment4j.examples.cli.synthesize.SynthesizeCommand;
import org.alignment4j.examples.cli.tune.SplitCommand;
import org.alignment4j.examples.cli.tune.TuneCommand;
import org.alignment4j.internal.text.MemoryKind;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The command line. Exit status: 0 ran and passed, 1 failed (with the reason in one line on
 * standard error), 2 wrong usage, 130 interrupted.
 */
@Command(
    name = "align",
    mixinStandardHelpOptions = true,
    version = "alignment4j " + Provenance.LIBRARY_VERSION,
    description = "Reads, tunes and measures the representations of open-weight language models.",
    synopsisSubcommandLabel = "COMMAND")
public final class Align {
  static final int PASSED = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int INTERRUPTED = 130;

  /** In the order of the help text. */
  private static final List<Class<?>> COMMANDS =
      List.of(
          GenerateCommand.class,
          ChatCommand.class,
          RenderCommand.class,
          VerifyParityCommand.class,
          CaptureCommand.class,
          ReadCommand.class,
          SteerCommand.class,
          SplitCommand.class,
          InspectCommand.class,
          BenchCommand.class,
          ProbeCommand.class,
          TuneCommand.class,
          EvaluateCommand.class,
          ExportCommand.class,
          GuardCommand.class,
          DemoCommand.class,
          CompareCommand.class,
          StudyCommand.class,
          SynthesizeCommand.class,
          BestOfNCommand.class,
          PictureCommand.class);

  private Align() {}

  /** Runs one command and ends the process with its exit status. */
  public static void main(String[] args) {
    setUnlessSet("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    // DJL warns of a missing CUDA driver at every start on a machine without a GPU.
    setUnlessSet("org.slf4j.simpleLogger.log.ai.djl", "error");
    Console console = Console.ofProcess();
    // Log lines and stack traces quote files and servers too.
    System.setOut(console.out());
    System.setErr(console.err());
    EarlyEngine.startFor(args);
    try (Interruption interruption = Interruption.ofCallingThread()) {
      interruption.exitStatus(run(console, args));
    }
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Runs one command; never throws. */
  static int run(Console console, String... args) {
    CommandLine line;
    try {
      line = line(args);
    } catch (CommandLine.PicocliException e) {
      // For example two options of the same name: otherwise the program would end silently.
      console.err().println("align: internal error: " + oneLine(e.getMessage()));
      return FAILED;
    }
    line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    line.setUsageHelpAutoWidth(false);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionStrategy(parsed -> dispatch(parsed, console));
    line.setParameterExceptionHandler((e, given) -> usage(e, console));
    return line.execute(args);
  }

  /** All commands. */
  static CommandLine line() {
    return line(COMMANDS);
  }

  /** The one command that is called: preparing all would take longer than loading a model. */
  private static CommandLine line(String... args) {
    String name = args.length == 0 ? "" : args[0];
    for (Class<?> command : COMMANDS) {
      Command described = command.getAnnotation(Command.class);
      if (described != null && described.name().equals(name)) {
        return line(List.of(command));
      }
    }
    return line();
  }

  private static CommandLine line(List<Class<?>> commands) {
    CommandLine line = new CommandLine(new Align());
    commands.forEach(line::addSubcommand);
    return line;
  }

  private static int dispatch(ParseResult parsed, Console console) {
    Integer help = CommandLine.executeHelpRequest(parsed);
    if (help != null) {
      return help;
    }
    ParseResult leaf = parsed;
    while (leaf.hasSubcommand()) {
      leaf = leaf.subcommand();
    }
    CommandLine line = leaf.commandSpec().commandLine();
    if (line.getCommand() instanceof AlignCommand command) {
      return execute(command, leaf.commandSpec(), console);
    }
    throw new ParameterException(line, "a command is missing");
  }

  private static int usage(ParameterException e, Console console) {
    if (e.getCause() instanceof AlignmentException known) { // a model that is not found by its name
      console.err().println("align: " + NamedFiles.name(e.getArgSpec()) + ": " + reason(known));
      return FAILED;
    }
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    console.err().println("align: " + oneLine(e.getMessage()));
    console.err().println("'" + name + " --help' shows the usage");
    return USAGE;
  }

  private static int execute(AlignCommand command, CommandSpec spec, Console console) {
    try {
      command.checkUsage();
      NamedFiles.check(spec);
      command.console(console);
      Outcome outcome;
      try (ConsoleProgress progress = new ConsoleProgress(console)) {
        outcome = command.run(progress);
      }
      command.common().report(outcome, console);
      if (outcome.failure() == null) {
        return PASSED;
      }
      console.err().println("align: " + oneLine(outcome.failure()));
      return FAILED;
    } catch (ParameterException e) {
      return usage(e, console);
    } catch (RuntimeException | Error e) {
      console.err().println("align: " + reason(e));
      if (command.common().debug()) {
        e.printStackTrace(console.err());
      }
      return e instanceof CancelledException ? INTERRUPTED : FAILED;
    }
  }

  private static String reason(Throwable e) {
    if (e instanceof OutOfMemoryError shortage) {
      MemoryKind kind = MemoryKind.of(shortage);
      return oneLine(kind.shortage() + " (" + e.getMessage() + "); " + remedy(kind));
    }
    if (e instanceof OutOfMemoryException && e.getCause() instanceof OutOfMemoryError shortage) {
      return oneLine(e.getMessage()) + "; here: " + remedy(MemoryKind.of(shortage));
    }
    boolean meant =
        e instanceof AlignmentException
            || e instanceof IllegalArgumentException
            || e instanceof UncheckedIOException;
    return meant && e.getMessage() != null
        ? oneLine(e.getMessage())
        : "internal error, --debug shows its stack trace: " + oneLine(e.toString());
  }

  private static String remedy(MemoryKind kind) {
    return switch (kind) {
      case HEAP -> "set ALIGN_HEAP, e.g. to 8g";
      case DIRECT -> "set ALIGN_HEAP, e.g. to 8g, or ALIGN_JAVA_OPTS=-XX:MaxDirectMemorySize=8g";
      default -> kind.remedy() + " (JVM options go into ALIGN_JAVA_OPTS)";
    };
  }

  private static String oneLine(@Nullable String text) {
    return Shown.message(String.valueOf(text).strip().replaceAll("\\s*\\R\\s*", " "));
  }
}

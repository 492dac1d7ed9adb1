package org.alignment4j.examples.cli.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.model.InspectCommand;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Every argument of every command that names a file or folder is looked at before the work. */
class NamedFilesTests {
  @TempDir static Path folder;

  @BeforeAll
  static void write() throws IOException {
    Files.createDirectory(folder.resolve("empty"));
    Files.writeString(folder.resolve("file"), "text\n");
  }

  private static Stream<CommandSpec> commands(CommandSpec spec) {
    Stream<CommandSpec> below =
        spec.subcommands().values().stream().flatMap(c -> commands(c.getCommandSpec()));
    return spec.userObject() instanceof AlignCommand
        ? Stream.concat(Stream.of(spec), below)
        : below;
  }

  private static Stream<CommandSpec> commands() {
    return commands(CommandRun.commands().getCommandSpec());
  }

  private static boolean isPath(ArgSpec arg) {
    return arg.userObject() instanceof Field field
        && (field.getType() == Path.class
            || field.getGenericType().getTypeName().contains("java.nio.file.Path")
            || arg.paramLabel().equals("NAME=DIR"));
  }

  /** Inspect goes on with the other files, and no model waits. */
  private static boolean isInspected(CommandSpec command, ArgSpec arg) {
    return command.userObject() instanceof InspectCommand && arg.isPositional();
  }

  @TestFactory
  Stream<DynamicTest> everyPathSaysWhatHasToBeThere() {
    return commands()
        .map(
            command ->
                DynamicTest.dynamicTest(
                    command.qualifiedName(),
                    () -> {
                      for (ArgSpec arg : command.args()) {
                        assertTrue(
                            !isPath(arg)
                                || isInspected(command, arg)
                                || NamedFiles.use(arg) != null,
                            () -> command.qualifiedName() + " " + arg.paramLabel() + ": " + arg);
                      }
                    }));
  }

  @TestFactory
  Stream<DynamicTest> aWrongNameIsToldBeforeAnyModelLoads() {
    return commands()
        .flatMap(
            command ->
                command.args().stream()
                    .filter(arg -> NamedFiles.use(arg) != null)
                    .map(
                        arg ->
                            DynamicTest.dynamicTest(
                                command.qualifiedName() + " " + name(arg),
                                () -> wrong(command, arg))));
  }

  private static void wrong(CommandSpec command, ArgSpec wrong) {
    List<Object> words = new ArrayList<>(List.of(command.qualifiedName(" ").split(" ")));
    words.remove(0);
    Path absent = folder.resolve("file").resolve("absent");
    boolean grouped = wrong.group() != null;
    for (ArgSpec arg : command.args()) {
      // Of a group one is needed, the wrong one or else the first.
      boolean first = arg.group() != null && arg == arg.group().args().iterator().next();
      if (arg == wrong) {
        // Below a file nothing can be read, nor made.
        add(words, arg, absent);
      } else if (arg.group() == null ? arg.required() : first && !grouped) {
        CheckedPath use = NamedFiles.use(arg);
        add(words, arg, use == null ? valid(arg) : there(use.value()));
      }
    }
    CommandRun run = CommandRun.of(words.toArray());
    assertEquals(1, run.status(), () -> words + ": " + run.err());
    assertEquals(1, run.errorLines().size(), run::err);
    assertTrue(run.err().contains(name(wrong) + ": "), () -> words + ": " + run.err());
    assertTrue(run.err().contains(absent.toString()), () -> words + ": " + run.err());
    assertFalse(run.err().contains("Exception"), run::err);
  }

  /** A value that is read without an error. */
  private static Object valid(ArgSpec arg) {
    Object[] constants = arg.type().getEnumConstants();
    return constants == null ? "1" : constants[0];
  }

  private static Object there(CheckedPath.Kind place) {
    return switch (place) {
      case FILE -> folder.resolve("file");
      case MODEL -> Path.of("demo-model");
      case FOLDER, FILE_OR_FOLDER, NEW_FOLDER, NEW -> folder.resolve("empty");
      case NEW_FILE -> folder.resolve("new");
    };
  }

  private static String name(ArgSpec arg) {
    return arg instanceof OptionSpec option ? option.longestName() : arg.paramLabel();
  }

  /** Positional ones come in their order. */
  private static void add(List<Object> words, ArgSpec arg, Object value) {
    Object word = arg.paramLabel().equals("NAME=DIR") ? "n=" + value : value;
    if (arg instanceof OptionSpec option) {
      words.add(option.longestName() + "=" + word);
    } else {
      words.add(word);
    }
  }
}

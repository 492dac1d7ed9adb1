package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

class OptionsTests {
  /** What is the same to a user is declared once, in a group that commands share. */
  @Test
  void noTwoCommandsDeclareTheSameOptionThemselves() {
    Map<List<Object>, Set<Field>> fields = new HashMap<>();
    for (CommandLine command : commands(Align.line())) {
      for (ArgSpec arg : command.getCommandSpec().args()) {
        if (arg.userObject() instanceof Field field) {
          fields.computeIfAbsent(shown(arg), key -> new LinkedHashSet<>()).add(field);
        }
      }
    }
    assertTrue(fields.size() > 150, fields.size() + " options");
    assertEquals(
        List.of(), fields.values().stream().filter(declared -> declared.size() > 1).toList());
  }

  private static List<Object> shown(ArgSpec arg) {
    return List.of(
        arg instanceof OptionSpec option ? List.of(option.names()) : List.of(),
        List.of(arg.description()),
        arg.paramLabel(),
        arg.typeInfo().getType());
  }

  private static List<CommandLine> commands(CommandLine command) {
    List<CommandLine> all = new ArrayList<>(List.of(command));
    command.getSubcommands().values().forEach(sub -> all.addAll(commands(sub)));
    return all;
  }
}

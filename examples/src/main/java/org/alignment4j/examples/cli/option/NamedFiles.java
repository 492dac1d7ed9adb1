package org.alignment4j.examples.cli.option;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.model.ModelConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Checks the files and folders named by a command's arguments, so that a wrong name fails before a
 * model is loaded.
 */
public final class NamedFiles {
  private NamedFiles() {}

  /**
   * @throws AlignmentException naming argument and path if an input does not exist or an output
   *     cannot be written
   */
  public static void check(CommandSpec command) {
    for (ArgSpec arg : command.args()) {
      CheckedPath use = use(arg);
      if (use != null) {
        for (Path path : paths(arg.<Object>getValue())) {
          check(name(arg), path, use.value());
        }
      }
    }
  }

  /** Returns the annotation of an argument; null if it names no file. */
  static @Nullable CheckedPath use(ArgSpec arg) {
    return arg.userObject() instanceof Field field ? field.getAnnotation(CheckedPath.class) : null;
  }

  /** An argument's name in messages. */
  public static String name(ArgSpec arg) {
    return arg instanceof OptionSpec option ? option.longestName() : arg.paramLabel();
  }

  private static List<Path> paths(@Nullable Object value) {
    List<Path> paths = new ArrayList<>();
    if (value instanceof Path path) {
      // Empty if it is not given, and "-" is standard output.
      if (!path.toString().isEmpty() && !path.toString().equals("-")) {
        paths.add(path);
      }
    } else if (value instanceof Collection<?> values) {
      values.forEach(each -> paths.addAll(paths(each)));
    } else if (value instanceof String text && text.indexOf('=') > 0) {
      try {
        paths.add(Path.of(text.substring(text.indexOf('=') + 1)));
      } catch (InvalidPathException e) {
        throw new BadDataException(text + ": expected NAME=PATH, found no path", e);
      }
    }
    return paths;
  }

  private static void check(String argument, Path path, CheckedPath.Kind kind) {
    try {
      switch (kind) {
        case FILE -> InputFile.data(path).requireRegular();
        case FOLDER -> InputFile.checkpoint(path).requireFolder();
        case MODEL -> ModelConfig.read(path);
        case FILE_OR_FOLDER -> {
          if (!Files.isDirectory(path)) {
            InputFile.data(path).requireRegular();
          }
        }
        case NEW_FILE -> requireNew(path, true);
        case NEW_FOLDER -> requireNew(path, false);
        case NEW -> requireNew(path, path.toString().endsWith(".gguf"));
      }
    } catch (AlignmentException e) {
      throw new BadDataException(argument + ": " + e.getMessage(), e);
    }
  }

  private static void requireNew(Path path, boolean file) {
    if (file) {
      OutputFile.requirePossible(path);
    } else {
      OutputFile.requirePossibleFolder(path);
    }
    requireWritable(path);
  }

  /** Requires that the path is writable, or can be created in its nearest existing parent. */
  private static void requireWritable(Path path) {
    Path there = path.toAbsolutePath().normalize();
    while (there != null && !Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
      there = there.getParent();
    }
    boolean own = path.toAbsolutePath().normalize().equals(there);
    if (there == null || !(own || Files.isDirectory(there))) {
      throw new BadDataException("cannot write " + path + ": " + there + " is not a folder");
    }
    if (!Files.isWritable(there)) {
      throw new BadDataException("cannot write " + path + ": " + there + " is not writable");
    }
  }
}

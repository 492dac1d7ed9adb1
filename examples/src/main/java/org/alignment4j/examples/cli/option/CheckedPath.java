package org.alignment4j.examples.cli.option;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks an argument that names files, for {@link NamedFiles} to check before a command starts: a
 * path, a list of paths, or texts of the form NAME=PATH.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface CheckedPath {
  /** The kind of path that is required. */
  Kind value();

  /** Kinds of paths. */
  enum Kind {
    /** An existing file, to be read. */
    FILE,
    /** An existing folder, to be read. */
    FOLDER,
    /** A folder with a model's configuration. */
    MODEL,
    /** An existing file or folder, to be read. */
    FILE_OR_FOLDER,
    /** A file to be written, possibly replacing another, in an existing folder. */
    NEW_FILE,
    /** A folder to write to, created if absent. */
    NEW_FOLDER,
    /** A new file if its name ends in .gguf, else a new folder. */
    NEW
  }
}

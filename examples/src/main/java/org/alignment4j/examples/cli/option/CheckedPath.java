package org.alignment4j.examples.cli.option;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says of an argument that names files what has to be there, which {@link NamedFiles} looks at
 * before a command begins: paths, lists of them, or texts of the form NAME=PATH.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface CheckedPath {
  /** What has to be there. */
  Kind value();

  /** What a path can be. */
  enum Kind {
    /** A file that is read. */
    FILE,
    /** A folder that is read. */
    FOLDER,
    /** A folder with a model's configuration. */
    MODEL,
    /** One or the other. */
    FILE_OR_FOLDER,
    /** A file that is written, perhaps over another one, in a folder that is there. */
    NEW_FILE,
    /** A folder that is written to, and made if it is not there. */
    NEW_FOLDER,
    /** A new file if its name ends in .gguf, else a new folder. */
    NEW
  }
}
